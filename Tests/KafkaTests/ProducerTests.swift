import Kafka
import TestServers
import Testing

@Suite(.serialized) struct ProducerTests {
    let broker: KafkaBroker
    let topic = freshName("produce")

    init() throws {
        broker = try Brokers.mock.get()
        #expect(broker.command("topic \(topic) 6") == "ok")
    }

    private func readAll(_ count: Int) throws -> [Received] {
        let reader = try Reader(broker)
        try reader.consumer.assign((0..<6).map { StartPosition(TopicPartition(topic, $0), at: 0) })
        try reader.poll { $0.received.count >= count }
        reader.consumer.close()
        return reader.received
    }

    @Test func carriesKeysValuesAndHeadersAsTheyWere() throws {
        let producer = try Producer(broker.configuration(), logger: quiet)
        var headers = HeaderBuffer()
        headers.append("ce_type", "gradus.fact.v1")
        headers.append("nothing", nil)
        headers.append("empty", "")
        let messages: [(key: String?, value: String?)] = [
            (key: "k", value: "v"), (key: nil, value: ""), (key: "k", value: nil), (key: "", value: "x"),
        ]
        let report = try producer.send(messages, to: topic, partition: 5, headers: headers)
        #expect(report == DeliveryReport.allAcknowledged(4))
        let received = try readAll(4)
        #expect(received.map(\.key) == ["k", nil, "k", ""])
        #expect(received.map(\.value) == ["v", "", nil, "x"])
        let expected: [String: String?] = ["ce_type": "gradus.fact.v1", "nothing": Optional<String>.none, "empty": ""]
        #expect(received.allSatisfy { $0.headers == expected })
    }

    /// Partition numbers computed with the Java client's formula, murmur2 of the key, positive, modulo six.
    @Test func partitionsKeysAsJavaProducersDo() throws {
        let producer = try Producer(broker.configuration(), logger: quiet)
        let keys = (0..<50).map { "dongguan-post/manager/rm-\($0)" }
        try producer.send(keys.map { (key: $0, value: "x") }, to: topic)
        for message in try readAll(50) {
            let key = try #require(message.key)
            #expect(message.partition.partition == Int32(murmur2(Array(key.utf8)) & 0x7fff_ffff) % 6)
        }
    }

    @Test func survivesABrokerOutageWithoutLossOrRepetition() throws {
        let producer = try Producer(broker.configuration(), logger: quiet)
        try producer.send([("a", "0")], to: topic, partition: 0)
        let target = try producer.topic(topic)
        let batch = producer.makeBatch()
        // Produce requests that time out or lose their connection are sent again under the same sequence numbers.
        #expect(broker.command("error 0 -195 3") == "ok")
        #expect(broker.command("error 0 6 2") == "ok")
        for number in 1...1_000 {
            try producer.produce(
                to: target, partition: 0, key: "a", value: "\(number)", headers: HeaderBuffer(), in: batch)
        }
        #expect(try producer.wait(for: batch) == DeliveryReport.allAcknowledged(1_000))
        #expect(try readAll(1_001).map(\.value) == (0...1_000).map { "\($0)" })
    }

    @Test func reportsEachFailedMessageByItsIndex() throws {
        let producer = try Producer(
            broker.configuration(["delivery.timeout.ms": "60000", "message.max.bytes": "2000"]), logger: quiet)
        let target = try producer.topic(topic)
        let batch = producer.makeBatch()
        try producer.produce(to: target, partition: 0, key: nil, value: "small", headers: HeaderBuffer(), in: batch)
        #expect {
            try producer.produce(
                to: target, partition: 0, key: nil, value: String(repeating: "x", count: 5_000),
                headers: HeaderBuffer(), in: batch)
        } throws: { ($0 as? KafkaError)?.name == "MSG_SIZE_TOO_LARGE" }
        #expect(try producer.wait(for: batch) == DeliveryReport.allAcknowledged(1))

        // TOPIC_AUTHORIZATION_FAILED cannot be retried, so the message itself fails.
        #expect(broker.command("error 0 29 1") == "ok")
        let refused = producer.makeBatch()
        try producer.produce(to: target, partition: 1, key: nil, value: "x", headers: HeaderBuffer(), in: refused)
        do {
            let report = try producer.wait(for: refused)
            #expect(report.failures.map(\.index) == [0])
            #expect(report.failures.first?.error.isRetriable == false)
        } catch {
            #expect(error.isFatal)
        }
    }

    @Test func tellsItsOwnerToReplaceItAfterAFatalError() throws {
        let producer = try Producer(broker.configuration(), logger: quiet)
        try producer.send([("a", "1")], to: topic, partition: 0)
        producer.injectFatalError()
        #expect {
            try producer.send([("a", "2")], to: topic, partition: 0)
        } throws: { ($0 as? KafkaError)?.isFatal == true && ($0 as? KafkaError)?.code == "GR-KAFKA-003" }
        let replacement = try Producer(broker.configuration(), logger: quiet)
        #expect(try replacement.send([("a", "2")], to: topic, partition: 0).isComplete)
    }
}

extension DeliveryReport {
    static func allAcknowledged(_ count: Int) -> Comparison { Comparison(count: count) }

    struct Comparison { let count: Int }

    static func == (report: DeliveryReport, other: Comparison) -> Bool {
        report.acknowledged == other.count && report.failures.isEmpty
    }
}

/// The 32-bit hash of Kafka's Java client.
func murmur2(_ data: [UInt8]) -> UInt32 {
    let m: UInt32 = 0x5bd1_e995
    var hash = UInt32(0x9747_b28c) ^ UInt32(data.count)
    var index = 0
    while data.count - index >= 4 {
        var k = (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[index + $1]) << UInt32(8 * $1) }
        k &*= m
        k ^= k >> 24
        k &*= m
        hash = (hash &* m) ^ k
        index += 4
    }
    if index < data.count {
        for (shift, byte) in data[index...].enumerated() { hash ^= UInt32(byte) << UInt32(8 * shift) }
        hash &*= m
    }
    hash ^= hash >> 13
    hash &*= m
    return hash ^ (hash >> 15)
}
