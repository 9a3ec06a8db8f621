@main
struct NotificationsService {
    static func main() {}
}
