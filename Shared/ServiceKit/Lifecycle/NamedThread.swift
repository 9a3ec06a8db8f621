import Foundation

/// Starts a thread whose name tools such as `top -H` show; the system keeps 15 bytes of it.
func startThread(named name: String, stackBytes: Int? = nil, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread {
        // `Thread.name` is lost when the thread runs before `start()` has returned. A nameless thread is no fault.
        let shown = String(decoding: name.utf8.prefix(15), as: UTF8.self)
        try? shown.write(toFile: "/proc/thread-self/comm", atomically: false, encoding: .utf8)
        body()
    }
    if let stackBytes { thread.stackSize = stackBytes }
    thread.start()
}
