import Contracts
import Domain
public import Postgres
public import ScoringCore

// The findings of a close, which are many.
extension EffectStore {
    /// A finding of a numbered subject that a close raises.
    public struct Raise: Sendable {
        public let subject: Int32
        public let finding: StoredFinding

        public init(subject: Int32, finding: StoredFinding) {
            self.subject = subject
            self.finding = finding
        }
    }

    /// Stores findings that a close raises; gives the events of those that are new or had been withdrawn, in order.
    public func raise(_ raises: ArraySlice<Raise>, occasion: String) throws(PostgresError) -> [OutgoingEvent] {
        guard !raises.isEmpty else { return [] }
        var isRaised = try known(raises.map(\.finding.id))
        var new: [Raise] = []
        var again: [Raise] = []
        var events: [OutgoingEvent] = []
        for raise in raises {
            let finding = raise.finding
            switch isRaised.updateValue(true, forKey: finding.id) {
            case true: continue
            case false: again.append(raise)
            case nil: new.append(raise)
            }
            events.append(
                OutgoingEvent(
                    .findingRaised,
                    id: DeterministicID.make(
                        "event", EventType.findingRaised.rawValue, finding.id.description, occasion),
                    key: finding.subject, payload: finding.event))
        }
        try insert(new.sorted { $0.finding.id < $1.finding.id })
        try raiseAgain(again)
        return events
    }

    /// Whether findings that are stored stand.
    private func known(_ ids: [UUID128]) throws(PostgresError) -> [UUID128: Bool] {
        var known: [UUID128: Bool] = [:]
        let rows = try connection.query(
            "SELECT id, state = 'raised' FROM scoring.finding WHERE id = ANY($1)", [.uuids(ids)])
        for row in rows { known[try row.uuid(0)] = try row.bool(1) }
        return known
    }

    private func insert(_ raises: [Raise]) throws(PostgresError) {
        guard !raises.isEmpty else { return }
        let columns = ["id", "subject", "scheme", "rule", "date", "period", "amount", "state", "event"]
        try connection.copyIn(table: "scoring.finding", columns: columns) { writer throws(PostgresError) in
            for raise in raises {
                let finding = raise.finding
                writer.beginRow()
                writer.uuid(finding.id)
                writer.int4(raise.subject)
                writer.text(finding.scheme)
                writer.text(finding.rule)
                writer.date(finding.date)
                writer.text(finding.period)
                writer.optional(text: finding.amount)
                writer.text("raised")
                writer.bytes(finding.event)
            }
        }
    }

    private func raiseAgain(_ raises: [Raise]) throws(PostgresError) {
        guard !raises.isEmpty else { return }
        try connection.execute(
            """
            UPDATE scoring.finding f SET state = 'raised', event = n.event
            FROM unnest($1::uuid[], $2::text[]) AS n (id, event) WHERE f.id = n.id AND f.state = 'withdrawn'
            """,
            [
                .uuids(raises.map(\.finding.id)),
                .texts(raises.map { String(decoding: $0.finding.event, as: UTF8.self) }),
            ]
        )
    }
}
