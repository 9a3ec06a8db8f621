import Domain
import Kafka

/// One assigned partition on the polling thread: what was claimed, what is collected, what is under way.
final class Lane {
    let partition: TopicPartition
    let slot: Int
    var control: LaneControl?
    /// The offset that is expected next from Kafka.
    var expected: Int64 = 0
    /// The position that the next batch starts from.
    var handedOver: Int64 = 0
    /// The position that stands in the database.
    var committed: Int64 = 0
    /// The position that Kafka was told last.
    var toldKafka: Int64 = -1
    var builder = BatchBuilder()
    var collectingSince: ContinuousClock.Instant?
    var batchesUnderWay = 0
    var isFirstBatch = true
    var isHeldBack = false
    var stopReason: String?
    /// When a partition that waits for something to be mended is tried again.
    var nextTry: ContinuousClock.Instant?
    var lastCommit: ContinuousClock.Instant?
    var lastEventTime: Timestamp?

    init(_ partition: TopicPartition, slot: Int) {
        self.partition = partition
        self.slot = slot
    }

    /// True while messages are wanted.
    var isReading: Bool { control != nil && stopReason == nil }

    func begin(_ claim: Claim) {
        control = LaneControl(slot: slot, claim: claim)
        expected = claim.nextOffset
        handedOver = claim.nextOffset
        committed = claim.nextOffset
        isFirstBatch = true
        drop()
    }

    /// Gives the claim up: what is collected is forgotten, what is under way is not wanted any more.
    func end() {
        control?.abandon()
        control = nil
        drop()
    }

    func stop(_ reason: String) {
        stopReason = reason
        control?.abandon()
        drop()
    }

    func drop() {
        builder = BatchBuilder()
        collectingSince = nil
    }

    /// What was collected, as a job that starts where the last one ended.
    func takeJob() -> WriterJob? {
        guard let control, builder.count > 0 else { return nil }
        let byteCount = builder.byteCount
        let batch = builder.take(partition)
        let job = WriterJob(
            lane: control, start: handedOver, batch: batch, byteCount: byteCount, isFirst: isFirstBatch)
        handedOver = batch.nextOffset
        isFirstBatch = false
        collectingSince = nil
        batchesUnderWay += 1
        return job
    }

    func status(isPaused: Bool, highWatermark: Int64?) -> PartitionStatus {
        let state: PartitionStatus.State =
            if let stopReason {
                .stopped(reason: stopReason)
            } else if control == nil {
                .claiming
            } else {
                isPaused || isHeldBack ? .paused : .running
            }
        return PartitionStatus(
            partition: partition, state: state, position: committed, highWatermark: highWatermark,
            lastCommit: lastCommit, lastEventTime: lastEventTime)
    }
}
