public import Kafka
public import Postgres

/// Where a consumer that has never run begins.
public enum FirstStart: String, Sendable, CaseIterable {
    /// At the oldest message that the broker still has. The right choice where money depends on the stream.
    case earliest
    /// At messages that come after the start; everything before is never seen.
    case latest
}

/// How a ``ConsumerLoop`` works.
public struct ConsumerLoopSettings: Sendable {
    /// The consumer's name in `stream_offset`; also its Kafka group unless `group.id` is set.
    public var consumer: String
    /// The topics to read.
    public var topics: [String]
    /// Properties for the Kafka client.
    public var kafka: KafkaConfiguration
    /// The database of the effects.
    public var database: ConnectionSettings
    /// The schema that holds the service's own tables of the loop (`public.gradus_make_messaging_tables`).
    public var schema: String
    /// Writer threads, each with a connection. Partition p always goes to writer p modulo this number.
    public var writers = 2
    /// The most messages in one transaction.
    public var batchMessages = 20_000
    /// How long messages wait for company before an idle writer takes them.
    public var batchDelay = Duration.milliseconds(100)
    /// The most bytes of messages held in memory; reading stops there until writers have caught up.
    public var memoryLimit = 128 << 20
    /// Where a partition begins that has no row yet.
    public var firstStart = FirstStart.earliest
    /// Whether handlers and dead letters get headers; reading them costs time per message.
    public var readsHeaders = true
    /// More dead letters than this in a thousand messages stop the partition; nil never stops.
    public var rejectsPerThousand: Int? = 200
    /// After so many deaths of the process at one message, the message becomes a dead letter.
    public var crashLimit = 4
    /// Where dead letters are announced, through the outbox; nil keeps them in the table only.
    public var deadLetterTopic: String?
    /// Shards of the service's outbox.
    public var outboxShards = 1
    /// How long a batch's transaction may stand idle, for instance while its handler waits for Kafka, before the server ends
    /// it. A process that stalls inside a transaction keeps its successor waiting for so long.
    public var transactionIdleLimit = Duration.seconds(15)
    /// How long a stop waits for batches under way.
    public var drainLimit = Duration.seconds(5)
    /// How long a partition that waits for something to be mended rests before it is tried again.
    public var mendingPause = Duration.seconds(30)
    /// After so many seconds without a commit, a claim may ignore a newer group generation in the row.
    public var staleClaimSeconds: Int32 = 30
    /// How often positions are told to Kafka, for lag tools.
    public var kafkaCommitInterval = Duration.seconds(2)
    /// Names the cluster in `stream_offset`; nil asks the broker.
    public var clusterID: String?

    /// Settings with the usual figures.
    public init(
        consumer: String, topics: [String], kafka: KafkaConfiguration, database: ConnectionSettings, schema: String
    ) {
        self.consumer = consumer
        self.topics = topics
        self.kafka = kafka
        self.database = database
        self.schema = schema
    }
}
