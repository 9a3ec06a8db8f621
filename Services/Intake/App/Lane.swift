import Dispatch
import Logging
import Postgres
import ServiceKit
import Synchronization

/// A thread that owns a worker with a database session, does jobs for others one after another, and its own work in
/// between.
final class Lane<Worker>: Sendable {
    typealias Job = @Sendable (inout Worker) -> Void

    private struct State {
        var jobs: [Job] = []
        var isOpen = false
    }

    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)
    private let name: String
    private let heartbeat: Heartbeat
    private let make: @Sendable () throws -> Worker

    /// Jobs that may wait; more are refused.
    static var queueLimit: Int { 64 }

    init(_ name: String, _ heartbeat: Heartbeat, _ make: @escaping @Sendable () throws -> Worker) {
        self.name = name
        self.heartbeat = heartbeat
        self.make = make
    }

    /// Serves jobs until the signal; calls `idle` whenever none waits, at most once per `interval`.
    func run(until stop: StopSignal, every interval: Duration, logger: Logger, idle: (inout Worker) throws -> Void)
        throws
    {
        var worker = try make()
        state.withLock { $0.isOpen = true }
        defer { close(&worker) }
        stop.onStop { [bell] in bell.signal() }
        var next = ContinuousClock.now
        while !stop.isStopping {
            heartbeat.tick()
            while let job = state.withLock({ $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }) {
                job(&worker)
                heartbeat.tick()
            }
            if ContinuousClock.now >= next, !stop.isStopping {
                do { try idle(&worker) } catch {
                    logger.error("\(name): tried again in a moment", metadata: ["error": "\(error)"])
                }
                next = ContinuousClock.now + interval
            }
            _ = bell.wait(timeout: .now() + .milliseconds(200))
        }
    }

    private func close(_ worker: inout Worker) {
        let jobs = state.withLock { state in
            defer { state = State() }
            return state.jobs
        }
        for job in jobs { job(&worker) }
    }

    /// Runs `body` on the lane's thread.
    func perform<Value: Sendable>(_ body: @escaping @Sendable (inout Worker) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let isTaken = state.withLock { state in
                guard state.isOpen, state.jobs.count < Self.queueLimit else { return false }
                state.jobs.append { worker in continuation.resume(with: Result { try body(&worker) }) }
                return true
            }
            if isTaken {
                bell.signal()
            } else {
                continuation.resume(throwing: IntakeFault.busy)
            }
        }
    }
}

/// Why Intake cannot do what it was asked.
enum IntakeFault: CodedError, CustomStringConvertible {
    case busy
    case unavailable(String)
    case noStore
    case notCaughtUp
    case notJoined
    case sources(ConfigurationText)
    case fileMoved(String)

    struct ConfigurationText: Hashable, Sendable {
        var path: String
        var text: String
    }

    var code: String {
        switch self {
        case .busy: "GR-INTAKE-011"
        case .unavailable: "GR-INTAKE-012"
        case .noStore: "GR-INTAKE-013"
        case .notCaughtUp: "GR-INTAKE-014"
        case .notJoined: "GR-INTAKE-015"
        case .sources: "GR-INTAKE-001"
        case .fileMoved: "GR-INTAKE-016"
        }
    }

    var exitCode: ExitCode {
        if case .sources = self { return .configuration }
        return .unavailable
    }

    var description: String {
        switch self {
        case .busy: "too many requests are waiting; try again in a second"
        case .unavailable(let reason): "the store or the broker cannot be reached (\(reason)); try again"
        case .noStore: "there is no scoring store, so credits cannot be compared; migrate and start Scoring first"
        case .notCaughtUp: "Scoring has not stored all facts yet; try again when its lag is gone"
        case .notJoined: "the consumer group is not joined yet"
        case .sources(let fault): "\(fault.path): \(fault.text)"
        case .fileMoved(let name): "the file \(name) was changed by somebody else while it was taken"
        }
    }
}
