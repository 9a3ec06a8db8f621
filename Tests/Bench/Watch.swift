import ArgumentParser
import Foundation
import Postgres

/// Waits until all messages are stored, and tells how fast that went from the first commit on.
struct Watch: ParsableCommand {
    @OptionGroup var options: WorkOptions
    @Option var database: String
    @Option(help: "Give up after so many seconds.") var limit = 120

    func run() throws {
        let connection = try Connection(ConnectionSettings(database))
        let clock = ContinuousClock()
        let begin = clock.now
        var first: (count: Int64, at: ContinuousClock.Instant)?
        while clock.now - begin < .seconds(limit) {
            let rows = try connection.query("SELECT coalesce(sum(next_offset), 0)::int8 FROM scoring.stream_offset")
            let done = try rows.first?.int8(0) ?? 0
            if first == nil, done > 0 { first = (done, clock.now) }
            if done >= Int64(options.messages), let first {
                report("scoring_per_second", count: Int(done - first.count), in: clock.now - first.at)
                return
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
        print("not finished in \(limit) s")
        throw ExitCode(1)
    }
}
