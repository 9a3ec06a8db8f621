public import Contracts
public import Domain
import Foundation
import Kafka
import Logging
import Messaging
public import TestServers

/// Sends events as the services do, and reads a topic from its beginning.
public final class EventStream: Sendable {
    private let broker: KafkaBroker
    private let producer: Producer

    /// Connection attempts while the broker starts are not worth a line.
    private static let logger: Logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }()

    /// A stream on a broker; makes Gradus's topics with four partitions each.
    public init(_ broker: KafkaBroker) throws {
        self.broker = broker
        let logger = Self.logger
        let administration = try TopicAdministration(broker.configuration(), logger: logger)
        for topic in Topic.allCases {
            _ = try administration.create(TopicSpecification(topic.name, partitions: 4))
        }
        try administration.waitUntilVisible(Topic.allCases.map(\.name))
        producer = try Producer(broker.configuration(), logger: logger)
    }

    /// One record to be sent.
    public struct Record: Sendable {
        let topic: String
        let key: String
        let id: String
        let type: String
        let value: [UInt8]

        /// An event under its subject's key; `emission` is its CloudEvents id when that is not `id`.
        public init(
            _ event: some Encodable, id: UUID128, _ type: EventType, key: String, emission: String? = nil
        ) throws {
            topic = type.topic.name
            self.key = key
            self.id = emission ?? id.description
            self.type = type.rawValue
            value = Array(try JSONEncoder().encode(event))
        }

        /// A record that is not what its type says.
        public init(raw: String, type: String, topic: Topic, key: String) {
            self.topic = topic.name
            self.key = key
            id = DeterministicID.make("raw", raw).description
            self.type = type
            value = Array(raw.utf8)
        }
    }

    /// Sends records and waits until the broker has them.
    public func send(_ records: [Record]) throws {
        let batch = producer.makeBatch()
        for record in records {
            let topic = try producer.topic(record.topic)
            var headers = HeaderBuffer()
            EventHeaders(
                id: record.id, source: "/test", type: record.type, subject: record.key, traceparent: Self.trace
            ).write(to: &headers)
            _ = try Array(record.key.utf8).withUnsafeBytes { key in
                try record.value.withUnsafeBytes { value in
                    try producer.produce(to: topic, key: key, value: value, headers: headers, in: batch)
                }
            }
        }
        let report = try producer.wait(for: batch)
        guard report.isComplete, report.failures.isEmpty else {
            throw ServiceProcess.Unavailable(description: "the broker did not take all records")
        }
    }

    /// The keys that services read to reach the broker.
    public func environment(_ database: String) -> [String: String] {
        [
            "GRADUS_DATABASE_URL": database, "GRADUS_KAFKA_BROKERS": broker.bootstrap,
            "GRADUS_KAFKA_PROPERTIES_RECEIVE_MESSAGE_MAX_BYTES": "2000000000",
            "GRADUS_KAFKA_PROPERTIES_SESSION_TIMEOUT_MS": "6000",
        ]
    }

    /// The trace of every record that is sent.
    public static let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    /// The values of the records of a type that a topic holds.
    public func values(_ topic: Topic, type: EventType) throws -> [String] {
        try events(topic, type: type).map(\.value)
    }

    /// The W3C traces of the records of a type that a topic holds.
    public func traces(_ topic: Topic, type: EventType) throws -> [String?] {
        try events(topic, type: type).map(\.headers.traceparent)
    }

    private func events(_ topic: Topic, type: EventType) throws -> [(headers: EventHeaders, value: String)] {
        let logger = Self.logger
        let administration = try TopicAdministration(broker.configuration(), logger: logger)
        let consumer = try Consumer(
            broker.configuration(["group.id": "test-\(UUID().uuidString)"]), logger: logger)
        var ends: [StartPosition] = []
        var wanted: Int64 = 0
        for partition in Int32(0)..<4 {
            let place = TopicPartition(topic.name, partition)
            let marks = try administration.watermarks(of: place)
            wanted += marks.high - marks.low
            ends.append(StartPosition(place, at: marks.low))
        }
        try consumer.assign(ends)
        var events: [(headers: EventHeaders, value: String)] = []
        var read: Int64 = 0
        for _ in 0..<100 where read < wanted {
            _ = try consumer.poll(timeoutMilliseconds: 200, limit: 1000) { message in
                read += 1
                var headers = HeaderList()
                message.forEachHeader { name, value in
                    headers.append(String(decoding: name, as: UTF8.self), value.map { Array($0) })
                }
                if let event = EventHeaders(headers), event.type == type.rawValue, let value = message.value {
                    events.append((event, String(decoding: value, as: UTF8.self)))
                }
            }
        }
        consumer.close(timeoutMilliseconds: 3000)
        return events
    }
}
