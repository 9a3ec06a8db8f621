import Foundation
import Kafka
import TestServers
import Testing

/// The group protocol, on the mock cluster: real rebalances and session expiry.
@Suite(.serialized) struct GroupTests {
    let broker: KafkaBroker
    let topic = freshName("group")
    let group = freshName("g")

    init() throws {
        broker = try Brokers.mock.get()
        #expect(broker.command("topic \(topic) 4") == "ok")
    }

    private func fill(_ count: Int) throws {
        let producer = try Producer(broker.configuration(), logger: quiet)
        for partition in 0..<Int32(4) {
            let messages = (0..<count).map { (key: "k\($0)" as String?, value: "v\($0)" as String?) }
            #expect(try producer.send(messages, to: topic, partition: partition).acknowledged == count)
        }
    }

    @Test func startsAtTheOffsetsGivenInTheAssignment() throws {
        try fill(10)
        let reader = try Reader(broker, group: group)
        reader.starts = { Int64($0.partition) * 2 }
        try reader.consumer.subscribe([topic], listener: reader)
        try reader.poll { $0.received.count >= 10 + 8 + 6 + 4 }
        let firsts = Dictionary(reader.received.map { ($0.partition.partition, $0.offset) }) { first, _ in first }
        #expect(firsts == [0: 0, 1: 2, 2: 4, 3: 6])
        #expect(reader.assignments.count == 1)
        #expect((reader.assignments.first?.generation ?? -1) >= 1)
        reader.consumer.close()
        #expect(reader.revocations.count == 1)
    }

    /// With what was fetched but not read still in the client's queue.
    @Test func leavesTheGroupWithMessagesInHand() throws {
        try fill(2_000)
        for round in 0..<20 {
            let isMember = round % 2 == 0
            let reader = try Reader(broker, group: isMember ? freshName("g") : nil)
            if isMember {
                try reader.consumer.subscribe([topic], listener: reader)
            } else {
                try reader.consumer.assign((0..<4).map { StartPosition(TopicPartition(topic, $0), at: 0) })
            }
            try reader.poll { $0.received.count >= 1 }
            usleep(20_000)
            reader.consumer.close()
            #expect(reader.revocations.count == (isMember ? 1 : 0))
        }
    }

    @Test func aPausedPartitionLosesNothing() throws {
        try fill(200)
        let reader = try Reader(broker, group: group, ["queued.min.messages": "10", "fetch.message.max.bytes": "500"])
        try reader.consumer.subscribe([topic], listener: reader)
        try reader.poll { $0.received.count >= 20 }
        let held = TopicPartition(topic, 1)
        for _ in 0..<10 {
            try reader.consumer.pause([held])
            try reader.consumer.pause([held])
            let before = reader.received.count
            try reader.poll(seconds: 1) { $0.received.count >= before + 20 }
            try reader.consumer.resume([held, TopicPartition(topic, 2)])
        }
        try reader.poll { Set($0.received.map { "\($0.partition)\($0.offset)" }).count >= 800 }
        for partition in Set(reader.received.map(\.partition)) {
            let offsets = reader.received.filter { $0.partition == partition }.map(\.offset)
            #expect(offsets == Array(0..<200), "\(partition)")
        }
        reader.consumer.close()
    }

    @Test func aMemberThatStopsPollingLosesItsPartitionsToAnother() throws {
        try fill(5)
        let settings = ["max.poll.interval.ms": "6000"]
        let first = try Reader(broker, group: group, settings)
        try first.consumer.subscribe([topic], listener: first)
        try first.poll { $0.received.count >= 20 }
        let second = try Reader(broker, group: group, settings)
        try second.consumer.subscribe([topic], listener: second)
        try second.poll(seconds: 40) { $0.received.count >= 20 }
        #expect(second.received.count == 20)
        let generations = (first.assignments + second.assignments).compactMap(\.generation)
        #expect(generations == generations.sorted() && Set(generations).count == generations.count)
        try first.poll(seconds: 20) { !$0.revocations.isEmpty }
        #expect(first.revocations.map(\.partitions) == [first.assignments[0].partitions])
        second.consumer.close()
        first.consumer.close()
    }

    @Test func remembersWhatWasCommittedForLagTools() throws {
        try fill(5)
        let reader = try Reader(broker, group: group)
        try reader.consumer.subscribe([topic], listener: reader)
        try reader.poll { $0.received.count >= 20 }
        let partition = TopicPartition(topic, 3)
        reader.consumer.commitAsync([partition: 4])
        var committed: [TopicPartition: Int64] = [:]
        for _ in 0..<50 where committed.isEmpty {
            try reader.poll(seconds: 1) { _ in true }
            committed = try reader.consumer.committed([partition], timeoutMilliseconds: 5_000)
            if committed.isEmpty { Thread.sleep(forTimeInterval: 0.1) }
        }
        #expect(committed == [partition: 4])
        #expect(try reader.consumer.positions([partition]) == [partition: 5])
        #expect(reader.consumer.knownWatermarks(of: partition)?.high == 5)
        #expect(
            try reader.consumer.watermarks(of: partition, timeoutMilliseconds: 5_000) == Watermarks(low: 0, high: 5))
        #expect(reader.consumer.clusterIdentity(timeoutMilliseconds: 5_000)?.isEmpty == false)
        reader.consumer.close()
    }

    @Test func readsWithoutAGroupFromAnOffset() throws {
        try fill(10)
        let reader = try Reader(broker)
        try reader.consumer.assign([StartPosition(TopicPartition(topic, 2), at: 7)])
        try reader.poll { $0.received.count >= 3 }
        #expect(reader.received.map(\.offset) == [7, 8, 9])
        reader.consumer.close()
    }
}
