import Foundation

/// Starts a thread whose name tools such as `top -H` show; the system keeps 15 bytes of it.
func startThread(named name: String, stackBytes: Int? = nil, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread {
        // Only a thread that runs already can be named.
        Thread.current.name = String(decoding: name.utf8.prefix(15), as: UTF8.self)
        body()
    }
    if let stackBytes { thread.stackSize = stackBytes }
    thread.start()
}
