import Contracts
import Domain
import Kafka

/// Writes a few messages and waits until the broker has them all.
struct EventWriter {
    private let producer: Producer

    init(_ configuration: KafkaConfiguration) throws {
        producer = try Producer(configuration, logger: OperatorSettings.logger)
    }

    struct Message {
        let topic: String
        var partition: Int32?
        let key: String?
        let value: [UInt8]
        var headers: [(name: String, value: String)] = []
    }

    /// - Throws: what the broker refused; then some messages may have been written.
    func write(_ messages: some Sequence<Message>) throws {
        let batch = producer.makeBatch()
        var topics: [String: ProducerTopic] = [:]
        var headers = HeaderBuffer()
        for message in messages {
            let topic = try topics[message.topic] ?? producer.topic(message.topic)
            topics[message.topic] = topic
            headers.removeAll()
            for header in message.headers { headers.append(name: header.name, value: Array(header.value.utf8)) }
            try message.value.withUnsafeBytes { value in
                _ = try Array((message.key ?? "").utf8).withUnsafeBytes { key in
                    try producer.produce(
                        to: topic, partition: message.partition, key: message.key == nil ? nil : key, value: value,
                        headers: headers, in: batch)
                }
            }
        }
        let report = try producer.wait(for: batch)
        guard let failure = report.failures.first else { return }
        throw OperatorError(
            "GR-OPERATOR-040",
            "the broker refused \(report.failures.count) of \(batch.count) messages: \(failure.error); try again")
    }
}

extension EventWriter.Message {
    /// A marker on the facts topic, which stands in its partition after every fact written before.
    init(marker id: UUID128, type: EventType, partition: Int32, value: [UInt8]) {
        self.init(
            topic: Topic.facts.name, partition: partition, key: nil, value: value,
            headers: [
                ("ce_specversion", "1.0"), ("ce_id", "\(id)"), ("ce_source", "/gradus/operator"),
                ("ce_type", type.rawValue), ("content-type", "application/json"),
            ])
    }
}
