import CRdKafka

/// What a call to the broker was for, so that an error says where it happened.
public enum KafkaOperation: String, Hashable, Sendable {
    case start, subscribe, assign, poll, pause, resume, commit, positions, watermarks, produce, delivery, flush
    case close, clusterIdentity, metadata, createTopic, deleteTopic
}

/// Why the broker or the client library refused, in the terms a caller can act on.
public enum KafkaError: Error, Hashable, Sendable {
    /// A property is unknown, has a wrong value, or may not be set here. Values are never repeated: they may be secret.
    case misconfigured(property: String, reason: String)
    /// One operation failed; `cause.isRetriable` says whether the same call may succeed later.
    case failed(KafkaOperation, cause: KafkaCause, topic: String?, partition: Int32?)
    /// The client is beyond repair: close it and make another one.
    case fatal(cause: KafkaCause, detail: String)
    /// No answer in the time allowed; the outcome is unknown.
    case timedOut(KafkaOperation)
    /// The client was closed before the call.
    case closed(KafkaOperation)

    /// A stable code for logs, metrics and runbooks.
    public var code: String {
        switch self {
        case .misconfigured: "GR-KAFKA-001"
        case .failed: "GR-KAFKA-002"
        case .fatal: "GR-KAFKA-003"
        case .timedOut: "GR-KAFKA-004"
        case .closed: "GR-KAFKA-005"
        }
    }

    /// True when the same call may succeed later without any change.
    public var isRetriable: Bool {
        switch self {
        case .failed(_, let cause, _, _): cause.isRetriable
        case .timedOut: true
        case .misconfigured, .fatal, .closed: false
        }
    }

    /// True when this client can do nothing any more and must be replaced.
    public var isFatal: Bool {
        switch self {
        case .fatal, .closed: true
        case .misconfigured, .failed, .timedOut: false
        }
    }

    /// The broker's or library's own name for the cause, such as `_TRANSPORT` or `TOPIC_AUTHORIZATION_FAILED`.
    public var name: String {
        switch self {
        case .misconfigured: "CONFIGURATION"
        case .failed(_, let cause, _, _), .fatal(let cause, _): cause.name
        case .timedOut: "TIMED_OUT"
        case .closed: "CLOSED"
        }
    }
}

extension KafkaError: CustomStringConvertible {
    /// One plain sentence: what is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .misconfigured(let property, let reason):
            "\(code): Kafka property '\(property)': \(reason)"
        case .failed(let operation, let cause, let topic, let partition):
            "\(code): Kafka \(operation.rawValue) failed\(Self.place(topic, partition)): \(cause)"
        case .fatal(let cause, let detail):
            "\(code): the Kafka client cannot go on (\(cause)): \(detail); it must be closed and made again"
        case .timedOut(let operation):
            "\(code): Kafka \(operation.rawValue) got no answer in time; check that the brokers can be reached"
        case .closed(let operation):
            "\(code): Kafka \(operation.rawValue) was called after the client had been closed"
        }
    }

    private static func place(_ topic: String?, _ partition: Int32?) -> String {
        guard let topic else { return "" }
        guard let partition, partition >= 0 else { return " for topic \(topic)" }
        return " for \(topic)[\(partition)]"
    }
}

/// An error number of the protocol (positive) or of the client library (negative), with its name.
public struct KafkaCause: Hashable, Sendable, CustomStringConvertible {
    /// The number used by the Kafka protocol, or a negative one of the client library.
    public let number: Int32

    /// Wraps an error number.
    public init(number: Int32) {
        self.number = number
    }

    init(_ error: rd_kafka_resp_err_t) {
        number = error.rawValue
    }

    var error: rd_kafka_resp_err_t { rd_kafka_resp_err_t(rawValue: number) }

    /// The short name, such as `_ALL_BROKERS_DOWN`.
    public var name: String {
        rd_kafka_err2name(error).map { String(cString: $0) } ?? "ERROR_\(number)"
    }

    /// The name and the library's sentence about it.
    public var description: String {
        let text = rd_kafka_err2str(error).map { String(cString: $0) } ?? "unknown error"
        return "\(name) (\(text))"
    }

    /// True for outages and changes of leadership: the same request may succeed later.
    public var isRetriable: Bool { Self.retriable.contains(number) }

    private static let retriable: Set<Int32> = Set(
        [
            RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__TIMED_OUT,
            RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__QUEUE_FULL, RD_KAFKA_RESP_ERR__RESOLVE,
            RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR__RETRY,
            RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, RD_KAFKA_RESP_ERR__IN_PROGRESS,
            RD_KAFKA_RESP_ERR__STATE, RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST, RD_KAFKA_RESP_ERR__DESTROY,
            RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
            RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            RD_KAFKA_RESP_ERR_NOT_CONTROLLER, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
            RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND,
            RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_PREFERRED_LEADER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED,
        ].map(\.rawValue))
}
