@main
struct Gradus {
    static func main() {}
}
