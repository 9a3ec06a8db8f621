public import Domain
public import Kafka

/// What a consumer loop is doing; a snapshot for probes, metrics and people.
public struct ConsumerStatus: Sendable {
    /// The consumer's name.
    public let consumer: String
    /// True once partitions were assigned for the first time.
    public internal(set) var isJoined = false
    /// When the polling thread last came round; far in the past means that it hangs.
    public internal(set) var lastTick = ContinuousClock.now
    /// The partitions of this process, in order.
    public internal(set) var partitions: [PartitionStatus] = []
    /// Why writers are waiting to try again; nil when none is.
    public internal(set) var waitingFor: String?

    /// Messages not yet applied, over all partitions whose end is known.
    public var lag: Int64 { partitions.compactMap(\.lag).reduce(0, +) }
}

/// One partition of a consumer loop.
public struct PartitionStatus: Sendable {
    /// What is being done with a partition.
    public enum State: Hashable, Sendable {
        /// Assigned; the database has not yet been asked for its position.
        case claiming
        /// Being read.
        case running
        /// Held back until writers have caught up.
        case paused
        /// Not read until an operator acts; the reason says why.
        case stopped(reason: String)
    }

    /// The partition.
    public let partition: TopicPartition
    /// What is being done with it.
    public let state: State
    /// The offset after the last applied message.
    public let position: Int64
    /// The offset that the broker gives next; nil before the first answer.
    public let highWatermark: Int64?
    /// When a batch was last committed by this process.
    public let lastCommit: ContinuousClock.Instant?
    /// The business time of the newest applied message.
    public let lastEventTime: Timestamp?

    /// Messages not yet applied; nil before the broker's first answer.
    public var lag: Int64? { highWatermark.map { max(0, $0 - position) } }
}

/// Why a loop cannot go on, or a partition cannot be read.
public enum MessagingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The position lies outside what the broker holds: expired data, or another topic under the same name.
    case positionOutOfRange(TopicPartition, next: Int64, low: Int64, high: Int64)
    /// More messages than allowed were rejected.
    case tooManyRejects(TopicPartition, rejected: Int, of: Int, allowedPerThousand: Int)
    /// The broker does not tell the cluster's identity.
    case unknownCluster
    /// A message can neither be applied nor put aside.
    case needsMending(TopicPartition, offset: Int64, code: String, reason: String)
    /// A handler could not be made.
    case handlerUnavailable(reason: String)

    /// The stable code.
    public var code: String {
        switch self {
        case .positionOutOfRange: "GR-MSG-001"
        case .tooManyRejects: "GR-MSG-002"
        case .unknownCluster: "GR-MSG-003"
        case .handlerUnavailable: "GR-MSG-004"
        case .needsMending: "GR-MSG-005"
        }
    }

    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .positionOutOfRange(let partition, let next, let low, let high):
            "\(code): \(partition) is at offset \(next), but the broker holds \(low) to \(high): the topic was made again "
                + "or data has expired; find the missing messages, then set next_offset in stream_offset"
        case .tooManyRejects(let partition, let rejected, let count, let allowed):
            "\(code): \(rejected) of \(count) messages of \(partition) cannot be applied, more than \(allowed) in a "
                + "thousand; nothing of the batch was stored; look at the source, then restart"
        case .unknownCluster:
            "\(code): the broker does not tell the identity of its cluster; set it in the configuration"
        case .needsMending(let partition, let offset, let code, let reason):
            "\(code): \(partition) stands at offset \(offset) and is tried again from time to time: \(reason)"
        case .handlerUnavailable(let reason):
            "\(code): the service's handler could not be made: \(reason)"
        }
    }
}
