import Domain
import Postgres

/// Results of a batch on their way into `payroll.input`.
struct ResultRows {
    private let results: [ScoreResult]

    init(_ results: [ScoreResult]) { self.results = results }

    /// All at once; a unique violation when one of them is stored already, or stands twice in the batch.
    func copy(in transaction: borrowing Transaction) throws(PostgresError) {
        let columns = [
            "subject", "period", "scheme", "revision", "institution", "version", "close", "revised", "event", "score",
            "grade", "figures", "causes",
        ]
        try transaction.copyIn(table: "payroll.input", columns: columns) { writer throws(PostgresError) in
            for result in results {
                writer.beginRow()
                writer.text(result.subjectText)
                writer.text(result.period.description)
                writer.text(result.scheme)
                writer.int4(Int32(clamping: result.revision))
                writer.text(result.institution)
                writer.int4(Int32(clamping: result.version))
                writer.uuid(result.close)
                writer.bool(result.isRevision)
                writer.uuid(result.id)
                if let score = result.score { writer.text(score) } else { writer.null() }
                if let grade = result.grade { writer.text(grade) } else { writer.null() }
                writer.bytes(result.figures)
                writer.uuids(result.causes)
            }
        }
    }

    /// Those that are new, by their event ids.
    func insert(in transaction: borrowing Transaction) throws(PostgresError) -> Set<UUID128> {
        let inserted = try transaction.query(
            """
            INSERT INTO payroll.input (subject, period, scheme, revision, institution, version, close, revised, event,
                score, grade, figures, causes)
            SELECT subject, period, scheme, revision, institution, version, close, revised, event, score, grade,
                figures, causes::uuid[]
            FROM unnest($1::text[], $2::text[], $3::text[], $4::int4[], $5::text[], $6::int4[], $7::uuid[],
                $8::bool[], $9::uuid[], $10::text[], $11::text[], $12::text[], $13::text[]) AS i (subject, period,
                scheme, revision, institution, version, close, revised, event, score, grade, figures, causes)
            ON CONFLICT DO NOTHING RETURNING event
            """,
            [
                .texts(results.map(\.subjectText)), .texts(results.map(\.period.description)),
                .texts(results.map(\.scheme)), .int4s(results.map { Int32(clamping: $0.revision) }),
                .texts(results.map(\.institution)), .int4s(results.map { Int32(clamping: $0.version) }),
                .uuids(results.map(\.close)), .bools(results.map(\.isRevision)), .uuids(results.map(\.id)),
                .texts(results.map(\.score)), .texts(results.map(\.grade)),
                .texts(results.map { String(decoding: $0.figures, as: UTF8.self) }),
                .texts(results.map { "{" + $0.causes.map(\.description).joined(separator: ",") + "}" }),
            ])
        return Set(try inserted.map { row throws(PostgresError) in try row.uuid(0) })
    }

    /// The others that are stored under their own event id.
    func known(
        besides new: Set<UUID128>, in transaction: borrowing Transaction
    ) throws(PostgresError) -> Set<UUID128> {
        let others = results.map(\.id).filter { !new.contains($0) }
        guard !others.isEmpty else { return [] }
        return Set(
            try transaction.query("SELECT event FROM payroll.input WHERE event = ANY($1)", [.uuids(others)])
                .map { row throws(PostgresError) in try row.uuid(0) })
    }
}
