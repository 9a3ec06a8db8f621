import Contracts
public import Domain
public import Postgres
public import ScoringCore

/// The key of the series that every fact type has without any scheme.
public enum BaseSeries {
    public static func key(type: String) -> String { "base:\(type)" }
}

extension FactStore {
    /// Whether reversals wait in the partition for the facts that they undo.
    public func hasEarlyReversals(_ partition: Int32) throws(PostgresError) -> Bool {
        try connection.query(
            "SELECT EXISTS (SELECT FROM scoring.early_reversal WHERE partition = $1)", [.int2(Int16(partition))]
        ).first?.bool(0) ?? false
    }

    /// Of the facts named, those whose reversal came first; they wait no longer.
    public func takeEarlyReversals(
        count: Int, subject: (Int) -> Int32, id: (Int) -> UUID128
    ) throws(PostgresError) -> Set<UUID128> {
        let rows = try connection.query(
            """
            DELETE FROM scoring.early_reversal e USING unnest($1::int4[], $2::uuid[]) AS k (subject, id)
            WHERE e.subject = k.subject AND e.fact = k.id RETURNING e.fact
            """, [.int4s(count: count) { subject($0) }, .uuids(count: count) { id($0) }])
        var ids: Set<UUID128> = []
        for row in rows { ids.insert(try row.uuid(0)) }
        return ids
    }

    /// Notes which of the facts named are not stored yet; gives their number.
    @discardableResult
    public func addEarlyReversals(
        of facts: [(subject: Int32, id: UUID128)], partition: Int32
    ) throws(PostgresError) -> Int {
        try connection.execute(
            """
            INSERT INTO scoring.early_reversal (subject, fact, partition)
            SELECT DISTINCT k.subject, k.id, $3::smallint FROM unnest($1::int4[], $2::uuid[]) AS k (subject, id)
            WHERE NOT EXISTS (SELECT FROM scoring.fact f WHERE f.subject = k.subject AND f.id = k.id)
            ORDER BY 1, 2 ON CONFLICT DO NOTHING
            """,
            [
                .int4s(count: facts.count) { facts[$0].subject }, .uuids(count: facts.count) { facts[$0].id },
                .int2(Int16(partition)),
            ])
    }

    /// Hands every stored fact of the subjects and days to `body`.
    public func facts(
        of subjects: [Int32], from first: CalendarDate, to last: CalendarDate,
        _ body: (StoredFact) throws(PostgresError) -> Void
    ) throws(PostgresError) {
        let rows = try connection.query(
            """
            SELECT f.subject, f.type, f.sign, f.amount, f.business_date, f.occurred_at, f.id, s.institution, f.payload,
                f.reverses
            FROM scoring.fact f JOIN scoring.subject s ON s.no = f.subject
            WHERE f.subject = ANY($1) AND f.business_date BETWEEN $2 AND $3
            """, [.int4s(subjects), .date(first), .date(last)])
        for row in rows { try body(try StoredFact(row)) }
    }
}

/// A fact as the store has it.
public struct StoredFact {
    public let type: Int16
    public let parts: FactParts
    public let institution: String
    public let payload: [UInt8]

    init(_ row: Row) throws(PostgresError) {
        type = try row.int2(1)
        parts = FactParts(
            subject: try row.int4(0), id: try row.uuid(6), sign: Int(try row.int2(2)), amount: try row.optionalInt8(3),
            businessDate: try row.date(4), occurredAt: Timestamp(microseconds: try row.int8(5)),
            reverses: try row.optionalUUID(9))
        institution = try row.text(7)
        payload = try row.bytes(8)
    }

    /// The whole fact; it was read once before it was stored.
    public func whole() -> Fact? { try? FactCodec.decode(payload.span) }
}
