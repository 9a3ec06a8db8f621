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

/// Writes one marker into every partition of the facts topic, in each after every fact written before.
struct MarkerWriter {
    struct Marker {
        let type: EventType
        let institution: String
        /// What the marker's id is made of, before the partition.
        let parts: [String]
        /// The JSON for a marker with this id.
        let json: (UUID128) -> String
    }

    private let configuration: KafkaConfiguration

    init(_ configuration: KafkaConfiguration) {
        self.configuration = configuration
    }

    func write(_ markers: [Marker]) throws {
        let administration = try TopicAdministration(configuration, logger: OperatorSettings.logger)
        guard let partitions = try administration.partitionCount(of: Topic.facts.name) else {
            throw OperatorError(
                "GR-OPERATOR-041", "the topic \(Topic.facts.name) does not exist; run gradus topics create",
                exitCode: 69)
        }
        let messages = markers.flatMap { marker in
            (0..<Int32(partitions)).map { partition in
                let id = DeterministicID.make("marker", marker.parts + ["\(partition)"])
                return EventWriter.Message(
                    topic: Topic.facts.name, partition: partition, key: nil, value: Array(marker.json(id).utf8),
                    headers: [
                        ("ce_specversion", "1.0"), ("ce_id", "\(id)"), ("ce_source", "/gradus/operator"),
                        ("ce_type", marker.type.rawValue), ("content-type", "application/json"),
                    ])
            }
        }
        try EventWriter(configuration).write(messages)
    }
}
