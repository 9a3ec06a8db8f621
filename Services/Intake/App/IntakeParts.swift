import Contracts
import Foundation
import IntakeCore
import Kafka
import Logging
import Messaging
import Metrics
import Postgres
import ServiceKit

/// The parts of the service, made once from its settings.
struct IntakeParts: Sendable {
    let catalogue: SourceCatalogue
    let consumer: ConsumerLoop
    let relay: OutboxRelay
    let pool: Pool
    let requests: Lane<IngestSession>
    let folders: Lane<FolderWatcher>
    let reconciler: Lane<Reconciler>
    let heartbeats: [Heartbeat]
    let stop = StopSignal()
    let settings: IntakeSettings
    let logger: Logger

    init(_ settings: IntakeSettings, logger: Logger, metrics registry: MetricsRegistry? = nil) throws {
        self.settings = settings
        self.logger = logger
        let database = try settings.databaseSettings()
        let catalogue = try Self.catalogue(settings, database)
        let sender = FactSender(settings.kafka.configuration(), logger: logger)
        let metrics = IntakeMetrics(registry)
        self.catalogue = catalogue
        pool = Pool(database, connections: settings.connections)
        let heartbeats = ["requests", "folders", "credits"].map { Heartbeat($0, limit: .seconds(360)) }
        self.heartbeats = heartbeats
        let session: @Sendable (Int16) throws -> IngestSession = { writer in
            IngestSession(
                connection: try Connection(database),
                ingestor: Ingestor(catalogue, sender: sender, writer: writer), metrics: metrics)
        }
        requests = Lane("requests", heartbeats[0]) { try session(100) }
        let root = URL(filePath: settings.folderRoot, directoryHint: .isDirectory)
        folders = Lane("folders", heartbeats[1]) {
            FolderWatcher(session: try session(101), root: root, logger: logger)
        }
        reconciler = try Self.reconciler(settings, catalogue, heartbeats[2], logger)
        consumer = ConsumerLoop(try Self.loop(settings, catalogue, database), logger: logger) { writer in
            KafkaDoor(Ingestor(catalogue, sender: sender, writer: Int16(writer)), metrics: metrics)
        }
        relay = OutboxRelay(
            OutboxRelaySettings(schema: "intake", kafka: settings.kafka.configuration(), database: database),
            logger: logger)
    }

    private static func catalogue(_ settings: IntakeSettings, _ database: ConnectionSettings) throws -> SourceCatalogue
    {
        do {
            return try SourceCatalogue(settings.sources(), on: Connection(database))
        } catch let faults as ConfigurationFaults {
            throw IntakeFault.sources(.init(path: settings.sourcesFile, text: faults.description))
        }
    }

    private static func loop(
        _ settings: IntakeSettings, _ catalogue: SourceCatalogue, _ database: ConnectionSettings
    ) throws -> ConsumerLoopSettings {
        var loop = ConsumerLoopSettings(
            consumer: settings.group, topics: catalogue.topics.keys.sorted(),
            kafka: settings.kafka.configuration(["group.id": settings.group]), database: database, schema: "intake")
        loop.writers = settings.writers
        loop.batchMessages = settings.batch
        loop.batchDelay = settings.delay
        loop.rejectsPerThousand = settings.rejects == 1000 ? nil : settings.rejects
        loop.deadLetterTopic = Topic.deadLetters.name
        loop.readsHeaders = catalogue.document.sources.contains {
            if case .kafka(_, cloudEvents: true) = $0.inlet { true } else { false }
        }
        return loop
    }

    private static func reconciler(
        _ settings: IntakeSettings, _ catalogue: SourceCatalogue, _ heartbeat: Heartbeat, _ logger: Logger
    ) throws -> Lane<Reconciler> {
        var database = try settings.databaseSettings()
        // A comparison of a whole period reads every credit of it.
        database.statementTimeoutMilliseconds = 600_000
        database.lockTimeoutMilliseconds = 120_000
        let (connection, stock) = (database, catalogue.document.stock)
        let kafka = settings.kafka.configuration()
        return Lane("credits", heartbeat) {
            Reconciler(
                connection: try Connection(connection),
                position: FactsPosition(topics: try TopicAdministration(kafka, logger: logger)),
                crediting: Crediting(stock: stock), logger: logger)
        }
    }

    /// Routes and probes.
    func attach(to host: ServiceHost) {
        FactsRoute(lane: requests, sources: catalogue.httpSources, batchLimit: settings.batchEvents).add(to: host)
        AccountingRoute(pool: pool).add(to: host)
        CreditCheckRoute(lane: reconciler, stop: stop).add(to: host)
        for heartbeat in heartbeats { host.probes.watch(heartbeat) }
        let (consumer, pool) = (consumer, pool)
        host.probes.require("kafka group") {
            guard consumer.status.isJoined else { throw IntakeFault.notJoined }
        }
        host.probes.require("database") { try await pool.ping() }
    }

    /// The threads, those that others depend on first.
    var services: [BlockingService] {
        [
            BlockingService("relay") { [relay] stop in
                stop.onStop { relay.stop() }
                try relay.run()
            },
            BlockingService("credits") { [self] stop in
                stop.onStop { self.stop.stop() }
                try reconciler.run(until: stop, every: .milliseconds(500), logger: logger) { reconciler in
                    // Long work leaves room for requests now and then.
                    let end = ContinuousClock.now + .seconds(5)
                    while try reconciler.round({ stop.isStopping }).customers > 0, ContinuousClock.now < end {}
                }
            },
            BlockingService("folders") { [self] stop in
                try folders.run(until: stop, every: settings.folderInterval, logger: logger) { watcher in
                    try watcher.look { stop.isStopping }
                }
            },
            BlockingService("requests") { [self] stop in
                try requests.run(until: stop, every: .seconds(60), logger: logger) { _ in }
            },
            BlockingService("consumer") { [consumer] stop in
                stop.onStop { consumer.stop() }
                try consumer.run()
            },
        ]
    }
}
