import Contracts
import Domain
import Postgres

/// A record that cannot be credited yet.
struct HeldRecord {
    var key: UUID128
    var fact: Fact
    /// What it waits for: a holder of its customer, or an entry for its subject.
    var kind: SubjectKind
    var waitsFor: String
}

/// `intake.suspense`.
struct SuspenseStore {
    func hold(_ records: [HeldRecord], source: Int16, in transaction: Transaction) throws(PostgresError) {
        guard !records.isEmpty else { return }
        let columns = ["key", "source", "institution", "kind", "subject", "type", "business_date", "payload"]
        _ = try transaction.copyIn(table: "intake.suspense", columns: columns) {
            (writer: inout CopyWriter) throws(PostgresError) in
            for record in records {
                var payload: [UInt8] = []
                FactCodec.encode(record.fact, into: &payload)
                writer.beginRow()
                writer.uuid(record.key)
                writer.int2(source)
                writer.text(record.fact.subject.institution)
                writer.text(record.kind.rawValue)
                writer.text(record.waitsFor)
                writer.text(record.fact.type)
                writer.date(record.fact.businessDate)
                writer.bytes(payload)
            }
        }
    }

    struct Open {
        var key: UUID128
        var source: Int16
        var waitsFor: String
        var fact: Fact
    }

    /// Locks and returns what waits for any of `ids`.
    func open(
        institution: String, kind: SubjectKind, ids: [String], in transaction: Transaction
    ) throws -> [Open] {
        let rows = try transaction.query(
            """
            SELECT key, source, subject, payload FROM intake.suspense
            WHERE institution = $1 AND kind = $2 AND subject = ANY($3) AND released_at IS NULL
            ORDER BY source, key FOR UPDATE
            """, [.text(institution), .text(kind.rawValue), .texts(ids)])
        return try rows.map { row in
            let payload = Array(try row.text(3).utf8)
            return Open(
                key: try row.uuid(0), source: try row.int2(1), waitsFor: try row.text(2),
                fact: try FactCodec.decode(payload.span))
        }
    }

    func release(_ records: [Open], in transaction: Transaction) throws(PostgresError) {
        guard !records.isEmpty else { return }
        try transaction.execute(
            """
            UPDATE intake.suspense s SET released_at = now()
            FROM unnest($1::smallint[], $2::uuid[]) AS r (source, key) WHERE s.source = r.source AND s.key = r.key
            """, [.int2s(records.map(\.source)), .uuids(records.map(\.key))])
    }

    func openCount(institution: String, on connection: Connection) throws(PostgresError) -> Int64 {
        let rows = try connection.query(
            "SELECT count(*) FROM intake.suspense WHERE institution = $1 AND released_at IS NULL", [.text(institution)])
        return try rows[0].int8(0)
    }
}
