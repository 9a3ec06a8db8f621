import Foundation
import TestServers
import Testing

@testable import Kafka

@Suite struct IdleRestTests {
    private let start = ContinuousClock.now

    @Test func leavesABrokerAloneThatHoldsEmptyFetches() {
        var rest = IdleRest()
        for second in 0..<20 {
            rest.learn(fetches: second * 50, messages: 0, now: start + .seconds(5 * second))
            #expect(rest.step(count: 0, now: start + .seconds(5 * second)) == .nothing)
        }
    }

    @Test func leavesABrokerAloneThatHasMessagesToGive() {
        var rest = IdleRest()
        for second in 0..<20 {
            rest.learn(fetches: second * 5_000, messages: second * 50_000, now: start + .seconds(5 * second))
            #expect(rest.step(count: 10, now: start + .seconds(5 * second)) == .nothing)
        }
    }

    @Test func restsBetweenShortLooksAtABrokerThatAnswersAtOnce() {
        var rest = IdleRest()
        rest.learn(fetches: 0, messages: 0, now: start)
        rest.learn(fetches: 20_000, messages: 0, now: start + .seconds(5))
        let later = start + .seconds(6)
        #expect(rest.step(count: 0, now: later) == .rest)
        rest.begin(later)
        #expect(rest.step(count: 0, now: later + .milliseconds(150)) == .nothing)
        #expect(rest.step(count: 0, now: later + .milliseconds(205)) == .wake)
        // As long as messages come, or the broker says that some are there, it stays awake.
        #expect(rest.step(count: 5, now: later + .milliseconds(210)) == .nothing)
        #expect(rest.step(count: 0, now: later + .milliseconds(700)) == .nothing)
        #expect(rest.step(count: 0, now: later + .milliseconds(715)) == .rest)
        rest.postpone(later + .milliseconds(715))
        #expect(rest.step(count: 0, now: later + .milliseconds(1_200)) == .nothing)
        #expect(rest.step(count: 0, now: later + .milliseconds(1_220)) == .rest)
    }

    /// Messages that come in drips while partitions rest and wake, on the broker that makes it necessary.
    @Test func losesNothingWhilePartitionsRestAndWake() throws {
        let broker = try Brokers.development.get()
        let admin = try TopicAdministration(broker.configuration(), logger: quiet)
        let topic = freshName("rest")
        try admin.create(TopicSpecification(topic, partitions: 3, replicas: 1))
        try admin.waitUntilVisible([topic])
        let reader = try Reader(broker, group: freshName("g"), ["statistics.interval.ms": "1000"])
        try reader.consumer.subscribe([topic], listener: reader)
        try reader.poll(seconds: 30) { $0.consumer.rest.isResting }
        #expect(reader.consumer.rest.isResting)

        let producer = try Producer(broker.configuration(), logger: quiet)
        for round in 0..<60 {
            try producer.send([("k\(round % 7)", "\(round)")], to: topic)
            try reader.poll(seconds: 1) { _ in round % 3 == 0 || Int.random(in: 0..<4) == 0 }
        }
        try reader.poll(seconds: 20) { $0.received.count >= 60 }
        #expect(reader.received.compactMap { Int($0.value ?? "") }.sorted() == Array(0..<60))

        // An answer that is too large to arrive within a look.
        let padding = String(repeating: "x", count: 1_000)
        try producer.send((0..<30_000).map { (key: "k\($0)", value: padding) }, to: topic)
        try reader.poll(seconds: 60) { $0.received.count >= 30_060 }
        #expect(reader.received.count == 30_060)
        reader.consumer.close()
    }
}
