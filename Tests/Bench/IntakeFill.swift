import ArgumentParser
import Foundation
import Kafka
import Logging
import Postgres

/// Stores the assignments of the intake work and produces its movements to the source topic.
struct IntakeFill: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "intake-fill")
    @OptionGroup var options: IntakeOptions
    @Option var brokers: String
    @Option var database: String
    @Option var topic = "core.deposits"

    func run() throws {
        let connection = try Connection(ConnectionSettings(database))
        try connection.execute(
            """
            INSERT INTO reference.assignment (institution, id, customer, manager, share, valid_from)
            SELECT 'bank', 'a-' || (100000 + n), 'c-' || (100000 + n), 'rm-' || (n % $2), 1, '2026-01-01'
            FROM generate_series(0, $1 - 1) AS n
            """, [.int4(Int32(options.customers)), .int4(Int32(options.managers))])
        let producer = try Producer(
            KafkaConfiguration([
                "bootstrap.servers": brokers, "linger.ms": "50", "batch.size": "1000000", "compression.type": "lz4",
            ]), logger: Logger(label: "bench"))
        let target = try producer.topic(topic)
        var batch = producer.makeBatch()
        let headers = HeaderBuffer()
        var waiting = 0
        try options.work.generate { customer, value in
            let key = Array(customer.utf8)
            _ = try key.withUnsafeBytes { key in
                try value.withUnsafeBytes { value in
                    try producer.produce(to: target, key: key, value: value, headers: headers, in: batch)
                }
            }
            waiting += 1
            guard waiting == 50_000 else { return }
            guard try producer.wait(for: batch).isComplete else { throw ExitCode(1) }
            batch = producer.makeBatch()
            waiting = 0
        }
        guard try producer.wait(for: batch).isComplete else { throw ExitCode(1) }
        report("filled", "\(options.messages)")
    }
}

/// Waits until every record is taken, tells how fast that went from the first commit on, and checks the counts.
struct IntakeWatch: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "intake-watch")
    @OptionGroup var options: IntakeOptions
    @Option var database: String
    @Option(help: "Give up after so many seconds.") var limit = 180

    func run() throws {
        let connection = try Connection(ConnectionSettings(database))
        let clock = ContinuousClock()
        let begin = clock.now
        var first: (count: Int64, at: ContinuousClock.Instant)?
        while clock.now - begin < .seconds(limit) {
            let done = try connection.query("SELECT coalesce(sum(next_offset), 0)::int8 FROM intake.stream_offset")[0]
                .int8(0)
            if first == nil, done > 0 { first = (done, clock.now) }
            if done >= Int64(options.messages), let first {
                report("intake_per_second", count: Int(done - first.count), in: clock.now - first.at)
                return try check(connection)
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
        print("not finished in \(limit) s")
        throw ExitCode(1)
    }

    private func check(_ connection: Connection) throws {
        let repeats = Int64(options.messages / 100)
        let row = try connection.query(
            """
            SELECT coalesce(sum(count) FILTER (WHERE outcome = 'accepted'), 0)::int8,
                   coalesce(sum(count) FILTER (WHERE outcome = 'duplicate'), 0)::int8 FROM intake.counter
            """)[0]
        let (accepted, duplicates) = (try row.int8(0), try row.int8(1))
        report("accepted", "\(accepted)")
        report("duplicates", "\(duplicates)")
        guard accepted == Int64(options.messages) - repeats, duplicates == repeats else {
            print("the counts are wrong: \(repeats) repetitions were sent")
            throw ExitCode(1)
        }
        report("exact", "yes")
    }
}
