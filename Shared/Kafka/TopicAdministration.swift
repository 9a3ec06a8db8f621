import CRdKafka
import Foundation
public import Logging

/// A topic to be made.
public struct TopicSpecification: Hashable, Sendable {
    /// The topic's name.
    public let name: String
    /// How many partitions; fixed for good, because more would move keys to other partitions.
    public let partitions: Int32
    /// Copies of each partition; -1 leaves it to the broker.
    public let replicas: Int32
    /// Topic properties of the broker, such as `retention.ms`.
    public let properties: [String: String]

    /// Describes a topic to be made.
    public init(_ name: String, partitions: Int32, replicas: Int32 = -1, properties: [String: String] = [:]) {
        self.name = name
        self.partitions = partitions
        self.replicas = replicas
        self.properties = properties
    }
}

/// Makes, lists and removes topics.
public final class TopicAdministration: Sendable {
    private let handle: ClientHandle

    /// Makes an administration client; connecting happens in the background.
    public init(_ configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
        let native = try configuration.makeNative(over: [:], fixed: [:])
        handle = try ClientHandle(RD_KAFKA_PRODUCER, native: native, events: ClientEvents(logger: logger))
    }

    /// Makes a topic. Returns false, and changes nothing, when it exists already.
    @discardableResult
    public func create(_ topic: TopicSpecification, timeoutMilliseconds: Int32 = 15_000) throws(KafkaError) -> Bool {
        var text = [CChar](repeating: 0, count: 256)
        guard
            let new = rd_kafka_NewTopic_new(topic.name, topic.partitions, topic.replicas, &text, text.count)
        else {
            throw .misconfigured(property: "topic \(topic.name)", reason: String(nullTerminated: text))
        }
        defer { rd_kafka_NewTopic_destroy(new) }
        for (name, value) in topic.properties { rd_kafka_NewTopic_set_config(new, name, value) }
        let handle = handle
        let error = try request(
            RD_KAFKA_ADMIN_OP_CREATETOPICS, .createTopic, timeoutMilliseconds,
            send: { options, queue in
                var list: [OpaquePointer?] = [new]
                rd_kafka_CreateTopics(handle.pointer, &list, 1, options, queue)
            },
            results: { event, count in
                rd_kafka_event_CreateTopics_result(event).flatMap { rd_kafka_CreateTopics_result_topics($0, count) }
            })
        if error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS { return false }
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw .failed(.createTopic, cause: KafkaCause(error), topic: topic.name, partition: nil)
        }
        return true
    }

    /// Removes a topic and all its messages. Returns false when there is none.
    @discardableResult
    public func delete(_ topic: String, timeoutMilliseconds: Int32 = 15_000) throws(KafkaError) -> Bool {
        guard let doomed = rd_kafka_DeleteTopic_new(topic) else {
            throw .misconfigured(property: "topic \(topic)", reason: "the name is not acceptable")
        }
        defer { rd_kafka_DeleteTopic_destroy(doomed) }
        let handle = handle
        let error = try request(
            RD_KAFKA_ADMIN_OP_DELETETOPICS, .deleteTopic, timeoutMilliseconds,
            send: { options, queue in
                var list: [OpaquePointer?] = [doomed]
                rd_kafka_DeleteTopics(handle.pointer, &list, 1, options, queue)
            },
            results: { event, count in
                rd_kafka_event_DeleteTopics_result(event).flatMap { rd_kafka_DeleteTopics_result_topics($0, count) }
            })
        if error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART { return false }
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw .failed(.deleteTopic, cause: KafkaCause(error), topic: topic, partition: nil)
        }
        return true
    }

    /// Partition counts of all topics of the cluster, by name.
    public func partitionCounts(timeoutMilliseconds: Int32 = 10_000) throws(KafkaError) -> [String: Int] {
        try metadata(of: nil, timeoutMilliseconds)
    }

    /// The number of partitions of `topic`; nil when it does not exist.
    public func partitionCount(of topic: String, timeoutMilliseconds: Int32 = 10_000) throws(KafkaError) -> Int? {
        // All topics are asked for: asking for one by name can make a broker create it.
        try metadata(of: nil, timeoutMilliseconds)[topic]
    }

    /// Waits until the brokers answer for every topic of `topics`.
    public func waitUntilVisible(_ topics: [String], timeoutMilliseconds: Int = 15_000) throws(KafkaError) {
        let deadline = ContinuousClock.now + .milliseconds(timeoutMilliseconds)
        while true {
            do {
                let known = try partitionCounts(timeoutMilliseconds: 2_000)
                if topics.allSatisfy({ (known[$0] ?? 0) > 0 }) { return }
            } catch  where error.isRetriable {
                // Not reachable yet; the deadline bounds the wait.
            }
            guard ContinuousClock.now < deadline else { throw .timedOut(.metadata) }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    /// The oldest and the next offset of one partition.
    public func watermarks(
        of partition: TopicPartition, timeoutMilliseconds: Int32 = 10_000
    ) throws(KafkaError) -> Watermarks {
        try queryWatermarks(handle, partition, timeoutMilliseconds)
    }

    private func metadata(of topic: OpaquePointer?, _ timeout: Int32) throws(KafkaError) -> [String: Int] {
        var answer: UnsafePointer<rd_kafka_metadata>?
        let error = rd_kafka_metadata(handle.pointer, 1, topic, &answer, timeout)
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR, let answer else {
            throw .failed(.metadata, cause: KafkaCause(error), topic: nil, partition: nil)
        }
        defer { rd_kafka_metadata_destroy(answer) }
        var counts: [String: Int] = [:]
        for topic in UnsafeBufferPointer(start: answer.pointee.topics, count: Int(answer.pointee.topic_cnt))
        where topic.err == RD_KAFKA_RESP_ERR_NO_ERROR {
            if let name = topic.topic { counts[String(cString: name)] = Int(topic.partition_cnt) }
        }
        return counts
    }

    /// Sends one administration request and returns the error of its only topic.
    private func request(
        _ kind: rd_kafka_admin_op_t, _ operation: KafkaOperation, _ timeout: Int32,
        send: (OpaquePointer?, OpaquePointer?) -> Void,
        results: (OpaquePointer, UnsafeMutablePointer<Int>) -> UnsafeMutablePointer<OpaquePointer?>?
    ) throws(KafkaError) -> rd_kafka_resp_err_t {
        let options = rd_kafka_AdminOptions_new(handle.pointer, kind)
        defer { rd_kafka_AdminOptions_destroy(options) }
        var text = [CChar](repeating: 0, count: 256)
        rd_kafka_AdminOptions_set_request_timeout(options, timeout, &text, text.count)
        rd_kafka_AdminOptions_set_operation_timeout(options, timeout, &text, text.count)
        let queue = rd_kafka_queue_new(handle.pointer)
        defer { rd_kafka_queue_destroy(queue) }
        send(options, queue)
        guard let event = rd_kafka_queue_poll(queue, timeout + 1_000) else { throw .timedOut(operation) }
        defer { rd_kafka_event_destroy(event) }
        let error = rd_kafka_event_error(event)
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR else { return error }
        var count = 0
        guard let list = results(event, &count), count > 0, let first = list[0] else { return error }
        return rd_kafka_topic_result_error(first)
    }
}
