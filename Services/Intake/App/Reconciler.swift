import Contracts
import Domain
import Foundation
import IntakeCore
import Logging
import Messaging
import Metrics
import Postgres
import ServiceKit

/// Brings credits in line with the assignments after these changed, and releases held records that can now be
/// credited.
///
/// First it holds the credit lock alone for a moment: every batch that credited by older assignments has then
/// committed or gone, and what it produced stands on the facts topic. Then it waits until Scoring has stored that
/// much. What it decides goes through the outbox, in the transaction that strikes the work off.
struct Reconciler {
    let connection: Connection
    let position: FactsPosition
    let crediting: Crediting
    let logger: Logger
    let outbox = OutboxStore(schema: "intake")

    /// Customers looked at in one transaction.
    static let chunk: Int32 = 500
    /// How long one round waits for Scoring.
    static let patience = Duration.seconds(5)

    /// What was done.
    struct Work: Sendable {
        var customers = 0
        var credited = 0
        var reversed = 0
        var released = 0

        static func + (lhs: Work, rhs: Work) -> Work {
            Work(
                customers: lhs.customers + rhs.customers, credited: lhs.credited + rhs.credited,
                reversed: lhs.reversed + rhs.reversed, released: lhs.released + rhs.released)
        }
    }

    /// One round over what is pending; returns what it did.
    func round(_ stop: () -> Bool) throws -> Work {
        if connection.isBroken { try connection.reconnect() }
        let store = RecreditStore()
        var work = Work()
        let waiting = try store.pending(limit: Self.chunk, on: connection)
        Gauge(label: "gradus_intake_pending").record(waiting.reduce(0) { $0 + $1.entries.count })
        guard !waiting.isEmpty else { return work }
        try barrier()
        for group in waiting where group.kind != .customer { work = work + (try release(group)) }
        for group in waiting where group.kind == .customer {
            let parts = try store.split(group, on: connection)
            if !parts.fresh.entries.isEmpty { work = work + (try correct(parts.fresh, comparing: false)) }
            guard !parts.changed.entries.isEmpty, try position.hasStore(on: connection),
                try catchUp(Self.patience, stop)
            else { continue }
            work = work + (try correct(parts.changed, comparing: true))
        }
        return work
    }

    /// Works off one chunk of an institution's pending entries, all facts being stored.
    func clear(_ institution: String) throws -> (work: Work, isMore: Bool) {
        let groups = try RecreditStore().pending(limit: Self.chunk, institution: institution, on: connection)
        var work = Work()
        for group in groups {
            work = work + (group.kind == .customer ? try correct(group, comparing: true) : try release(group))
        }
        return (work, !groups.isEmpty)
    }

    /// After this, every batch in flight credits by the assignments committed before.
    func barrier() throws {
        try connection.transaction(.readCommitted) { transaction throws(PostgresError) in
            _ = try transaction.query("SELECT pg_advisory_xact_lock($1)", [.int8(ReferenceKeeper.creditLock)])
        }
    }

    /// Waits until the outbox is empty and Scoring has stored what the facts topic holds then.
    func catchUp(_ patience: Duration, _ stop: () -> Bool) throws -> Bool {
        let deadline = ContinuousClock.now + patience
        guard try drain(until: deadline, stop) else { return false }
        let ends = try position.ends()
        while !stop() {
            if try position.isStored(ends, on: connection) { return true }
            guard ContinuousClock.now < deadline else { return false }
            Thread.sleep(forTimeInterval: 0.05)
        }
        return false
    }

    /// Waits until the relay has published everything.
    func drain(until deadline: ContinuousClock.Instant, _ stop: () -> Bool) throws -> Bool {
        while !stop() {
            if try RecreditStore().outboxIsEmpty(on: connection) { return true }
            guard ContinuousClock.now < deadline else { return false }
            Thread.sleep(forTimeInterval: 0.05)
        }
        return false
    }

    /// Releases what waited for managers or units that are known now.
    private func release(_ group: PendingGroup) throws -> Work {
        try connection.transaction(.readCommitted) { transaction throws(any Error) in
            let transaction = copy transaction
            let held = try SuspenseStore().open(
                institution: group.institution, kind: group.kind, ids: group.entries.map(\.id), in: transaction)
            try outbox.append(held.map { OutboxRow(fact: $0.fact) }, in: transaction)
            try SuspenseStore().release(held, in: transaction)
            try RecreditStore().strike(group, in: transaction)
            return Work(credited: held.count, released: held.count)
        }
    }

    /// Compares customers' credits with what the assignments say and writes the difference.
    private func correct(_ group: PendingGroup, comparing: Bool) throws -> Work {
        try connection.transaction(.readCommitted) { transaction throws(any Error) in
            let transaction = copy transaction
            let work = try correct(group, comparing, transaction)
            try RecreditStore().strike(group, in: transaction)
            return work
        }
    }

    private func correct(_ group: PendingGroup, _ comparing: Bool, _ transaction: Transaction) throws -> Work {
        let customers = group.entries.map(\.id)
        let held = Dictionary(
            grouping: try SuspenseStore().open(
                institution: group.institution, kind: .customer, ids: customers, in: transaction), by: \.waitsFor)
        let store = RecreditStore()
        let assignments = try store.assignments(of: customers, institution: group.institution, in: transaction)
        let facts = comparing ? try store.facts(of: customers, institution: group.institution, in: transaction) : [:]
        var work = Work(customers: customers.count)
        for customer in customers {
            let records = held[customer] ?? []
            let correction = crediting.correction(
                existing: facts[customer] ?? [], held: records.map { Movement(held: $0.fact) },
                assignments: assignments[customer] ?? [])
            let released = Set(correction.released)
            let done = records.filter { released.contains(Movement(held: $0.fact).key) }
            try outbox.append(correction.facts.map { OutboxRow(fact: $0) }, in: transaction)
            try SuspenseStore().release(done, in: transaction)
            work.credited += correction.facts.count - correction.reversed
            work.reversed += correction.reversed
            work.released += done.count
        }
        return work
    }
}

extension OutboxRow {
    /// A fact for the facts topic.
    init(fact: Fact) {
        var payload: [UInt8] = []
        FactCodec.encode(fact, into: &payload)
        let subject = fact.subject.description
        self.init(
            topic: Topic.facts.name, key: Array(subject.utf8),
            event: EventHeaders(
                id: fact.id.description, source: "/gradus/intake", type: EventType.fact.rawValue, subject: subject),
            payload: payload)
    }
}
