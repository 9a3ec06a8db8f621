import Hummingbird
import Postgres
import ServiceKit

/// `GET /v1/accounting`: for each source, what came in and what became of it.
struct AccountingRoute: Sendable {
    let pool: Pool

    func add(to host: ServiceHost) {
        host.router.group("v1/accounting").add(middleware: host.requires(.operatorRole)).get { _, _ in
            try await pool.transaction { transaction throws(PostgresError) in
                try AccountingStore().statement(in: copy transaction)
            }
        }
    }
}

/// What came in and what became of it, by source.
struct AccountingStatement: Encodable, ResponseEncodable, Sendable {
    struct Source: Encodable, Sendable {
        var id: String
        var received: Int64 = 0
        var accepted: Int64 = 0
        var duplicate: Int64 = 0
        var suspended: Int64 = 0
        var rejected: Int64 = 0
        var rejectedByCode: [String: Int64] = [:]
        /// Facts written as records came; releases and corrections of credits come on top.
        var facts: Int64 = 0
        var suspendedOpen: Int64 = 0
        var suspendedReleased: Int64 = 0
        /// Whether the outcomes make what was received, and open and released what was suspended.
        var isBalanced = false
    }

    var sources: [Source]
    /// Changes of reference data whose credits are still to be looked at.
    var pending: Int64
    /// Facts on their way to the broker.
    var outbox: Int64
    var isBalanced: Bool
}

/// Reads the counters.
struct AccountingStore {
    func statement(in transaction: Transaction) throws(PostgresError) -> AccountingStatement {
        var sources: [Int16: AccountingStatement.Source] = [:]
        for row in try transaction.query("SELECT no, id FROM intake.source") {
            sources[try row.int2(0)] = AccountingStatement.Source(id: try row.text(1))
        }
        let counts = try transaction.query(
            "SELECT source, outcome, code, sum(count)::bigint FROM intake.counter GROUP BY source, outcome, code")
        for row in counts {
            let (number, outcome, code, count) = (try row.int2(0), try row.text(1), try row.text(2), try row.int8(3))
            sources[number]?.add(outcome, code, count)
        }
        let suspense = try transaction.query(
            """
            SELECT source, count(*) FILTER (WHERE released_at IS NULL), count(*) FILTER (WHERE released_at IS NOT NULL)
            FROM intake.suspense GROUP BY source
            """)
        for row in suspense {
            let number = try row.int2(0)
            sources[number]?.suspendedOpen = try row.int8(1)
            sources[number]?.suspendedReleased = try row.int8(2)
        }
        let rest = try transaction.query(
            "SELECT (SELECT count(*) FROM intake.pending), (SELECT count(*) FROM intake.outbox)")
        let balanced = sources.values.map { $0.balanced }.sorted { $0.id < $1.id }
        return AccountingStatement(
            sources: balanced, pending: try rest[0].int8(0), outbox: try rest[0].int8(1),
            isBalanced: balanced.allSatisfy(\.isBalanced))
    }
}

extension AccountingStatement.Source {
    fileprivate mutating func add(_ outcome: String, _ code: String, _ count: Int64) {
        switch outcome {
        case "received": received += count
        case "accepted": accepted += count
        case "duplicate": duplicate += count
        case "suspended": suspended += count
        case "facts": facts += count
        default:
            rejected += count
            rejectedByCode[code, default: 0] += count
        }
    }

    fileprivate var balanced: Self {
        var source = self
        source.isBalanced =
            received == accepted + duplicate + suspended + rejected && suspended == suspendedOpen + suspendedReleased
        return source
    }
}
