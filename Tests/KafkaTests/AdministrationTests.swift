import Kafka
import TestServers
import Testing

/// On the development broker: the mock cluster has no topic administration.
@Suite(.serialized) struct AdministrationTests {
    let broker: KafkaBroker
    let admin: TopicAdministration
    let topic = freshName("admin")

    init() throws {
        broker = try Brokers.development.get()
        admin = try TopicAdministration(broker.configuration(), logger: quiet)
    }

    @Test func makesATopicOnceAndRemovesIt() throws {
        #expect(try admin.partitionCount(of: topic) == nil)
        let wanted = TopicSpecification(topic, partitions: 12, replicas: 1, properties: ["retention.ms": "1209600000"])
        #expect(try admin.create(wanted))
        try admin.waitUntilVisible([topic])
        #expect(try admin.partitionCount(of: topic) == 12)
        #expect(try admin.create(wanted) == false)
        #expect(try admin.delete(topic))
        #expect(try admin.partitionCount(of: topic) == nil)
    }

    @Test func producesAndConsumesOnTheDevelopmentBroker() throws {
        try admin.create(TopicSpecification(topic, partitions: 3, replicas: 1))
        try admin.waitUntilVisible([topic])
        let producer = try Producer(broker.configuration(), logger: quiet)
        let messages = (0..<3_000).map { (key: "key-\($0 % 100)" as String?, value: "\($0)" as String?) }
        #expect(try producer.send(messages, to: topic) == DeliveryReport.allAcknowledged(3_000))

        let reader = try Reader(broker, group: freshName("g"))
        try reader.consumer.subscribe([topic], listener: reader)
        try reader.poll { $0.received.count >= 3_000 }
        reader.consumer.close()
        let perKey = Dictionary(grouping: reader.received, by: \.key).mapValues {
            $0.compactMap { Int($0.value ?? "") }
        }
        #expect(perKey.count == 100)
        #expect(perKey.values.allSatisfy { $0 == $0.sorted() && $0.count == 30 })
        let total = try (0..<3).map { try admin.watermarks(of: TopicPartition(topic, $0)).high }.reduce(0, +)
        #expect(total == 3_000)
    }

    @Test func givesUpOnATopicThatNeverAppears() {
        #expect(throws: KafkaError.timedOut(.metadata)) {
            try admin.waitUntilVisible([freshName("none")], timeoutMilliseconds: 300)
        }
    }
}
