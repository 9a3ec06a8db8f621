import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// Why the whole process ends: one of its services did.
struct ServiceFailure: CodedError, CustomStringConvertible {
    let code = "GR-RUN-001"
    let description: String
}

/// Runs one service and reports its failure in one critical line.
struct Supervised: Service {
    let service: any Service
    let logger: Logger
    let deadline: ShutdownDeadline

    func run() async throws {
        do {
            try await service.run()
        } catch is CancellationError where Task.isCancelled || Task.isShuttingDownGracefully {
            return
        } catch {
            report(error)
            throw ServiceFailure(description: "\(name) failed")
        }
        if !Task.isShuttingDownGracefully && !Task.isCancelled {
            let failure = ServiceFailure(description: "\(name) returned before it was asked to stop")
            report(failure)
            throw failure
        }
    }

    private var name: String {
        (service as? any CustomStringConvertible)?.description ?? "\(type(of: service))"
    }

    private func report(_ error: any Error) {
        // The others are now cancelled, and a loop that does not heed that must not keep the process.
        deadline.start()
        logger.log(
            level: deadline.claimReport() ? .critical : .error, "a service failed, the process stops",
            error: error, metadata: ["part": "\(name)"])
    }
}

/// Ends the process when stopping takes too long.
final class ShutdownDeadline: Sendable {
    private let limit: Duration
    private let logger: Logger
    private let isStarted = Atomic<Bool>(false)
    private let isReported = Atomic<Bool>(false)

    init(_ limit: Duration, logger: Logger) {
        self.limit = limit
        self.logger = logger
    }

    /// True for the first failure only: what follows is its consequence.
    func claimReport() -> Bool {
        !isReported.exchange(true, ordering: .relaxed)
    }

    /// Starts the time; uses a thread of its own, so that it also works when every task is blocked.
    func start() {
        guard !isStarted.exchange(true, ordering: .relaxed) else { return }
        let (limit, logger) = (limit, logger)
        startThread(named: "deadline") {
            let (seconds, attoseconds) = limit.components
            usleep(UInt32(seconds) * 1_000_000 + UInt32(attoseconds / 1_000_000_000_000))
            logger.critical(
                "the services did not stop in time", metadata: ["code": "GR-RUN-002", "limit": "\(limit)"])
            _exit(ExitCode.failure.rawValue)
        }
    }
}

/// The last service, hence the first to hear of the shutdown: starts the deadline and ends readiness.
struct ShutdownWatch: Service {
    let probes: Probes
    let deadline: ShutdownDeadline
    let logger: Logger

    func run() async throws {
        try? await gracefulShutdown()
        deadline.start()
        probes.drain()
        logger.info("stopping")
    }
}
