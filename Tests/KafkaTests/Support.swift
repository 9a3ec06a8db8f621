import Foundation
import Kafka
import Logging
import TestServers

/// One cluster of each kind for all suites of this module.
enum Brokers {
    static let mock = Result { try KafkaBroker.mock(brokers: 3) }
    static let development = Result { try KafkaBroker.development() }
}

let quiet: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
}()

func freshName(_ prefix: String) -> String { "\(prefix)-\(UUID().uuidString.prefix(8).lowercased())" }

/// A message copied out of the client library.
struct Received: Equatable {
    var partition: TopicPartition
    var offset: Int64
    var key: String?
    var value: String?
    var headers: [String: String?] = [:]
}

/// Collects what a consumer hears and reads, on the test's own thread.
final class Reader: RebalanceListener {
    let consumer: Consumer
    var starts: (TopicPartition) -> Int64 = { _ in 0 }
    private(set) var received: [Received] = []
    private(set) var assignments: [(partitions: [TopicPartition], generation: Int32?)] = []
    private(set) var revocations: [(partitions: [TopicPartition], lost: Bool)] = []
    private(set) var failures: [KafkaError] = []

    init(_ broker: KafkaBroker, group: String? = nil, _ extra: [String: String] = [:]) throws {
        var extra = extra
        if let group { extra["group.id"] = group }
        consumer = try Consumer(broker.configuration(extra), logger: quiet)
    }

    func assigned(_ partitions: [TopicPartition], generation: Int32?, to consumer: Consumer) -> [StartPosition] {
        assignments.append((partitions.sorted(), generation))
        return partitions.map { StartPosition($0, at: starts($0)) }
    }

    func revoked(_ partitions: [TopicPartition], lost: Bool, from consumer: Consumer) {
        revocations.append((partitions.sorted(), lost))
    }

    func failed(_ error: KafkaError, on consumer: Consumer) { failures.append(error) }

    /// Polls until `isDone`, for at most `seconds`.
    func poll(seconds: Int = 30, until isDone: (Reader) -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while !isDone(self), ContinuousClock.now < deadline {
            _ = try consumer.poll(timeoutMilliseconds: 50, limit: 500) { message in
                var copy = Received(
                    partition: consumer.partitions[message.slot], offset: message.offset,
                    key: message.key.map { String(decoding: $0, as: UTF8.self) },
                    value: message.value.map { String(decoding: $0, as: UTF8.self) })
                message.forEachHeader { name, value in
                    copy.headers[String(decoding: name, as: UTF8.self)] =
                        .some(value.map { String(decoding: $0, as: UTF8.self) })
                }
                received.append(copy)
            }
        }
    }
}

extension Producer {
    /// Sends texts and waits for all of them.
    @discardableResult
    func send(
        _ messages: [(key: String?, value: String?)], to topic: String, partition: Int32? = nil,
        headers: HeaderBuffer = HeaderBuffer()
    ) throws -> DeliveryReport {
        let target = try self.topic(topic)
        let batch = makeBatch()
        for message in messages {
            try produce(
                to: target, partition: partition, key: message.key, value: message.value, headers: headers, in: batch)
        }
        return try wait(for: batch, timeoutMilliseconds: 60_000)
    }

    func produce(
        to topic: ProducerTopic, partition: Int32?, key: String?, value: String?, headers: HeaderBuffer,
        in batch: DeliveryBatch
    ) throws {
        let key = key.map { Array($0.utf8) }
        let value = value.map { Array($0.utf8) }
        try borrowed(key) { key throws in
            try borrowed(value) { value throws in
                _ = try produce(
                    to: topic, partition: partition, key: key, value: value, headers: headers, in: batch)
            }
        }
    }
}

private func borrowed(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) throws -> Void) throws {
    guard let bytes else { return try body(nil) }
    try bytes.withUnsafeBytes { try body($0) }
}
