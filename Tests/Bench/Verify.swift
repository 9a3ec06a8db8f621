import ArgumentParser
import Domain
import Postgres

/// Compares what Scoring stored with the truth: every aggregate's count, sum and last amount, and all totals.
struct Verify: ParsableCommand {
    @OptionGroup var options: WorkOptions
    @Option var database: String

    func run() throws {
        var work = options.work
        work.generate { _, _ in }
        let connection = try Connection(ConnectionSettings(database))
        var faults = 0
        var seen = 0
        let sql = """
            SELECT s.id, k.key, a.bucket, a.count, a.sum, a.last FROM scoring.aggregate a
            JOIN scoring.subject s ON s.no = a.subject JOIN scoring.series k ON k.no = a.series
            """
        try connection.copyOut(sql) { row throws(PostgresError) in
            seen += 1
            let manager = Int32(try row.text(0).dropFirst(3)) ?? 0
            let type = ReferenceWork.types.firstIndex { "base:\($0)" == (try? row.text(1)) } ?? -1
            let key = ReferenceWork.TruthKey(
                manager: manager - 100_000, type: Int32(type), month: try row.int4(2))
            let found = ReferenceWork.Truth(
                count: try row.int8(3), sum: try row.int8(4), last: try row.optionalInt8(5) ?? 0)
            if work.truth[key] != found { faults += 1 }
        }
        faults += abs(seen - work.truth.count)
        faults += try difference(connection, "SELECT count(*) FROM scoring.fact", work.valid)
        faults += try difference(
            connection, "SELECT sum(duplicates)::int8 FROM scoring.stream_offset", work.repeats)
        faults += try difference(connection, "SELECT count(*) FROM scoring.dead_letter", work.damaged)
        report("aggregates_checked", "\(seen)")
        report("exact", faults == 0 ? "yes" : "NO, \(faults) differences")
        if faults > 0 { throw ExitCode(1) }
    }

    private func difference(_ connection: Connection, _ sql: String, _ expected: Int) throws -> Int {
        let found = Int(try connection.query(sql).first?.int8(0) ?? 0)
        if found != expected { print("\(sql): \(found), expected \(expected)") }
        return abs(found - expected)
    }
}
