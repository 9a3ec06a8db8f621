import Foundation
public import Logging
public import ServiceLifecycle
import Synchronization

/// Reads topics and applies every message exactly once.
///
/// One thread polls Kafka and never waits for the database; writer threads turn batches of one partition into
/// transactions that move the position together with the effects. A claim raises the partition's epoch, so that a stalled
/// former owner can write nothing.
public final class ConsumerLoop: Sendable {
    private let settings: ConsumerLoopSettings
    private let logger: Logger
    private let makeHandler: @Sendable (Int) throws -> any BatchHandler
    private let control: LoopControl

    /// A loop that has not begun. `makeHandler` is called once on each writer thread with the writer's number.
    public init(
        _ settings: ConsumerLoopSettings, logger: Logger,
        handler makeHandler: @escaping @Sendable (Int) throws -> any BatchHandler
    ) {
        self.settings = settings
        self.logger = logger
        self.makeHandler = makeHandler
        control = LoopControl(consumer: settings.consumer)
    }

    /// Works on the calling thread, and on writer threads of its own, until ``stop()``; then finishes what is under way,
    /// within the drain limit, and leaves the group.
    ///
    /// - Throws: what only another process can recover from: a wrong configuration, a fatal error of the Kafka client, a
    ///   handler that cannot be made.
    public func run() throws {
        let driver = try LoopDriver(settings, control, logger)
        try driver.run(makeHandler)
    }

    /// Asks the loop to end. Any thread may call it; it returns at once.
    public func stop() { control.stop() }

    /// What the loop is doing, at most a quarter of a second old.
    public var status: ConsumerStatus { control.status.withLock { $0 } }
}

/// What the threads of one loop share.
final class LoopControl: Sendable {
    let reports = Mailbox<WriterReport>()
    let status: Mutex<ConsumerStatus>
    private let stopping = Atomic(false)
    private let closing = Atomic(false)

    init(consumer: String) {
        status = Mutex(ConsumerStatus(consumer: consumer))
    }

    /// True once the loop was asked to end.
    var isStopping: Bool { stopping.load(ordering: .acquiring) }
    /// True once no more batches will come.
    var isClosing: Bool { closing.load(ordering: .acquiring) }

    func stop() { stopping.store(true, ordering: .releasing) }
    func close() { closing.store(true, ordering: .releasing) }
}

/// Runs a blocking loop as a service: on a thread of its own, asked to end at graceful shutdown.
public struct ConsumerLoopService: Service {
    private let loop: ConsumerLoop

    /// Runs `loop`.
    public init(_ loop: ConsumerLoop) {
        self.loop = loop
    }

    /// Returns when the loop has ended.
    public func run() async throws {
        try await runOnThread("consumer", stop: { loop.stop() }, body: { try loop.run() })
    }
}

/// Runs a blocking body on a thread of its own and passes a shutdown or cancellation on to it.
func runOnThread(
    _ name: String, stop: @escaping @Sendable () -> Void, body: @escaping @Sendable () throws -> Void
) async throws {
    try await withTaskCancellationOrGracefulShutdownHandler {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let thread = Thread {
                continuation.resume(with: Result { try body() })
            }
            thread.name = name
            thread.stackSize = 4 << 20
            thread.start()
        }
    } onCancelOrGracefulShutdown: {
        stop()
    }
}
