import Domain
import Foundation
import Kafka
import Logging
import Postgres
import Synchronization

/// The polling thread of a consumer loop: it alone calls the Kafka client, and it never waits for a batch to be stored.
final class LoopDriver {
    let settings: ConsumerLoopSettings
    let control: LoopControl
    let logger: Logger
    let metrics: LoopMetrics
    let consumer: Consumer
    let owner: String
    /// By slot; nil where the partition is not assigned.
    var lanes: [Lane?] = []
    var inboxes: [Mailbox<WriterJob>] = []
    /// Batches that a writer has been given and has not finished.
    var load: [Int]
    var bytesUnderWay = 0
    var isPaused = false
    var fullSince: ContinuousClock.Instant?
    /// Partitions that are assigned and not claimed yet, with the time of the next attempt.
    var unclaimed: Set<TopicPartition> = []
    var nextClaim = ContinuousClock.now
    var claimBackoff = Backoff()
    var generation: Int32?
    var positions: StreamOffsetStore?
    var claimConnection: Connection?
    var waiting: [Int: String] = [:]
    var failure: (any Error)?
    var redelivered = 0
    var gaps = 0
    private var nextStatus = ContinuousClock.now
    private var nextKafkaCommit = ContinuousClock.now
    private var endedWriters = 0

    init(_ settings: ConsumerLoopSettings, _ control: LoopControl, _ logger: Logger) throws {
        precondition(settings.writers > 0 && settings.batchMessages > 0, "a loop needs a writer and room for a message")
        self.settings = settings
        self.control = control
        self.logger = logger
        metrics = LoopMetrics(consumer: settings.consumer)
        load = Array(repeating: 0, count: settings.writers)
        let process = ProcessInfo.processInfo
        owner = "\(process.hostName)/\(process.processIdentifier)/\(UInt32.random(in: 0...UInt32.max))"
        var kafka = settings.kafka
        if kafka["group.id"] == nil { kafka["group.id"] = settings.consumer }
        consumer = try Consumer(kafka, logger: logger)
    }

    func run(_ makeHandler: @escaping @Sendable (Int) throws -> any BatchHandler) throws {
        try consumer.subscribe(settings.topics, listener: self)
        do {
            try waitForCluster()
            if let positions { startWriters(positions, makeHandler) }
            while !control.isStopping, failure == nil { try round() }
        } catch {
            failure = error
        }
        finish()
        if let failure { throw failure }
    }

    /// Positions are kept per cluster, so nothing can be claimed before the cluster is known.
    private func waitForCluster() throws {
        var known = settings.clusterID
        let deadline = ContinuousClock.now + .seconds(60)
        while known == nil, !control.isStopping {
            known = consumer.clusterIdentity(timeoutMilliseconds: 1_000)
            if known == nil, ContinuousClock.now > deadline { throw MessagingError.unknownCluster }
            publishStatus(.now)
        }
        guard let known else { return }
        positions = StreamOffsetStore(
            schema: settings.schema, consumer: settings.consumer, clusterID: known, owner: owner)
    }

