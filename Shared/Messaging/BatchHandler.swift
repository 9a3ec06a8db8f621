public import Domain
public import Kafka
public import Postgres

/// What a service does with messages. One instance serves one writer thread and is never shared.
///
/// The loop opens the transaction and moves the offset before ``process(_:in:_:)``, and writes the outcome's dead
/// letters, outbox rows and counters and commits after it. Nothing that it wrote stands unless the offset does.
///
/// A handler may send to Kafka inside `process`, with a producer of its own: produce, wait for the acknowledgements,
/// return. A crash in between makes the same messages again, so their ids must follow from the input.
///
/// What `process` throws decides what happens:
/// - a database error caused by the data (SQLSTATE class 22 or 23), or a ``ClassifiedFault`` that is not transient, or
///   any unknown error: the batch is halved until the bad message is alone, and that one becomes a dead letter;
/// - a ``ClassifiedFault`` that needs mending: what stands before the message is applied, then the partition stops;
/// - every other database error, a `KafkaError` and a transient ``ClassifiedFault``: the same batch again, for ever,
///   with growing pauses. An outage makes no dead letters.
///
/// Input that is simply wrong is not thrown: it goes into ``BatchOutcome/deadLetters``.
public protocol BatchHandler {
    /// Called after each connect: prepare what belongs to the session.
    mutating func prepare(_ connection: Connection) throws
    /// Applies the messages' effects inside the open transaction.
    mutating func process(
        _ batch: MessageBatch, in transaction: borrowing Transaction, _ context: BatchContext
    ) throws -> BatchOutcome
    /// The last `process` stands: make its changes in memory final.
    mutating func didCommit()
    /// The last `process` does not stand: forget its changes in memory.
    mutating func didRollBack()
}

extension BatchHandler {
    /// Prepares nothing.
    public mutating func prepare(_ connection: Connection) throws {}
    /// Keeps nothing in memory.
    public mutating func didCommit() {}
    /// Keeps nothing in memory.
    public mutating func didRollBack() {}
}

/// Which batch a handler is working on.
public struct BatchContext: Hashable, Sendable {
    /// The consumer's name, as in `stream_offset`.
    public let consumer: String
    /// The identity of the Kafka cluster, as in `stream_offset`.
    public let clusterID: String
    /// The partition.
    public let partition: TopicPartition
    /// Raised by each claim of the partition: what was cached under another epoch is out of date.
    public let epoch: Int64
    /// The writer thread, from 0.
    public let writer: Int

    /// Names a batch's place; made by the loop, and by tests.
    public init(consumer: String, clusterID: String, partition: TopicPartition, epoch: Int64, writer: Int) {
        self.consumer = consumer
        self.clusterID = clusterID
        self.partition = partition
        self.epoch = epoch
        self.writer = writer
    }
}

/// What a batch came to.
public struct BatchOutcome: Sendable {
    /// Messages whose effects were applied.
    public var applied = 0
    /// Messages that had been applied before, under another offset.
    public var duplicates = 0
    /// Messages that can never be applied.
    public var deadLetters: [DeadLetter] = []
    /// Events to publish, in order.
    public var outbox: [OutboxRow] = []
    /// The business time of the newest message.
    public var lastEventTime: Timestamp?

    /// Nothing happened yet.
    public init(
        applied: Int = 0, duplicates: Int = 0, deadLetters: [DeadLetter] = [], outbox: [OutboxRow] = [],
        lastEventTime: Timestamp? = nil
    ) {
        self.applied = applied
        self.duplicates = duplicates
        self.deadLetters = deadLetters
        self.outbox = outbox
        self.lastEventTime = lastEventTime
    }
}

/// A message that can never be applied; its bytes and coordinates are taken from the batch.
public struct DeadLetter: Hashable, Sendable {
    /// The message's index in the batch.
    public let message: Int
    /// The stable code of the reason.
    public let code: String
    /// The reason in plain words, without personal data.
    public let detail: String
    /// The trace that the message belongs to.
    public let trace: String?

    /// Says why a message cannot be applied.
    public init(message: Int, code: String, detail: String, trace: String? = nil) {
        self.message = message
        self.code = code
        self.detail = detail
        self.trace = trace
    }
}

/// An error that knows its code and whether trying again may help.
public protocol ClassifiedFault: Error {
    /// The stable code.
    var code: String { get }
    /// True when the same work may succeed later without any change.
    var isTransient: Bool { get }
    /// True when the message must neither be skipped nor put aside: its partition stops, is reported as stopped, and is
    /// tried again from time to time until somebody has mended what is wrong.
    var needsMending: Bool { get }
}

extension ClassifiedFault {
    /// Most faults are the message's own.
    public var needsMending: Bool { false }
}
