import Foundation
import Kafka
import Logging

/// How batches are cut and how reading is slowed down when writers cannot keep up.
extension LoopDriver {
    /// Bytes of messages in memory.
    private var bytesHeld: Int {
        lanes.reduce(bytesUnderWay) { $0 + ($1?.builder.byteCount ?? 0) }
    }

    var isFull: Bool { bytesHeld >= settings.memoryLimit }

    /// Gives batches to writers that have nothing to do, and full ones also to writers that are about to finish.
    ///
    /// A batch that is not full waits while its writer is busy: so batches grow under load, which is what makes them cheap,
    /// and stay small and quick without it.
    func handOver(_ now: ContinuousClock.Instant) {
        let isPressed = isFull
        for writer in 0..<settings.writers {
            while load[writer] < 2, let lane = nextLane(of: writer, now, isPressed), let job = lane.takeJob() {
                load[writer] += 1
                bytesUnderWay += job.byteCount
                inboxes[writer].put(job)
            }
        }
    }

    private func nextLane(of writer: Int, _ now: ContinuousClock.Instant, _ isPressed: Bool) -> Lane? {
        var best: Lane?
        for case let lane? in lanes where Int(lane.partition.partition) % settings.writers == writer {
            guard lane.isReading, let since = lane.collectingSince else { continue }
            let isWholeBatch = lane.builder.count >= settings.batchMessages
            let mayGo = isWholeBatch || (load[writer] == 0 && (isPressed || now - since >= settings.batchDelay))
            guard mayGo else { continue }
            if let other = best, !isMoreUrgent(lane, than: other, isPressed) { continue }
            best = lane
        }
        return best
    }

    private func isMoreUrgent(_ lane: Lane, than other: Lane, _ isPressed: Bool) -> Bool {
        if isPressed { return lane.builder.byteCount > other.builder.byteCount }
        guard let since = lane.collectingSince, let otherSince = other.collectingSince else { return false }
        return since < otherSince
    }

    /// Memory is full: waits for a writer. After a second reading is paused in earnest and polling goes on, so that the
    /// group does not take the process for dead. Not at once, because what the client has fetched is thrown away then.
    func waitForRoom(_ now: ContinuousClock.Instant) throws {
        let since = fullSince ?? now
        fullSince = since
        guard now - since >= .seconds(1) else {
            for report in control.reports.take(waitingSeconds: 0.05) { hear(report) }
            return
        }
        if !isPaused {
            try consumer.pause(readable())
            isPaused = true
        }
        try poll(timeoutMilliseconds: 50, now)
    }

    func resumeReading() throws {
        try consumer.resume(readable())
        isPaused = false
    }

    private func readable() -> [TopicPartition] {
        lanes.compactMap { lane in lane.flatMap { $0.isReading && !$0.isHeldBack ? $0.partition : nil } }
    }

    /// Stops delivery of one partition and leaves the others alone.
    func holdBack(_ lane: Lane) {
        lane.isHeldBack = true
        do throws(KafkaError) {
            try consumer.pause([lane.partition])
        } catch {
            // Its messages are dropped on receipt anyway.
            logger.warning("a stopped partition is still fetched", metadata: ["code": "\(error.code)"])
        }
    }
}
