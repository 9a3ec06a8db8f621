import Synchronization

/// The time a loop last went round; each pass calls ``tick()``.
public final class Heartbeat: Sendable {
    /// The loop, as `/livez` names it.
    public let name: String
    /// The longest time between two passes of a healthy loop.
    public let limit: Duration
    private let last: Atomic<Int64>

    /// Begins alive.
    public init(_ name: String, limit: Duration = .seconds(30)) {
        self.name = name
        self.limit = limit
        last = Atomic(SystemTime.monotonicNanoseconds())
    }

    /// Says that the loop is alive. Costs a clock read and an atomic store.
    public func tick() {
        last.store(SystemTime.monotonicNanoseconds(), ordering: .relaxed)
    }

    /// Why the loop counts as dead, or nil.
    var trouble: String? {
        let age = Duration.nanoseconds(SystemTime.monotonicNanoseconds() - last.load(ordering: .relaxed))
        guard age > limit else { return nil }
        return "no pass for \(age.components.seconds) s, limit \(limit.components.seconds) s"
    }
}

/// A condition of readiness that is set from any thread: "joined the consumer group".
public final class ReadinessGate: Sendable {
    /// The condition, as `/readyz` names it.
    public let name: String
    private let reason: Mutex<String?>

    /// Begins closed, for a reason.
    public init(_ name: String, reason: String) {
        self.name = name
        self.reason = Mutex(reason)
    }

    /// The condition holds.
    public func open() { reason.withLock { $0 = nil } }

    /// The condition does not hold, for a reason without personal data and secrets.
    public func close(reason text: String) { reason.withLock { $0 = text } }

    var trouble: String? { reason.withLock { $0 } }
}

/// What `/livez` and `/readyz` answer from.
///
/// Liveness is about this process only, never about Kafka or PostgreSQL: an outage there must not restart everything.
public final class Probes: Sendable {
    struct Answer: Encodable, Sendable {
        struct Check: Encodable, Sendable {
            let check: String
            let ok: Bool
            let reason: String?
        }

        let status: String
        let checks: [Check]
        var isGood: Bool { status == "ok" }

        init(_ checks: [Check]) {
            status = checks.allSatisfy(\.ok) ? "ok" : "failing"
            self.checks = checks
        }
    }

    private typealias Condition = (name: String, trouble: @Sendable () async -> String?)

    private struct State {
        var heartbeats: [Heartbeat] = []
        var conditions: [Condition] = []
        var isDraining = false
    }

    private let state = Mutex(State())
    private let patience: Duration

    /// Conditions that take longer than `patience` count as not met.
    public init(patience: Duration = .seconds(2)) {
        self.patience = patience
    }

    /// Makes liveness depend on a loop.
    public func watch(_ heartbeat: Heartbeat) {
        state.withLock { $0.heartbeats.append(heartbeat) }
    }

    /// Makes readiness depend on a gate.
    public func require(_ gate: ReadinessGate) {
        state.withLock { $0.conditions.append((gate.name, { gate.trouble })) }
    }

    /// Makes readiness depend on a check, which throws the reason when the condition does not hold.
    ///
    /// It runs at each probe and must heed cancellation. Its error is shown only if it is a ``CodedError``.
    public func require(_ name: String, _ check: @escaping @Sendable () async throws -> Void) {
        let patience = patience
        let condition: Condition = (name, { await Probes.trouble(of: check, patience) })
        state.withLock { $0.conditions.append(condition) }
    }

    /// From now on the process is not ready, because it is stopping.
    func drain() {
        state.withLock { $0.isDraining = true }
    }

    func liveness() -> Answer {
        let heartbeats = state.withLock { $0.heartbeats }
        return Answer(
            heartbeats.map { heartbeat in
                let trouble = heartbeat.trouble
                return Answer.Check(check: heartbeat.name, ok: trouble == nil, reason: trouble)
            })
    }

    func readiness() async -> Answer {
        let (conditions, isDraining) = state.withLock { ($0.conditions, $0.isDraining) }
        var checks: [Answer.Check] = []
        if isDraining {
            checks.append(Answer.Check(check: "running", ok: false, reason: "the process is stopping"))
        }
        for condition in conditions {
            let trouble = await condition.trouble()
            checks.append(Answer.Check(check: condition.name, ok: trouble == nil, reason: trouble))
        }
        return Answer(checks)
    }

    private static func trouble(
        of check: @escaping @Sendable () async throws -> Void, _ patience: Duration
    ) async -> String? {
        await withTaskGroup(of: String?.self) { group in
            group.addTask {
                do {
                    try await check()
                    return nil
                } catch let error as any CodedError {
                    let text = "\(error)"
                    return text.hasPrefix(error.code) ? text : "\(error.code) \(text)"
                } catch {
                    return "failed: \(type(of: error))"
                }
            }
            group.addTask {
                // Cancelled as soon as the check has answered.
                try? await Task.sleep(for: patience)
                return "no answer within \(patience.components.seconds) s"
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? nil
        }
    }
}
