import CRdKafka

extension Consumer {
    /// The last figures that the client library published; nil before the first.
    public var statistics: ConsumerStatistics? { handle.events.statistics }

    /// True when partitions were taken away before this member could answer, so another one may own them.
    public var isAssignmentLost: Bool { rd_kafka_assignment_lost(handle.pointer) != 0 }

    /// The cluster's own identity; nil when the broker tells none in time.
    public func clusterIdentity(timeoutMilliseconds: Int32) -> String? {
        guard let text = rd_kafka_clusterid(handle.pointer, timeoutMilliseconds) else { return nil }
        defer { rd_kafka_mem_free(handle.pointer, text) }
        return String(cString: text)
    }

    /// The offset after the last message handed over, by partition; a partition without one is left out.
    public func positions(_ partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartition: Int64] {
        let list = PartitionList(partitions)
        try check(list.lend { rd_kafka_position(handle.pointer, $0) }, .positions)
        return try list.offsets()
    }

    /// The watermarks of the last fetch answer, without asking the broker; nil before the first.
    public func knownWatermarks(of partition: TopicPartition) -> Watermarks? {
        var low: Int64 = 0
        var high: Int64 = 0
        let error = rd_kafka_get_watermark_offsets(
            handle.pointer, partition.topic, partition.partition, &low, &high)
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR, high >= 0 else { return nil }
        return Watermarks(low: max(low, 0), high: high)
    }

    /// Asks the broker for the watermarks of one partition.
    public func watermarks(
        of partition: TopicPartition, timeoutMilliseconds: Int32
    ) throws(KafkaError) -> Watermarks {
        try queryWatermarks(handle, partition, timeoutMilliseconds)
    }

    /// The offsets that the group has committed to Kafka; partitions without one are left out.
    public func committed(
        _ partitions: [TopicPartition], timeoutMilliseconds: Int32
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        let list = PartitionList(partitions)
        try check(list.lend { rd_kafka_committed(handle.pointer, $0, timeoutMilliseconds) }, .positions)
        return try list.offsets()
    }

    /// Tells Kafka the next offset of each partition, for lag tools only. Not waited for; failures are ignored, because
    /// the position that counts is in the database.
    public func commitAsync(_ offsets: [TopicPartition: Int64]) {
        guard !offsets.isEmpty, !isClosed else { return }
        let list = PartitionList(capacity: offsets.count)
        for (partition, offset) in offsets { list.add(partition, offset: offset) }
        _ = list.lend { rd_kafka_commit(handle.pointer, $0, 1) }
    }
}

/// Asks the broker for the oldest and the next offset of a partition.
func queryWatermarks(
    _ handle: ClientHandle, _ partition: TopicPartition, _ timeoutMilliseconds: Int32
) throws(KafkaError) -> Watermarks {
    var low: Int64 = 0
    var high: Int64 = 0
    let error = rd_kafka_query_watermark_offsets(
        handle.pointer, partition.topic, partition.partition, &low, &high, timeoutMilliseconds)
    guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
        throw .failed(
            .watermarks, cause: KafkaCause(error), topic: partition.topic, partition: partition.partition)
    }
    return Watermarks(low: low, high: high)
}
