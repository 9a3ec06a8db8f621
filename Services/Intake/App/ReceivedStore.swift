import Domain
import Postgres

/// `intake.received`: which records were taken before, and what they said.
struct ReceivedStore {
    struct Row: Hashable {
        var key: UUID128
        var content: UUID128
    }

    func contents(of keys: [UUID128], source: Int16, in transaction: Transaction) throws(PostgresError) -> [UUID128:
        UUID128]
    {
        guard !keys.isEmpty else { return [:] }
        var found: [UUID128: UUID128] = [:]
        let rows = try transaction.query(
            "SELECT key, content FROM intake.received WHERE source = $1 AND key = ANY($2)",
            [.int2(source), .uuids(keys)])
        for row in rows { found[try row.uuid(0)] = try row.uuid(1) }
        return found
    }

    /// Adds rows, sorted by key so that the index is written page by page.
    ///
    /// - Throws: a unique violation of `received_pkey` when another door has just taken one of the records.
    func insert(_ rows: [Row], source: Int16, in transaction: Transaction) throws(PostgresError) {
        guard !rows.isEmpty else { return }
        _ = try transaction.copyIn(table: "intake.received", columns: ["key", "content", "source"]) {
            (writer: inout CopyWriter) throws(PostgresError) in
            for row in rows {
                writer.beginRow()
                writer.uuid(row.key)
                writer.uuid(row.content)
                writer.int2(source)
            }
        }
    }
}
