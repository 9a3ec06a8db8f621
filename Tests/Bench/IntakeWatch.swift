import ArgumentParser
import Foundation
import Postgres

/// Waits until every record is taken, and every fact stored if Scoring runs too; tells how fast that went from the first
/// commit on, and compares what is stored with the truth.
struct IntakeWatch: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "intake-watch")
    @OptionGroup var options: IntakeOptions
    @Option var database: String
    @Flag(help: "Scoring runs too: wait for it, and check its aggregates.") var both = false
    @Option(help: "Give up after so many seconds.") var limit = 180

    func run() throws {
        let connection = try Connection(ConnectionSettings(database))
        let clock = ContinuousClock()
        let begin = clock.now
        var first: (count: Int64, at: ContinuousClock.Instant)?
        while clock.now - begin < .seconds(limit) {
            let taken = try number(connection, "SELECT sum(next_offset)::int8 FROM intake.stream_offset")
            if first == nil, taken > 0 { first = (taken, clock.now) }
            if taken >= Int64(options.messages), try !both || isScored(connection), let first {
                let name = both ? "together_per_second" : "intake_per_second"
                report(name, count: Int(Int64(options.messages) - first.count), in: clock.now - first.at)
                return try check(connection)
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
        print("not finished in \(limit) s")
        throw ExitCode(1)
    }

    private func isScored(_ connection: Connection) throws -> Bool {
        try number(connection, "SELECT sum(applied)::int8 FROM scoring.stream_offset") >= Int64(options.work.accepted)
    }

    private func check(_ connection: Connection) throws {
        let work = options.work
        var faults = 0
        for (outcome, expected) in [
            ("accepted", work.accepted), ("duplicate", work.repeats), ("rejected", work.damaged),
        ] {
            let found = try number(
                connection, "SELECT sum(count)::int8 FROM intake.counter WHERE outcome = '\(outcome)'")
            report(outcome, "\(found)")
            faults += abs(Int(found) - expected)
        }
        faults += abs(Int(try number(connection, "SELECT count(*) FROM intake.dead_letter")) - work.damaged)
        if both { faults += try differences(connection, work) }
        report("exact", faults == 0 ? "yes" : "NO, \(faults) differences")
        if faults > 0 { throw ExitCode(1) }
    }

    /// Every manager's count, sum and last amount.
    private func differences(_ connection: Connection, _ work: IntakeWork) throws -> Int {
        let truth = work.truth()
        var faults = 0
        var seen = 0
        let sql = """
            SELECT s.id, k.key, a.count, a.sum, a.last FROM scoring.aggregate a
            JOIN scoring.subject s ON s.no = a.subject JOIN scoring.series k ON k.no = a.series
            """
        try connection.copyOut(sql) { row throws(PostgresError) in
            seen += 1
            let found = IntakeWork.Truth(
                count: try row.int8(2), sum: try row.int8(3), last: try row.optionalInt8(4) ?? 0)
            let manager = Int(try row.text(0).dropFirst(3)) ?? -1
            if try row.text(1) != "base:deposit.moved" || truth[manager] != found { faults += 1 }
        }
        report("aggregates_checked", "\(seen)")
        let facts = try number(connection, "SELECT count(*) FROM scoring.fact")
        return faults + abs(seen - truth.count) + abs(Int(facts) - work.accepted)
    }

    private func number(_ connection: Connection, _ sql: String) throws -> Int64 {
        try connection.query(sql).first?.optionalInt8(0) ?? 0
    }
}
