import Messaging
import Postgres
import ServiceKit

/// Readiness: the group is joined, no partition waits for an operator, the store answers.
struct ScoringProbes {
    private let loop: ConsumerLoop
    private let database: ConnectionSettings

    init(_ loop: ConsumerLoop, database: ConnectionSettings) {
        self.loop = loop
        self.database = database
    }

    func add(to probes: Probes) {
        let pool = Pool(database, connections: 1)
        probes.require("database") { try await pool.ping() }
        probes.require("kafka group") { [loop] in
            guard loop.status.isJoined else { throw NotReady.notJoined }
        }
        probes.require("partitions") { [loop] in
            for partition in loop.status.partitions {
                if case .stopped(let reason) = partition.state { throw NotReady.stopped(reason) }
            }
        }
    }
}

/// Why the service does not take part yet, or not in full.
private enum NotReady: CodedError {
    case notJoined
    case stopped(String)

    var code: String {
        switch self {
        case .notJoined: "GR-SCORING-020"
        case .stopped: "GR-SCORING-021"
        }
    }

    var description: String {
        switch self {
        case .notJoined: "not joined to the consumer group yet"
        case .stopped(let reason): "a partition is stopped: \(reason)"
        }
    }
}
