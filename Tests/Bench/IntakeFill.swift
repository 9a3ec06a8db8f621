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
