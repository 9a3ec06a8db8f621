public import Kafka

/// Messages of one partition in the order of their offsets, copied into one block of bytes.
///
/// A batch is a view: a part of it shares the block. Indices stay those of the whole, so that what a handler says about
/// message 17 means the same for the whole and for the part.
public struct MessageBatch: Sendable {
    struct Record {
        var offset: Int64
        var timestampMilliseconds: Int64
        var start: Int
        /// Lengths of key, value and headers, which lie one after the other; -1 is null.
        var keyLength: Int32
        var valueLength: Int32
        var headerLength: Int32
    }

    /// The partition that the messages came from.
    public let partition: TopicPartition
    /// The indices of this view's messages.
    public let indices: Range<Int>
    /// The block that ``keyRange(_:)`` and ``valueRange(_:)`` point into; read it once for a whole batch.
    public let bytes: [UInt8]
    let records: [Record]

    init(partition: TopicPartition, bytes: [UInt8], records: [Record]) {
        self.partition = partition
        self.bytes = bytes
        self.records = records
        indices = 0..<records.count
    }

    private init(_ whole: MessageBatch, _ indices: Range<Int>) {
        partition = whole.partition
        bytes = whole.bytes
        records = whole.records
        self.indices = indices
    }

    /// Makes a batch of messages kept elsewhere: for tests and for another attempt at dead letters.
    public init(partition: TopicPartition, messages: [StoredMessage]) {
        var builder = BatchBuilder()
        for message in messages { builder.append(message) }
        self = builder.take(partition)
    }

    /// How many messages the view holds.
    public var count: Int { indices.count }
    /// True when the view holds none.
    public var isEmpty: Bool { indices.isEmpty }
    /// The offset of the first message; 0 when there is none.
    public var firstOffset: Int64 { isEmpty ? 0 : records[indices.lowerBound].offset }
    /// The offset after the last message; 0 when there is none.
    public var nextOffset: Int64 { isEmpty ? 0 : records[indices.upperBound - 1].offset + 1 }

    /// A part of the batch; `part` is in this batch's own indices.
    public subscript(part: Range<Int>) -> MessageBatch {
        precondition(part.lowerBound >= indices.lowerBound && part.upperBound <= indices.upperBound, "not a part")
        return MessageBatch(self, part)
    }

    /// The message's offset.
    public func offset(_ index: Int) -> Int64 { records[index].offset }

    /// When the message was made or appended, in milliseconds since 1970; -1 when unknown.
    public func timestampMilliseconds(_ index: Int) -> Int64 { records[index].timestampMilliseconds }

    /// Where in ``bytes`` the key is; nil for a null key.
    public func keyRange(_ index: Int) -> Range<Int>? {
        let record = records[index]
        return record.keyLength < 0 ? nil : record.start..<record.start + Int(record.keyLength)
    }

    /// Where in ``bytes`` the value is; nil for a null value (a tombstone).
    public func valueRange(_ index: Int) -> Range<Int>? {
        let record = records[index]
        guard record.valueLength >= 0 else { return nil }
        let start = record.start + Int(max(record.keyLength, 0))
        return start..<start + Int(record.valueLength)
    }

    /// A copy of the key.
    public func key(_ index: Int) -> [UInt8]? { keyRange(index).map { Array(bytes[$0]) } }

    /// A copy of the value.
    public func value(_ index: Int) -> [UInt8]? { valueRange(index).map { Array(bytes[$0]) } }

    /// The headers; empty unless the loop was asked to read them.
    public func headers(_ index: Int) -> HeaderList { HeaderList(encoded: headerBytes(index) ?? []) }

    func headerBytes(_ index: Int) -> ArraySlice<UInt8>? {
        let record = records[index]
        guard record.headerLength >= 0 else { return nil }
        let start = record.start + Int(max(record.keyLength, 0)) + Int(max(record.valueLength, 0))
        return bytes[start..<start + Int(record.headerLength)]
    }
}

/// One message with copies of its parts.
public struct StoredMessage: Hashable, Sendable {
    /// Its offset in the partition.
    public var offset: Int64
    /// Milliseconds since 1970; -1 when unknown.
    public var timestampMilliseconds: Int64
    /// nil for a null key.
    public var key: [UInt8]?
    /// nil for a tombstone.
    public var value: [UInt8]?
    /// Its headers, in order.
    public var headers: HeaderList

    /// A message kept outside Kafka.
    public init(
        offset: Int64, timestampMilliseconds: Int64 = -1, key: [UInt8]?, value: [UInt8]?,
        headers: HeaderList = HeaderList()
    ) {
        self.offset = offset
        self.timestampMilliseconds = timestampMilliseconds
        self.key = key
        self.value = value
        self.headers = headers
    }
}

/// Collects messages of one partition until they are handed to a writer.
struct BatchBuilder {
    private var bytes: [UInt8] = []
    private var records: [MessageBatch.Record] = []

    var count: Int { records.count }
    var byteCount: Int { bytes.count + records.count * MemoryLayout<MessageBatch.Record>.stride }
    var nextOffset: Int64 { records.last.map { $0.offset + 1 } ?? 0 }

    mutating func append(_ message: borrowing ConsumedMessage, withHeaders: Bool) {
        let start = bytes.count
        let key = message.key
        let value = message.value
        if let key { bytes.append(contentsOf: key) }
        if let value { bytes.append(contentsOf: value) }
        let headerStart = bytes.count
        if withHeaders { message.forEachHeader { HeaderList.encode($0, $1, into: &bytes) } }
        records.append(
            MessageBatch.Record(
                offset: message.offset, timestampMilliseconds: message.timestampMilliseconds, start: start,
                keyLength: key.map { Int32(clamping: $0.count) } ?? -1,
                valueLength: value.map { Int32(clamping: $0.count) } ?? -1,
                headerLength: withHeaders ? Int32(clamping: bytes.count - headerStart) : -1))
    }

    mutating func append(_ message: StoredMessage) {
        let start = bytes.count
        bytes += message.key ?? []
        bytes += message.value ?? []
        bytes += message.headers.encoded
        records.append(
            MessageBatch.Record(
                offset: message.offset, timestampMilliseconds: message.timestampMilliseconds, start: start,
                keyLength: message.key.map { Int32(clamping: $0.count) } ?? -1,
                valueLength: message.value.map { Int32(clamping: $0.count) } ?? -1,
                headerLength: Int32(clamping: message.headers.encoded.count)))
    }

    mutating func take(_ partition: TopicPartition) -> MessageBatch {
        defer { self = BatchBuilder() }
        return MessageBatch(partition: partition, bytes: bytes, records: records)
    }
}
