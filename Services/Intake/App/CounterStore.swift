import IntakeCore
import Postgres

/// `intake.counter`: what came in and what became of it, in the transaction that did it.
struct CounterStore {
    func add(_ result: IngestResult, source: Int16, writer: Int16, in transaction: Transaction) throws(PostgresError) {
        var counts: [[String]: Int64] = [
            ["received", ""]: Int64(result.outcomes.count), ["facts", ""]: Int64(result.facts),
        ]
        for outcome in result.outcomes {
            var code = ""
            if case .rejected(let problems) = outcome { code = problems.first?.code.rawValue ?? "" }
            counts[[outcome.name, code], default: 0] += 1
        }
        let rows = counts.filter { $0.value > 0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        try transaction.execute(
            """
            INSERT INTO intake.counter AS c (source, writer, day, outcome, code, count)
            SELECT $1, $2, (now() AT TIME ZONE 'Asia/Shanghai')::date, outcome, code, count
            FROM unnest($3::text[], $4::text[], $5::bigint[]) AS r (outcome, code, count)
            ON CONFLICT (source, writer, day, outcome, code) DO UPDATE SET count = c.count + excluded.count
            """,
            [
                .int2(source), .int2(writer), .texts(rows.map { $0.key[0] }), .texts(rows.map { $0.key[1] }),
                .int8s(rows.map(\.value)),
            ])
    }
}
