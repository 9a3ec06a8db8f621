import CRdKafka

extension Consumer {
    /// Runs inside the library's poll call, on the polling thread.
    func rebalance(
        _ event: rd_kafka_resp_err_t, _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    ) {
        let partitions = PartitionList.read(list)
        if event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            let starts = listener?.assigned(partitions, generation: currentGeneration(), to: self) ?? []
            do throws(KafkaError) {
                try assign(starts)
            } catch {
                listener?.failed(error, on: self)
            }
        } else {
            let isLost = rd_kafka_assignment_lost(handle.pointer) != 0
            listener?.revoked(partitions, lost: isLost, from: self)
            endPauses()
            reading.removeAll()
            topicSlots.removeAll()
            rd_kafka_assign(handle.pointer, nil)
        }
    }

    /// The group's generation; nil when the library does not tell.
    ///
    /// 2.0.2 has no getter. It writes `CGMDv2:` and the generation as 32 bits in host order, and the figure is right
    /// only while partitions are being assigned.
    private func currentGeneration() -> Int32? {
        guard let metadata = rd_kafka_consumer_group_metadata(handle.pointer) else { return nil }
        defer { rd_kafka_consumer_group_metadata_destroy(metadata) }
        var buffer: UnsafeMutableRawPointer?
        var size = 0
        if let error = rd_kafka_consumer_group_metadata_write(metadata, &buffer, &size) {
            rd_kafka_error_destroy(error)
            return nil
        }
        guard let buffer else { return nil }
        defer { rd_kafka_mem_free(handle.pointer, buffer) }
        let bytes = UnsafeRawBufferPointer(start: buffer, count: size)
        let magic = Array("CGMDv2:".utf8)
        guard bytes.count >= magic.count + 4, bytes.prefix(magic.count).elementsEqual(magic) else { return nil }
        let generation = bytes.loadUnaligned(fromByteOffset: magic.count, as: Int32.self)
        return generation >= 0 ? generation : nil
    }

    /// The slot of a message: the topic's handle stays the same throughout one assignment, so no text is compared.
    func slot(of raw: UnsafeMutablePointer<rd_kafka_message_t>) -> Int {
        let partition = Int(raw.pointee.partition)
        if let topic = raw.pointee.rkt {
            for entry in topicSlots where entry.topic == topic {
                if partition < entry.slots.count, entry.slots[partition] >= 0 { return entry.slots[partition] }
            }
            return remember(partition, of: topic)
        }
        return slot(for: TopicPartition("", raw.pointee.partition))
    }

    private func remember(_ partition: Int, of topic: OpaquePointer) -> Int {
        let name = rd_kafka_topic_name(topic).map { String(cString: $0) } ?? ""
        let number = slot(for: TopicPartition(name, Int32(partition)))
        let index = topicSlots.firstIndex { $0.topic == topic } ?? topicSlots.endIndex
        if index == topicSlots.endIndex { topicSlots.append((topic, [])) }
        let missing = partition + 1 - topicSlots[index].slots.count
        if missing > 0 { topicSlots[index].slots.append(contentsOf: repeatElement(-1, count: missing)) }
        topicSlots[index].slots[partition] = number
        return number
    }

    /// The index of `partition` in ``partitions``; made on first use, never changed.
    public func slot(for partition: TopicPartition) -> Int {
        if let slot = slots[partition] { return slot }
        let slot = partitions.count
        partitions.append(partition)
        slots[partition] = slot
        return slot
    }

    /// The error that a message without content stands for; nil when it says nothing that matters.
    func partitionError(_ raw: UnsafeMutablePointer<rd_kafka_message_t>) -> KafkaError? {
        let error = raw.pointee.err
        guard error != RD_KAFKA_RESP_ERR__PARTITION_EOF else { return nil }
        let topic = raw.pointee.rkt.flatMap { rd_kafka_topic_name($0) }.map { String(cString: $0) }
        return .failed(.poll, cause: KafkaCause(error), topic: topic, partition: raw.pointee.partition)
    }
}
