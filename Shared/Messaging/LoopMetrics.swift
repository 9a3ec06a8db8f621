import CoreMetrics
import Domain
import Kafka
import Synchronization

/// What a loop tells the metrics system; labels never hold a key or an identifier of a person.
final class LoopMetrics: Sendable {
    private let consumer: String
    private let applied: Counter
    private let redelivered: Counter
    private let resent: Counter
    private let fenced: Counter
    private let gaps: Counter
    private let batchTime: CoreMetrics.Timer
    private let deadLetters = Mutex<[String: Counter]>([:])
    private let gauges = Mutex<[TopicPartition: Gauges]>([:])

    private struct Gauges {
        let lag: Gauge
        let lagSeconds: Gauge
        let isStopped: Gauge
    }

    init(consumer: String) {
        self.consumer = consumer
        let labels = [("consumer", consumer)]
        applied = Counter(label: "gradus_applied_total", dimensions: labels)
        redelivered = Counter(label: "gradus_duplicate_total", dimensions: labels + [("kind", "redelivery")])
        resent = Counter(label: "gradus_duplicate_total", dimensions: labels + [("kind", "sender")])
        fenced = Counter(label: "gradus_fenced_total", dimensions: labels)
        gaps = Counter(label: "gradus_offset_gap_total", dimensions: labels)
        batchTime = CoreMetrics.Timer(label: "gradus_batch_seconds", dimensions: labels)
    }

    func committed(_ outcome: BatchOutcome, took duration: Duration) {
        applied.increment(by: outcome.applied)
        resent.increment(by: outcome.duplicates)
        batchTime.recordNanoseconds(duration.nanoseconds)
        for letter in outcome.deadLetters { counter(of: letter.code).increment() }
    }

    func received(redelivered count: Int, gaps gapCount: Int) {
        if count > 0 { redelivered.increment(by: count) }
        if gapCount > 0 { gaps.increment(by: gapCount) }
    }

    func wasFenced() { fenced.increment() }

    func report(_ status: PartitionStatus, nowMicroseconds: Int64) {
        let gauges = gauges.withLock { all in
            if let known = all[status.partition] { return known }
            let labels = [
                ("consumer", consumer), ("topic", status.partition.topic),
                ("partition", String(status.partition.partition)),
            ]
            let made = Gauges(
                lag: Gauge(label: "gradus_consumer_lag", dimensions: labels),
                lagSeconds: Gauge(label: "gradus_consumer_lag_seconds", dimensions: labels),
                isStopped: Gauge(label: "gradus_partition_stopped", dimensions: labels))
            all[status.partition] = made
            return made
        }
        let lag = status.lag ?? 0
        gauges.lag.record(lag)
        let age = status.lastEventTime.map { max(0, (nowMicroseconds - $0.microseconds) / 1_000_000) } ?? 0
        gauges.lagSeconds.record(lag > 0 ? age : 0)
        if case .stopped = status.state { gauges.isStopped.record(1) } else { gauges.isStopped.record(0) }
    }

    private func counter(of code: String) -> Counter {
        deadLetters.withLock { counters in
            if let known = counters[code] { return known }
            let made = Counter(
                label: "gradus_dead_letter_total", dimensions: [("consumer", consumer), ("code", code)])
            counters[code] = made
            return made
        }
    }
}

extension Duration {
    var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
