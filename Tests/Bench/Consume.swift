import ArgumentParser
import Contracts
import Kafka
import Logging

/// Reads the topic without looking at it: what the broker and the client library allow at most.
struct Consume: ParsableCommand {
    @OptionGroup var options: WorkOptions
    @Option var brokers: String
    @Option var topic = Topic.facts.name
    @Option var partitions: Int32 = 24
    @Flag(help: "Decode each fact as well.") var scan = false

    func run() throws {
        let consumer = try Consumer(
            KafkaConfiguration([
                "bootstrap.servers": brokers, "group.id": "bench-consume", "receive.message.max.bytes": "2000000000",
                "queued.min.messages": "100000", "queued.max.messages.kbytes": "65536",
            ]), logger: Logger(label: "bench"))
        try consumer.assign((0..<partitions).map { StartPosition(TopicPartition(topic, $0), at: 0) })
        let scanner = FactScanner()
        let clock = ContinuousClock()
        var start: ContinuousClock.Instant?
        var count = 0
        var first = 0
        var rejected = 0
        while count < options.messages {
            let polled = try consumer.poll(timeoutMilliseconds: 1_000, limit: 10_000) { message in
                guard scan, let value = message.value else { return }
                let span = value.assumingMemoryBound(to: UInt8.self).span
                if (try? scanner.scan(span)) == nil { rejected += 1 }
            }
            count += polled
            if start == nil, count > 0 {
                start = clock.now
                first = count
            }
            if polled == 0, count > 0 { break }
        }
        guard let start else { throw ExitCode(1) }
        report(scan ? "consume_and_scan_per_second" : "consume_per_second", count: count - first, in: clock.now - start)
        if scan { report("scan_rejected", "\(rejected)") }
        consumer.close(timeoutMilliseconds: 1_000)
    }
}
