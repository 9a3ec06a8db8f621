import Foundation
import Kafka

/// Reads a topic once from its beginning to the end it has at the start.
struct TopicReader {
    private let configuration: KafkaConfiguration
    private let topic: String

    struct Event {
        let partition: Int32
        let offset: Int64
        let key: String
        let type: String
        let value: [UInt8]

        /// `{"type":…,"key":…,"partition":…,"offset":…,"data":…}`; data that is not JSON stands as a text.
        var jsonLine: String {
            let text = String(decoding: value, as: UTF8.self)
            let isJSON = (try? JSONSerialization.jsonObject(with: Data(value), options: .fragmentsAllowed)) != nil
            let data = isJSON ? text : Self.quoted(text)
            return #"{"type":\#(Self.quoted(type)),"key":\#(Self.quoted(key)),"partition":\#(partition),"#
                + #""offset":\#(offset),"data":\#(data)}"#
        }

        private static func quoted(_ text: String) -> String {
            let encoded = (try? JSONEncoder().encode(text)) ?? Data(#""""#.utf8)
            return String(decoding: encoded, as: UTF8.self)
        }
    }

    init(_ configuration: KafkaConfiguration, topic: String) {
        self.configuration = configuration
        self.topic = topic
    }

    /// Hands over every message in the order of partition and offset.
    ///
    /// - Parameter starts: where to begin in a partition that was read before.
    func read(from starts: [Int32: Int64] = [:], _ body: (Event) -> Void) throws {
        let administration = try TopicAdministration(configuration, logger: OperatorSettings.logger)
        guard let partitions = try administration.partitionCount(of: topic) else {
            throw OperatorError("GR-OPERATOR-042", "there is no topic \(topic); see gradus topics list", exitCode: 66)
        }
        let consumer = try Consumer(
            configuration.merging(["group.id": "gradus-reader"]), logger: OperatorSettings.logger)
        defer { consumer.close() }
        for partition in 0..<Int32(partitions) {
            let place = TopicPartition(topic, partition)
            let marks = try administration.watermarks(of: place)
            var next = max(marks.low, starts[partition] ?? 0)
            guard marks.high > next else { continue }
            try consumer.assign([StartPosition(place, at: next)])
            while next < marks.high {
                _ = try consumer.poll(timeoutMilliseconds: 500, limit: 1_000) { message in
                    guard message.offset < marks.high else { return }
                    next = message.offset + 1
                    body(Self.event(message, partition))
                }
            }
        }
    }

    private static func event(_ message: borrowing ConsumedMessage, _ partition: Int32) -> Event {
        var type = ""
        message.forEachHeader { name, value in
            if name.elementsEqual("ce_type".utf8), let value { type = String(decoding: value, as: UTF8.self) }
        }
        return Event(
            partition: partition, offset: message.offset,
            key: message.key.map { String(decoding: $0, as: UTF8.self) } ?? "",
            type: type, value: message.value.map { Array($0) } ?? [])
    }
}
