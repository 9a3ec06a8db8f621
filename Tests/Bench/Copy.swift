import ArgumentParser
import Domain
import Postgres

/// Writes rows of the facts table's shape by binary COPY, sorted by key, in batches: what PostgreSQL allows at most.
struct Copy: ParsableCommand {
    @Option var database: String
    @Option var rows = 300_000
    @Option var batch = 20_000

    func run() throws {
        let connection = try Connection(ConnectionSettings(database))
        try connection.run(
            script: """
                DROP TABLE IF EXISTS public.bench_copy;
                CREATE TABLE public.bench_copy (LIKE scoring.fact INCLUDING INDEXES)
                """)
        let payload = [UInt8](repeating: UInt8(ascii: "x"), count: 417)
        var random = SeededNumbers(seed: 7)
        let clock = ContinuousClock()
        let start = clock.now
        for first in stride(from: 0, to: rows, by: batch) {
            let keys = (first..<min(first + batch, rows)).map { _ in
                (Int32(random.below(833)), UUID128(high: random.next(), low: random.next()))
            }.sorted { $0 < $1 }
            _ = try connection.transaction { transaction throws(PostgresError) in
                try transaction.copyIn(
                    table: "public.bench_copy",
                    columns: [
                        "occurred_at", "amount", "offset", "subject", "business_date", "type", "sign", "partition",
                        "kept", "id", "reverses", "customer", "assignment", "payload",
                    ]
                ) { writer throws(PostgresError) in
                    for (subject, id) in keys {
                        writer.beginRow()
                        writer.int8(1)
                        writer.int8(2)
                        writer.int8(3)
                        writer.int4(subject)
                        writer.date(daysSince1970: 20_454)
                        writer.int2(1)
                        writer.int2(1)
                        writer.int2(1)
                        writer.bool(false)
                        writer.uuid(id)
                        writer.null()
                        writer.text("c-1000000")
                        writer.null()
                        writer.bytes(payload)
                    }
                }
            }
        }
        report("copy_rows_per_second", count: rows, in: clock.now - start)
        try connection.run(script: "DROP TABLE public.bench_copy")
    }
}
