import Contracts
import Kafka
import Messaging
import Postgres
import ServiceKit

/// What an operator can set of Scoring; the environment variables are `GRADUS_` and the key in capitals.
struct ScoringSettings: ServiceSettings {
    let database: DatabaseSettings
    let kafka: KafkaSettings
    private let group: String
    private let writers: Int
    /// Threads that take steps of closes, each with a connection.
    let closers: Int
    private let batchMessages: Int
    private let batchDelay: Duration
    private let memoryMegabytes: Int
    private let rejectsPerThousand: Int
    private let partitions: Int
    private let storesTraces: Bool
    private let mendingPause: Duration

    init(_ read: SettingsReader) {
        database = DatabaseSettings(read)
        kafka = KafkaSettings(read)
        group = read.string(
            "scoring.group", default: "gradus-scoring", "Consumer group; workers that share it share the work.")
        writers = read.integer(
            "scoring.writers", default: 3, in: 1...32, "Threads that store facts, each with a connection.")
        closers = read.integer(
            "scoring.closers", default: 2, in: 1...32,
            "Threads that publish the results of closes, each with a connection.")
        batchMessages = read.integer(
            "scoring.batch.messages", default: 20_000, in: 1...100_000, "Messages of one partition in one transaction.")
        batchDelay = read.milliseconds(
            "scoring.batch.milliseconds", default: 100, in: 1...10_000, "Longest wait for a batch to fill.")
        memoryMegabytes = read.integer(
            "scoring.memory.megabytes", default: 192, in: 16...16_384, "Messages held in memory, over all partitions.")
        rejectsPerThousand = read.integer(
            "scoring.rejects.per.thousand", default: 200, in: 1...1_000,
            "More rejects than this stop the partition instead of draining it; 1000 never stops.")
        partitions = read.integer(
            "scoring.partitions", default: Topic.defaultPartitions, in: 1...1_000,
            "Partitions of the facts topic; a period is closed when so many have reported.")
        mendingPause = read.seconds(
            "scoring.mending.seconds", default: 30, in: 1...3_600,
            "How long a partition rests whose marker cannot be evaluated before it is tried again.")
        storesTraces = read.boolean(
            "scoring.traces", default: false,
            "Store each result's explanation with it; gradus scheme explain works it out again anyway.")
    }

    /// The loop that reads the facts topic.
    func consumer() throws -> ConsumerLoopSettings {
        var loop = ConsumerLoopSettings(
            consumer: group, topics: [Topic.facts.name],
            kafka: kafka.configuration(["group.id": group, "fetch.message.max.bytes": "1048576"]),
            database: try connection(), schema: "scoring")
        loop.writers = writers
        loop.batchMessages = batchMessages
        loop.batchDelay = batchDelay
        loop.memoryLimit = memoryMegabytes << 20
        loop.readsHeaders = false
        loop.mendingPause = mendingPause
        loop.rejectsPerThousand = rejectsPerThousand == 1_000 ? nil : rejectsPerThousand
        loop.deadLetterTopic = Topic.deadLetters.name
        return loop
    }

    /// The relay that publishes what Scoring found.
    func relay() throws -> OutboxRelaySettings {
        OutboxRelaySettings(schema: "scoring", kafka: kafka.configuration(), database: try connection(), shard: 0)
    }

    func connection() throws(PostgresError) -> ConnectionSettings {
        var settings = try database.connection("gradus-scoring")
        settings.statementTimeoutMilliseconds = 120_000
        return settings
    }

    var facts: FactOptions { FactOptions(partitions: partitions, storesTraces: storesTraces) }
}

/// What a partition's worker has to know beside its messages.
struct FactOptions: Sendable {
    /// Partitions of the facts topic.
    var partitions: Int
    /// Store each result's explanation.
    var storesTraces: Bool
}
