/// One partition of one topic.
public struct TopicPartition: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The topic's name.
    public let topic: String
    /// The partition's number, from 0.
    public let partition: Int32

    /// Names one partition.
    public init(_ topic: String, _ partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    /// By topic, then by number.
    public static func < (lhs: TopicPartition, rhs: TopicPartition) -> Bool {
        (lhs.topic, lhs.partition) < (rhs.topic, rhs.partition)
    }

    /// `topic[partition]`.
    public var description: String { "\(topic)[\(partition)]" }
}

/// Where reading of one partition begins.
public struct StartPosition: Hashable, Sendable {
    /// The partition to read.
    public let partition: TopicPartition
    /// The first offset to deliver.
    public let offset: Int64

    /// Reading of `partition` begins at `offset`.
    public init(_ partition: TopicPartition, at offset: Int64) {
        self.partition = partition
        self.offset = offset
    }
}

/// The offsets that a partition still holds.
public struct Watermarks: Hashable, Sendable {
    /// The oldest offset that can still be read.
    public let low: Int64
    /// The offset that the next message will get.
    public let high: Int64

    /// The half-open range `low ..< high`.
    public init(low: Int64, high: Int64) {
        self.low = low
        self.high = high
    }
}
