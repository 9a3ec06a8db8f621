import Domain
import Kafka
import Postgres

/// The table `dead_letter`, and the events that tell the bank's tools about it.
struct DeadLetterStore: Sendable {
    private let table: String

    init(schema: String) {
        table = "\(schema).dead_letter"
    }

    private static let columns = [
        "consumer", "cluster_id", "topic", "partition", "offset", "message_time", "key", "value", "headers", "code",
        "detail", "trace",
    ]

    /// Keeps rejected messages with their raw bytes.
    func store(
        _ letters: [DeadLetter], of batch: MessageBatch, _ context: BatchContext,
        in transaction: borrowing Transaction
    ) throws(PostgresError) {
        guard !letters.isEmpty else { return }
        try transaction.copyIn(table: table, columns: Self.columns) { writer throws(PostgresError) in
            for letter in letters {
                writer.beginRow()
                writer.text(context.consumer)
                writer.text(context.clusterID)
                writer.text(batch.partition.topic)
                writer.int4(batch.partition.partition)
                writer.int8(batch.offset(letter.message))
                let time = batch.timestampMilliseconds(letter.message)
                if time >= 0 { writer.timestamp(Timestamp(microseconds: time * 1_000)) } else { writer.null() }
                put(batch.keyRange(letter.message).map { batch.bytes[$0] }, into: &writer)
                put(batch.valueRange(letter.message).map { batch.bytes[$0] }, into: &writer)
                put(batch.headerBytes(letter.message), into: &writer)
                writer.text(letter.code)
                writer.text(letter.detail)
                if let trace = letter.trace { writer.text(trace) } else { writer.null() }
            }
        }
    }

    private func put(_ bytes: ArraySlice<UInt8>?, into writer: inout CopyWriter) {
        if let bytes { writer.bytes(bytes) } else { writer.null() }
    }

    /// The event for the dead-letter topic: the raw message, with the headers that Spring's and Connect's tools look for,
    /// each in its own encoding. No field values and no stack: the original is in the value already.
    static func event(
        _ letter: DeadLetter, of batch: MessageBatch, _ context: BatchContext, topic: String
    ) -> OutboxRow {
        let origin = batch.partition
        let offset = batch.offset(letter.message)
        var headers = batch.headers(letter.message)
        headers.append("kafka_dlt-original-topic", origin.topic)
        headers.append("kafka_dlt-original-partition", bigEndian(origin.partition))
        headers.append("kafka_dlt-original-offset", bigEndian(offset))
        headers.append("kafka_dlt-original-timestamp", bigEndian(batch.timestampMilliseconds(letter.message)))
        headers.append("kafka_dlt-original-consumer-group", context.consumer)
        headers.append("kafka_dlt-exception-fqcn", letter.code)
        headers.append("kafka_dlt-exception-message", letter.detail)
        headers.append("__connect.errors.topic", origin.topic)
        headers.append("__connect.errors.partition", String(origin.partition))
        headers.append("__connect.errors.offset", String(offset))
        headers.append("__connect.errors.connector.name", context.consumer)
        headers.append("__connect.errors.exception.class.name", letter.code)
        headers.append("__connect.errors.exception.message", letter.detail)
        let id = DeterministicID.make(
            "dead-letter", context.consumer, context.clusterID, origin.topic, String(origin.partition), String(offset),
            letter.code)
        let event = EventHeaders(
            id: id.description, source: "/gradus/\(context.consumer)", type: "gradus.dead-letter.v1",
            contentType: "application/octet-stream", traceparent: letter.trace)
        return OutboxRow(
            topic: topic, key: batch.key(letter.message), event: event, payload: batch.value(letter.message),
            headers: headers)
    }

    private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
