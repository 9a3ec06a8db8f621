import Foundation
import Synchronization

/// Writes log lines on a thread of its own, so that a slow reader of the output never holds a hot loop.
///
/// At most ``limitBytes`` wait; what comes on top is dropped, and a line then says how many were.
final class LogSink: Sendable {
    private struct Waiting {
        var bytes: [UInt8] = []
        var dropped = 0
        var isWriting = false
    }

    static let limitBytes = 4 * 1_024 * 1_024

    private let waiting = Mutex(Waiting())
    private let wake = DispatchSemaphore(value: 0)
    private let descriptor: Int32
    private let lostLine: @Sendable (Int) -> [UInt8]

    /// Begins to write to a file descriptor; `lostLine` words the line about dropped ones.
    init(descriptor: Int32, lostLine: @escaping @Sendable (Int) -> [UInt8]) {
        self.descriptor = descriptor
        self.lostLine = lostLine
    }

    /// Starts the writing thread; it lives as long as the process.
    func start() {
        startThread(named: "log") { [self] in
            while true {
                wake.wait()
                writeWaiting()
            }
        }
    }

    /// Queues a line; never blocks for longer than copying it takes.
    func append(_ line: [UInt8]) {
        let isFirst = waiting.withLock { waiting in
            guard waiting.bytes.count + line.count <= LogSink.limitBytes else {
                waiting.dropped += 1
                return false
            }
            let isFirst = waiting.bytes.isEmpty
            waiting.bytes.append(contentsOf: line)
            return isFirst
        }
        if isFirst { wake.signal() }
    }

    /// Waits until everything queued is written, but at most `limit`.
    func flush(within limit: Duration = .seconds(1)) {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while clock.now < end, waiting.withLock({ !$0.bytes.isEmpty || $0.isWriting }) {
            usleep(1_000)
        }
    }

    private func writeWaiting() {
        let (bytes, dropped) = waiting.withLock { waiting in
            let taken = (waiting.bytes, waiting.dropped)
            waiting.bytes = []
            waiting.dropped = 0
            waiting.isWriting = true
            return taken
        }
        write(bytes)
        if dropped > 0 { write(lostLine(dropped)) }
        waiting.withLock { $0.isWriting = false }
    }

    private func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno == EAGAIN {
                usleep(1_000)
            } else if errno != EINTR {
                return
            }
        }
    }
}