    private func startWriters(
        _ positions: StreamOffsetStore, _ makeHandler: @escaping @Sendable (Int) throws -> any BatchHandler
    ) {
        for number in 0..<settings.writers {
            let inbox = Mailbox<WriterJob>()
            inboxes.append(inbox)
            let thread = Thread { [settings, control, metrics, logger] in
                do {
                    let handler = try makeHandler(number)
                    Writer(number, handler, positions, settings, control, metrics, logger).run(inbox)
                } catch {
                    control.reports.put(.failed(.handlerUnavailable(reason: "\(error)")))
                }
                control.reports.put(.ended)
            }
            thread.name = "writer-\(number)"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    /// One turn of the polling thread.
    private func round() throws {
        let now = ContinuousClock.now
        for report in control.reports.take() { hear(report) }
        takeUpStuck(now)
        if !unclaimed.isEmpty, now >= nextClaim { try resumeClaims() }
        handOver(now)
        if isFull {
            try waitForRoom(now)
        } else {
            fullSince = nil
            if isPaused { try resumeReading() }
            try poll(timeoutMilliseconds: pollTimeout(now), now)
        }
        tellKafka(now)
        publishStatus(now)
    }

    func poll(timeoutMilliseconds: Int32, _ now: ContinuousClock.Instant) throws {
        // One turn costs as much as some messages, so a turn takes what comes within a millisecond or two.
        let deadline = now + .milliseconds(timeoutMilliseconds + 2)
        var timeout = timeoutMilliseconds
        var received = 0
        repeat {
            let count = try consumer.poll(timeoutMilliseconds: timeout, limit: 2_000 - received) { receive($0) }
            guard count > 0 else { break }
            received += count
            timeout = 1
        } while received < 2_000 && ContinuousClock.now < deadline
        for lane in lanes {
            if let lane, lane.builder.count > 0, lane.collectingSince == nil { lane.collectingSince = now }
        }
    }

    private func receive(_ message: borrowing ConsumedMessage) {
        let slot = message.slot
        guard slot < lanes.count, let lane = lanes[slot], lane.isReading else { return }
        let offset = message.offset
        guard offset >= lane.expected else {
            redelivered += 1
            return
        }
        if offset > lane.expected { gaps += 1 }
        lane.expected = offset + 1
        lane.builder.append(message, withHeaders: settings.readsHeaders)
    }

    private func pollTimeout(_ now: ContinuousClock.Instant) -> Int32 {
        // Reports of writers do not wake the poll call, so it is short while some are under way.
        let longest: Int64 = load.contains { $0 > 0 } ? 5 : 50
        let due = lanes.compactMap { $0?.collectingSince }.min().map { $0 + settings.batchDelay - now }
        guard let due else { return Int32(longest) }
        // A batch that is due and waits for its writer must not turn the loop into a spin.
        return Int32(min(max(due.nanoseconds / 1_000_000, 1), longest))
    }

    func hear(_ report: WriterReport) {
        switch report {
        case .committed(let lane, let next, let outcome):
            guard let lane = owner(of: lane) else { return }
            lane.committed = next
            lane.lastCommit = .now
            if let time = outcome.lastEventTime { lane.lastEventTime = max(lane.lastEventTime ?? time, time) }
        case .finished(let job, let writer, let ending):
            load[writer] -= 1
            bytesUnderWay -= job.byteCount
            guard let lane = owner(of: job.lane) else { return }
            lane.batchesUnderWay -= 1
            conclude(lane, ending)
        case .waiting(let writer, let reason): waiting[writer] = reason
        case .failed(let error): failure = failure ?? error
        case .ended: endedWriters += 1
        }
    }

    /// The lane of a report, unless it belongs to an earlier claim.
    private func owner(of control: LaneControl) -> Lane? {
        guard let lane = lanes[control.slot], lane.control === control else { return nil }
        return lane
    }

    private func conclude(_ lane: Lane, _ ending: WriterEnding) {
        switch ending {
        case .done: break
        case .fenced, .abandoned:
            // Kafka may still count the partition as ours, so it is claimed again; the newest generation wins.
            lane.end()
            unclaimed.insert(lane.partition)
            nextClaim = .now + claimBackoff.next()
        case .stopped(let error):
            lane.stop(error.description)
            holdBack(lane)
        case .stuck(let error):
            lane.stop(error.description)
            lane.nextTry = .now + settings.mendingPause
        }
    }

    /// Takes up partitions that were waiting for something to be mended.
    private func takeUpStuck(_ now: ContinuousClock.Instant) {
        for case let lane? in lanes {
            guard let due = lane.nextTry, now >= due else { continue }
            lane.nextTry = nil
            lane.stopReason = nil
            lane.end()
            unclaimed.insert(lane.partition)
            nextClaim = now
        }
    }

    /// Positions for lag tools. The ones that count are in the database, so failures do not matter.
    func tellKafka(_ now: ContinuousClock.Instant, always: Bool = false) {
        guard always || now >= nextKafkaCommit else { return }
        nextKafkaCommit = now + settings.kafkaCommitInterval
        var offsets: [TopicPartition: Int64] = [:]
        for case let lane? in lanes where lane.control != nil && lane.committed != lane.toldKafka {
            offsets[lane.partition] = lane.committed
            lane.toldKafka = lane.committed
        }
        consumer.commitAsync(offsets)
    }

    private func publishStatus(_ now: ContinuousClock.Instant) {
        guard now >= nextStatus else { return }
        nextStatus = now + .milliseconds(200)
        metrics.received(redelivered: redelivered, gaps: gaps)
        (redelivered, gaps) = (0, 0)
        let wallClock = Int64(Date().timeIntervalSince1970 * 1_000_000)
        let partitions = lanes.compactMap { lane in
            lane?.status(
                isPaused: isPaused, highWatermark: lane.flatMap { consumer.knownWatermarks(of: $0.partition)?.high })
        }
        for partition in partitions { metrics.report(partition, nowMicroseconds: wallClock) }
        control.status.withLock { status in
            status.lastTick = now
            status.isJoined = status.isJoined || !partitions.isEmpty
            status.partitions = partitions.sorted { $0.partition < $1.partition }
            status.waitingFor = waiting.sorted { $0.key < $1.key }.first?.value
        }
    }

    /// Lets batches under way end, leaves the group and ends the writers, each in a bounded time.
    private func finish() {
        for case let lane? in lanes { lane.drop() }
        drain(until: .now + settings.drainLimit)
        tellKafka(.now, always: true)
        consumer.close()
        for case let lane? in lanes { lane.end() }
        control.close()
        let deadline = ContinuousClock.now + settings.drainLimit
        while endedWriters < inboxes.count, ContinuousClock.now < deadline {
            for report in control.reports.take(waitingSeconds: 0.05) { hear(report) }
        }
        publishStatus(nextStatus)
    }

    /// Waits for batches under way; messages collected meanwhile stay where they are.
    func drain(until deadline: ContinuousClock.Instant) {
        while load.contains(where: { $0 > 0 }), ContinuousClock.now < deadline {
            for report in control.reports.take(waitingSeconds: 0.02) { hear(report) }
        }
    }
}
