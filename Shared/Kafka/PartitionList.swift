import CRdKafka

/// A list of partitions and offsets in the library's own shape, released when it goes out of scope.
struct PartitionList: ~Copyable {
    private let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(capacity: Int) {
        pointer = rd_kafka_topic_partition_list_new(Int32(clamping: capacity))
    }

    init(_ partitions: some Collection<TopicPartition>) {
        self.init(capacity: partitions.count)
        for partition in partitions { add(partition, offset: nil) }
    }

    deinit {
        rd_kafka_topic_partition_list_destroy(pointer)
    }

    func add(_ partition: TopicPartition, offset: Int64?) {
        let entry = rd_kafka_topic_partition_list_add(pointer, partition.topic, partition.partition)
        if let offset { entry?.pointee.offset = offset }
    }

    /// Lends the list to a call of the library. A method, because the list would be released before a call that is only
    /// given its address.
    borrowing func lend(
        _ call: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> rd_kafka_resp_err_t
    ) -> rd_kafka_resp_err_t {
        call(pointer)
    }

    /// The entries of a list that the library owns.
    static func read(_ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) -> [TopicPartition] {
        guard let list, let first = list.pointee.elems else { return [] }
        return UnsafeBufferPointer(start: first, count: Int(list.pointee.cnt)).compactMap { entry in
            entry.topic.map { TopicPartition(String(cString: $0), entry.partition) }
        }
    }

    /// Offsets by partition; entries without a real offset are left out.
    borrowing func offsets() throws(KafkaError) -> [TopicPartition: Int64] {
        var result: [TopicPartition: Int64] = [:]
        guard let first = pointer.pointee.elems else { return result }
        for entry in UnsafeBufferPointer(start: first, count: Int(pointer.pointee.cnt)) {
            guard let name = entry.topic.map({ String(cString: $0) }) else { continue }
            guard entry.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
                throw .failed(.positions, cause: KafkaCause(entry.err), topic: name, partition: entry.partition)
            }
            if entry.offset >= 0 { result[TopicPartition(name, entry.partition)] = entry.offset }
        }
        return result
    }
}
