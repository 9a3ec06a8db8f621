import CRdKafka
import Foundation
public import Logging

/// Hears about changes of a consumer's assignment, on the polling thread, inside ``Consumer/poll(timeoutMilliseconds:limit:_:)``.
public protocol RebalanceListener: AnyObject {
    /// Partitions were given to this member. What is returned is read from the offsets named; a partition left out is
    /// not read until ``Consumer/assign(_:)`` names it.
    ///
    /// `generation` is the group's generation, nil when it cannot be known.
    func assigned(_ partitions: [TopicPartition], generation: Int32?, to consumer: Consumer) -> [StartPosition]
    /// Partitions are taken away. `lost` means that another member may own them already.
    func revoked(_ partitions: [TopicPartition], lost: Bool, from consumer: Consumer)
    /// One partition or topic cannot be read now; `error` names it. Reading of the others goes on.
    func failed(_ error: KafkaError, on consumer: Consumer)
}

/// One member of a consumer group, or a reader of named partitions.
///
/// Not Sendable on purpose: one thread makes, polls and closes it.
public final class Consumer {
    /// Every partition seen so far; the index is the `slot` of messages and never changes.
    public internal(set) var partitions: [TopicPartition] = []
    /// Partitions paused by ``pause(_:)``.
    public internal(set) var paused: Set<TopicPartition> = []

    let handle: ClientHandle
    let logger: Logger
    weak var listener: (any RebalanceListener)?
    var slots: [TopicPartition: Int] = [:]
    var topicSlots: [(topic: OpaquePointer, slots: [Int])] = []
    var isClosed = false
    /// What is being read since the last assignment, and from where.
    var reading: [TopicPartition: Int64] = [:]
    var rest = IdleRest()

    /// Makes a consumer; connecting happens in the background.
    public init(_ configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
        var configuration = configuration
        // The library wants a group name even from a reader that joins none.
        if configuration["group.id"] == nil { configuration["group.id"] = "gradus-reader" }
        let native = try configuration.makeNative(
            over: KafkaConfiguration.consumerDefaults, fixed: KafkaConfiguration.consumerFixed)
        let events = ClientEvents(logger: logger)
        rd_kafka_conf_set_rebalance_cb(native) { _, error, list, opaque in
            guard let opaque else { return }
            ClientEvents.from(opaque).consumer?.rebalance(error, list)
        }
        rd_kafka_conf_set_stats_cb(native) { _, json, length, opaque in
            guard let opaque, let json else { return 0 }
            let events = ClientEvents.from(opaque)
            events.statistics = ConsumerStatistics(json: Data(bytes: json, count: length))
            if let figures = events.statistics {
                events.consumer?.rest.learn(fetches: figures.fetches, messages: figures.messages, now: .now)
            }
            return 0
        }
        handle = try ClientHandle(RD_KAFKA_CONSUMER, native: native, events: events)
        self.logger = logger
        events.consumer = self
        rd_kafka_poll_set_consumer(handle.pointer)
    }

    /// Joins the group and asks for partitions of `topics`. `listener` is kept weakly.
    public func subscribe(_ topics: [String], listener: any RebalanceListener) throws(KafkaError) {
        self.listener = listener
        let list = PartitionList(topics.map { TopicPartition($0, -1) })
        try check(list.lend { rd_kafka_subscribe(handle.pointer, $0) }, .subscribe)
    }

    /// Replaces what is read: exactly `starts`, each from its offset.
    public func assign(_ starts: [StartPosition]) throws(KafkaError) {
        topicSlots.removeAll()
        endPauses()
        reading = Dictionary(starts.map { ($0.partition, $0.offset) }) { first, _ in first }
        let list = PartitionList(capacity: starts.count)
        for start in starts { list.add(start.partition, offset: start.offset) }
        try check(list.lend { rd_kafka_assign(handle.pointer, $0) }, .assign)
    }

