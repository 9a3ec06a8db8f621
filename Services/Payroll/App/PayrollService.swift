@main
struct PayrollService {
    static func main() {}
}
