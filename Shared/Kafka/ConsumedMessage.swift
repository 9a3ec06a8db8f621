import CRdKafka

/// A message on loan: its bytes belong to the client library and are gone when the polling closure returns.
public struct ConsumedMessage: ~Copyable {
    let raw: UnsafeMutablePointer<rd_kafka_message_t>

    /// Index into ``Consumer/partitions`` of the partition it came from.
    public let slot: Int

    /// Its offset in the partition.
    public var offset: Int64 { raw.pointee.offset }

    /// When it was made or appended, in milliseconds since 1970; -1 when the broker does not say.
    public var timestampMilliseconds: Int64 { rd_kafka_message_timestamp(raw, nil) }

    /// The key's bytes; nil for a null key.
    public var key: UnsafeRawBufferPointer? {
        raw.pointee.key.map { UnsafeRawBufferPointer(start: $0, count: raw.pointee.key_len) }
    }

    /// The value's bytes; nil for a null value (a tombstone).
    public var value: UnsafeRawBufferPointer? {
        raw.pointee.payload.map { UnsafeRawBufferPointer(start: $0, count: raw.pointee.len) }
    }

    /// Calls `body` with each header's name and value, in order. Headers are parsed only when this is called.
    public func forEachHeader(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer?) -> Void) {
        var list: OpaquePointer?
        guard rd_kafka_message_headers(raw, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return }
        var index = 0
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rd_kafka_header_get_all(list, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
            if let name {
                let nameBytes = UnsafeRawBufferPointer(start: name, count: strlen(name))
                body(nameBytes, value.map { UnsafeRawBufferPointer(start: $0, count: size) })
            }
            index += 1
        }
    }
}