    /// Hands over up to `limit` messages; waits at most `timeoutMilliseconds` for the first one.
    ///
    /// Uses the one-message call of the library: its batch calls lose messages together with pause and resume.
    /// - Returns: how many messages `body` got.
    /// - Throws: only what ends this client.
    public func poll(
        timeoutMilliseconds: Int32, limit: Int, _ body: (borrowing ConsumedMessage) -> Void
    ) throws(KafkaError) -> Int {
        guard !isClosed else { throw .closed(.poll) }
        var count = 0
        var timeout = rest.timeout(timeoutMilliseconds)
        while count < limit, let raw = rd_kafka_consumer_poll(handle.pointer, timeout) {
            timeout = 0
            if raw.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                body(ConsumedMessage(raw: raw, slot: slot(of: raw)))
                count += 1
                rd_kafka_message_destroy(raw)
            } else {
                let error = partitionError(raw)
                rd_kafka_message_destroy(raw)
                try handle.requireAlive()
                if let error { listener?.failed(error, on: self) }
                if count == 0 { break }
            }
        }
        if count == 0 { try handle.requireAlive() }
        try restOrWake(count)
        return count
    }

    private func restOrWake(_ count: Int) throws(KafkaError) {
        switch rest.step(count: count, now: .now) {
        case .nothing: break
        case .rest:
            guard isCaughtUp() else { return rest.postpone(.now) }
            try suspend(wanted)
            rest.begin(.now)
        case .wake: try unsuspend(wanted)
        }
    }

    private var wanted: Set<TopicPartition> { Set(reading.keys).subtracting(paused) }

    /// True when the broker says that it has nothing more for the partitions that are wanted.
    private func isCaughtUp() -> Bool {
        do throws(KafkaError) {
            let positions = try positions(Array(wanted))
            for partition in wanted {
                let position = positions[partition] ?? reading[partition] ?? 0
                guard try watermarks(of: partition, timeoutMilliseconds: 1_000).high <= position else { return false }
            }
            return true
        } catch {
            return false
        }
    }

    /// Stops delivery of partitions that are not paused yet; those that are stay as they are.
    public func pause(_ partitions: some Sequence<TopicPartition>) throws(KafkaError) {
        let fresh = Set(partitions).subtracting(paused)
        guard !fresh.isEmpty else { return }
        if !rest.isResting { try suspend(fresh) }
        paused.formUnion(fresh)
    }

    /// Resumes exactly those of `partitions` that are paused: resuming others would rewind them.
    public func resume(_ partitions: some Sequence<TopicPartition>) throws(KafkaError) {
        let held = paused.intersection(partitions)
        guard !held.isEmpty else { return }
        if !rest.isResting { try unsuspend(held) }
        paused.subtract(held)
    }

    /// The pause flag outlives an assignment in the library, so the next one would start paused.
    func endPauses() {
        do throws(KafkaError) {
            try unsuspend(rest.isResting ? Set(reading.keys) : paused)
        } catch {
            logger.info("partitions were gone before they were resumed", metadata: ["code": "\(error.code)"])
        }
        rest.interrupt()
        paused.removeAll()
    }

    private func suspend(_ partitions: Set<TopicPartition>) throws(KafkaError) {
        guard !partitions.isEmpty else { return }
        let list = PartitionList(partitions)
        try check(list.lend { rd_kafka_pause_partitions(handle.pointer, $0) }, .pause)
    }

    private func unsuspend(_ partitions: Set<TopicPartition>) throws(KafkaError) {
        guard !partitions.isEmpty else { return }
        let list = PartitionList(partitions)
        try check(list.lend { rd_kafka_resume_partitions(handle.pointer, $0) }, .resume)
    }

    /// Leaves the group and releases the client. Takes at most about `timeoutMilliseconds`; what is not done by then is
    /// left to the end of the process.
    public func close(timeoutMilliseconds: Int = 10_000) {
        guard !isClosed else { return }
        let deadline = ContinuousClock.now + .milliseconds(timeoutMilliseconds)
        if let queue = rd_kafka_queue_new(handle.pointer) {
            if let error = rd_kafka_consumer_close_queue(handle.pointer, queue) {
                rd_kafka_error_destroy(error)
            } else {
                while rd_kafka_consumer_closed(handle.pointer) == 0, ContinuousClock.now < deadline {
                    leave(rd_kafka_queue_poll(queue, 20))
                }
            }
            rd_kafka_queue_destroy(queue)
        }
        isClosed = true
        handle.events.consumer = nil
    }

    /// One event on the way out. Messages that were fetched but not read are among them: the library's call that serves
    /// callbacks (2.0.2) aborts the process when it meets one.
    private func leave(_ event: OpaquePointer?) {
        guard let event else { return }
        if rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE {
            rebalance(rd_kafka_event_error(event), rd_kafka_event_topic_partition_list(event))
        }
        rd_kafka_event_destroy(event)
    }

    func check(_ error: rd_kafka_resp_err_t, _ operation: KafkaOperation) throws(KafkaError) {
        guard error != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        try handle.requireAlive()
        throw .failed(operation, cause: KafkaCause(error), topic: nil, partition: nil)
    }
}
