public import Kafka
public import Logging
public import Postgres
public import ServiceLifecycle
import Synchronization

/// How an ``OutboxRelay`` works.
public struct OutboxRelaySettings: Sendable {
    /// The schema that holds the outbox.
    public var schema: String
    /// Properties for the Kafka client.
    public var kafka: KafkaConfiguration
    /// The database of the outbox.
    public var database: ConnectionSettings
    /// The shard to publish; one relay at a time publishes a shard.
    public var shard: Int16 = 0
    /// The most events in one round.
    public var batchEvents: Int32 = 2_000
    /// The pause when there is nothing to publish.
    public var idlePause = Duration.milliseconds(100)
    /// How long a relay that died keeps others out.
    public var leaseSeconds: Int32 = 10

    /// Settings with the usual figures.
    public init(schema: String, kafka: KafkaConfiguration, database: ConnectionSettings, shard: Int16 = 0) {
        self.schema = schema
        self.kafka = kafka
        self.database = database
        self.shard = shard
    }
}

/// What a relay is doing.
public struct OutboxRelayStatus: Hashable, Sendable {
    /// True while this process publishes the shard.
    public internal(set) var isActive = false
    /// Rows waiting, counted up to 100,000.
    public internal(set) var rows: Int64 = 0
    /// Age of the oldest waiting row, in seconds.
    public internal(set) var oldestSeconds: Int64 = 0
    /// Events published since the start.
    public internal(set) var published: Int64 = 0
    /// Producers that had to be replaced after a fatal error.
    public internal(set) var producersReplaced = 0
    /// Why the last round failed; nil after a good one.
    public internal(set) var problem: String?
}

/// Publishes the rows of an outbox in their order and removes them when the broker has acknowledged them.
///
/// A crash between the two publishes rows again, under the same event ids. Nothing overtakes within a key: when an event
/// fails, later ones of its key stay in the table and are sent again after it.
public final class OutboxRelay: Sendable {
    private let settings: OutboxRelaySettings
    private let logger: Logger
    private let stopping = Atomic(false)
    private let state = Mutex(OutboxRelayStatus())

    /// A relay that has not begun.
    public init(_ settings: OutboxRelaySettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
    }

    /// Works on the calling thread until ``stop()``. Outages are waited out.
    ///
    /// - Throws: a wrong configuration of the Kafka client.
    public func run() throws {
        let worker = try RelayWorker(
            settings, logger, { change in self.state.withLock { change(&$0) } }, isStopping: { self.isStopping })
        var backoff = Backoff()
        while !isStopping {
            do {
                let published = try worker.round()
                backoff.reset()
                if published == 0 { _ = pause(settings.idlePause) { isStopping } }
            } catch {
                let problem = "\(error)"
                state.withLock { $0.problem = problem }
                logger.warning("events cannot be published now", metadata: ["reason": "\(problem)"])
                _ = pause(backoff.next()) { isStopping }
            }
        }
        worker.close()
        state.withLock { $0.isActive = false }
    }

    /// Asks the relay to end after the round under way. Any thread may call it.
    public func stop() { stopping.store(true, ordering: .releasing) }

    /// What the relay is doing.
    public var status: OutboxRelayStatus { state.withLock { $0 } }

    private var isStopping: Bool { stopping.load(ordering: .acquiring) }
}

/// Runs a relay as a service, on a thread of its own.
public struct OutboxRelayService: Service {
    private let relay: OutboxRelay

    /// Runs `relay`.
    public init(_ relay: OutboxRelay) {
        self.relay = relay
    }

    /// Returns when the relay has ended.
    public func run() async throws {
        try await runOnThread("outbox", stop: { relay.stop() }, body: { try relay.run() })
    }
}
