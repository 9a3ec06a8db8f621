import CRdKafka
public import Logging

/// A topic as one producer knows it: made once, used for every message.
///
/// Unchecked because of the pointer, which never changes and which librdkafka lets any thread use.
public final class ProducerTopic: @unchecked Sendable {
    /// The topic's name.
    public let name: String
    let pointer: OpaquePointer
    private let handle: ClientHandle

    init(_ name: String, of handle: ClientHandle) throws(KafkaError) {
        guard let pointer = rd_kafka_topic_new(handle.pointer, name, nil) else {
            throw .failed(.produce, cause: KafkaCause(rd_kafka_last_error()), topic: name, partition: nil)
        }
        self.name = name
        self.pointer = pointer
        self.handle = handle
    }

    deinit {
        rd_kafka_topic_destroy(pointer)
    }
}

/// Sends messages: idempotent, acknowledged by all in-sync replicas, in order per key. Any thread may use it.
public final class Producer: Sendable {
    private let handle: ClientHandle

    /// How long `produce` waits for room in the full local queue before it gives up.
    private static let queueFullLimit = Duration.seconds(30)

    /// Makes a producer; connecting happens in the background.
    public init(_ configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
        let native = try configuration.makeNative(
            over: KafkaConfiguration.producerDefaults, fixed: KafkaConfiguration.producerFixed)
        rd_kafka_conf_set_dr_msg_cb(native) { _, message, opaque in
            guard let message, let opaque else { return }
            ClientEvents.from(opaque).deliveries.settle(message)
        }
        handle = try ClientHandle(RD_KAFKA_PRODUCER, native: native, events: ClientEvents(logger: logger))
    }

    /// A handle for one topic; keep it as long as it is used.
    public func topic(_ name: String) throws(KafkaError) -> ProducerTopic {
        try ProducerTopic(name, of: handle)
    }

    /// Opens a set of messages whose delivery will be waited for together.
    public func makeBatch() -> DeliveryBatch {
        DeliveryBatch(handle.events.deliveries)
    }

    /// Queues one message; key, value and headers are copied.
    ///
    /// - Parameters:
    ///   - topic: where to, made by this producer.
    ///   - partition: nil lets the partitioner choose by key (as Java producers do).
    ///   - key: nil for a null key.
    ///   - value: nil for a tombstone.
    /// - Returns: the message's index in `batch`.
    /// - Throws: `failed` with a retriable cause when the local queue stays full for 30 seconds; `fatal` when the
    ///   producer must be replaced.
    @discardableResult
    public func produce(
        to topic: ProducerTopic, partition: Int32? = nil, key: UnsafeRawBufferPointer?,
        value: UnsafeRawBufferPointer?, headers: borrowing HeaderBuffer, in batch: DeliveryBatch
    ) throws(KafkaError) -> Int {
        let deliveries = handle.events.deliveries
        let index = deliveries.reserve(batch.number)
        let token = DeliveryRegistry.token(batch.number, index)
        var deadline: ContinuousClock.Instant?
        while true {
            let error = send(topic, partition ?? -1, key, value, headers, token)
            if error == RD_KAFKA_RESP_ERR_NO_ERROR { break }
            let now = ContinuousClock.now
            if error == RD_KAFKA_RESP_ERR__QUEUE_FULL, now < (deadline ?? .now + .seconds(1)) {
                if deadline == nil { deadline = now + Self.queueFullLimit }
                rd_kafka_poll(handle.pointer, 50)
                if handle.events.fatal == nil { continue }
            }
            deliveries.cancel(batch.number)
            try handle.requireAlive()
            throw .failed(.produce, cause: KafkaCause(error), topic: topic.name, partition: partition)
        }
        // Serves delivery reports now and then, so that the local queue does not fill with them.
        if index & 0xFF == 0xFF { rd_kafka_poll(handle.pointer, 0) }
        return index
    }

    private func send(
        _ topic: ProducerTopic, _ partition: Int32, _ key: UnsafeRawBufferPointer?, _ value: UnsafeRawBufferPointer?,
        _ headers: borrowing HeaderBuffer, _ token: UnsafeMutableRawPointer?
    ) -> rd_kafka_resp_err_t {
        headers.bytes.withUnsafeBytes { bytes in
            headers.entries.withUnsafeBufferPointer { entries in
                gradus_kafka_produce(
                    handle.pointer, topic.pointer, partition, key?.startOrEmpty, key?.count ?? 0,
                    value?.startOrEmpty, value?.count ?? 0, bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                    entries.baseAddress, entries.count, token)
            }
        }
    }

    /// Waits until every message of `batch` is acknowledged or has failed.
    ///
    /// - Throws: `timedOut` when reports are still missing after `timeoutMilliseconds` (they may yet be delivered);
    ///   `fatal` when the producer must be replaced.
    public func wait(for batch: DeliveryBatch, timeoutMilliseconds: Int = 150_000) throws(KafkaError) -> DeliveryReport
    {
        let deadline = ContinuousClock.now + .milliseconds(timeoutMilliseconds)
        while true {
            let progress = handle.events.deliveries.progress(of: batch.number)
            if progress.isSettled {
                return DeliveryReport(
                    acknowledged: progress.settled - progress.failures.count,
                    failures: progress.failures.sorted { $0.index < $1.index })
            }
            try handle.requireAlive()
            guard ContinuousClock.now < deadline else { throw .timedOut(.delivery) }
            // Another thread may serve this batch's reports, so the wait is short.
            rd_kafka_poll(handle.pointer, 10)
        }
    }

    /// Sends what is queued and waits for its reports.
    public func flush(timeoutMilliseconds: Int32) throws(KafkaError) {
        let error = rd_kafka_flush(handle.pointer, timeoutMilliseconds)
        try handle.requireAlive()
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR else { throw .timedOut(.flush) }
    }

    /// The error that ended this producer; nil while it can work.
    public var fatalError: KafkaError? { handle.events.fatal }

    /// For tests of recovery: makes the library believe that it met a fatal error.
    package func injectFatalError() {
        rd_kafka_test_fatal_error(handle.pointer, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "injected by a test")
        rd_kafka_poll(handle.pointer, 100)
    }
}

extension UnsafeRawBufferPointer {
    /// An address that is not null even for no bytes: a null one would turn an empty text into a null value.
    fileprivate var startOrEmpty: UnsafeRawPointer? {
        baseAddress ?? UnsafeRawPointer(bitPattern: 1)
    }
}
