public import ServiceLifecycle

/// Runs a synchronous loop on a thread of its own, as a service among the others.
///
/// Graceful shutdown and cancellation give the loop's ``StopSignal``; the service ends when the loop returns, and
/// fails with the error the loop throws.
public struct BlockingService: Service, CustomStringConvertible {
    /// Names the thread and the service in logs; the system shows 15 characters.
    public let name: String
    private let loop: @Sendable (StopSignal) throws -> Void

    /// Wraps a loop; it must return soon after the signal is given.
    public init(_ name: String, _ loop: @escaping @Sendable (StopSignal) throws -> Void) {
        self.name = name
        self.loop = loop
    }

    /// The name.
    public var description: String { name }

    /// Runs the loop until it returns.
    public func run() async throws {
        let stop = StopSignal()
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await runLoop(stop)
            } onGracefulShutdown: {
                stop.stop()
            }
        } onCancel: {
            stop.stop()
        }
    }

    private func runLoop(_ stop: StopSignal) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            startThread(named: name, stackBytes: BlockingService.stackBytes) { [loop] in
                continuation.resume(with: Result { try loop(stop) })
            }
        }
    }

    /// Formulas are evaluated by recursion on this stack.
    private static let stackBytes = 8 * 1_024 * 1_024
}
