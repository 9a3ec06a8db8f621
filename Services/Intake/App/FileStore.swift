import Postgres

/// `intake.file`: which files were seen, and how far each was taken.
struct FileStore {
    struct Entry {
        var digest: String
        var nextRecord: Int64
        var isDone: Bool
    }

    func entry(_ name: String, source: Int16, on connection: Connection) throws(PostgresError) -> Entry? {
        let rows = try connection.query(
            "SELECT digest, next_record, state = 'done' FROM intake.file WHERE source = $1 AND name = $2",
            [.int2(source), .text(name)])
        guard let row = rows.first else { return nil }
        return Entry(digest: try row.text(0), nextRecord: try row.int8(1), isDone: try row.bool(2))
    }

    func open(
        _ name: String, digest: String, bytes: Int, records: Int, source: Int16, on connection: Connection
    ) throws(PostgresError) {
        try connection.execute(
            """
            INSERT INTO intake.file (source, name, digest, bytes, records) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (source, name) DO NOTHING
            """, [.int2(source), .text(name), .text(digest), .int8(Int64(bytes)), .int8(Int64(records))])
    }

    /// Moves the position of a file; false when somebody else has moved it.
    func advance(
        _ name: String, from start: Int64, to end: Int64, by result: IngestResult, source: Int16,
        in transaction: Transaction
    ) throws(PostgresError) -> Bool {
        let moved = try transaction.execute(
            """
            UPDATE intake.file SET next_record = $4, accepted = accepted + $5, duplicate = duplicate + $6,
              suspended = suspended + $7, rejected = rejected + $8
            WHERE source = $1 AND name = $2 AND next_record = $3 AND state = 'open'
            """,
            [
                .int2(source), .text(name), .int8(start), .int8(end), .int8(Int64(result.count("accepted"))),
                .int8(Int64(result.count("duplicate"))), .int8(Int64(result.count("suspended"))),
                .int8(Int64(result.count("rejected"))),
            ])
        return moved == 1
    }

    struct Report: Encodable {
        var file: String
        var outcome: String
        var records: Int64 = 0
        var accepted: Int64 = 0
        var duplicate: Int64 = 0
        var suspended: Int64 = 0
        var rejected: Int64 = 0
        var code: String?
        var message: String?
        var remedy: String?
    }

    /// Ends a file and reports what became of its records.
    func finish(_ name: String, source: Int16, on connection: Connection) throws(PostgresError) -> Report {
        let row = try connection.query(
            """
            UPDATE intake.file SET state = 'done', done_at = coalesce(done_at, now()) WHERE source = $1 AND name = $2
            RETURNING records, accepted, duplicate, suspended, rejected
            """, [.int2(source), .text(name)])[0]
        return Report(
            file: name, outcome: "taken", records: try row.int8(0), accepted: try row.int8(1),
            duplicate: try row.int8(2),
            suspended: try row.int8(3), rejected: try row.int8(4))
    }
}
