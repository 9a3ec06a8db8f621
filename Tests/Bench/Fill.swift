import ArgumentParser
import Contracts
import Kafka
import Logging

/// Produces the reference work to the facts topic.
struct Fill: ParsableCommand {
    @OptionGroup var options: WorkOptions
    @Option var brokers: String
    @Option var topic = Topic.facts.name

    func run() throws {
        var work = options.work
        let producer = try Producer(
            KafkaConfiguration([
                "bootstrap.servers": brokers, "linger.ms": "50", "batch.size": "1000000", "compression.type": "lz4",
            ]), logger: Logger(label: "bench"))
        let target = try producer.topic(topic)
        var batch = producer.makeBatch()
        let headers = HeaderBuffer()
        var waiting = 0
        var bytes = 0
        let clock = ContinuousClock()
        let start = clock.now
        try work.generate { key, value in
            bytes += value.count
            _ = try key.withUnsafeBytes { key in
                try value.withUnsafeBytes { value in
                    try producer.produce(
                        to: target, partition: nil, key: key, value: value, headers: headers, in: batch)
                }
            }
            waiting += 1
            if waiting == 50_000 {
                guard try producer.wait(for: batch).failures.isEmpty else { throw ExitCode(1) }
                batch = producer.makeBatch()
                waiting = 0
            }
        }
        guard try producer.wait(for: batch).failures.isEmpty else { throw ExitCode(1) }
        report("fill_per_second", count: options.messages, in: clock.now - start)
        report("mean_bytes", "\(bytes / options.messages)")
        report("valid", "\(work.valid)")
        report("repeats", "\(work.repeats)")
        report("damaged", "\(work.damaged)")
        report("aggregates", "\(work.truth.count)")
    }
}
