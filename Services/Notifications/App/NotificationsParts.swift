import Messaging
import NotificationsCore
import Postgres
import SchemeLibrary
import ServiceKit
import ServiceLifecycle

/// The parts of the service, made once from its settings and wired to its probes.
struct NotificationsParts: Sendable {
    let pool: Pool
    let consumer: ConsumerLoop
    let relay: OutboxRelay
    let post: PostWorker
    let webhooks: WebhookWorker?
    let institution: String?

    init(_ settings: NotificationsSettings, _ host: ServiceHost) throws {
        let database = try settings.databaseSettings()
        let pool = Pool(database, connections: settings.connections)
        let shelf = RuleShelf(SchemeLibrary())
        let people = ReaderStore(
            usesEmail: settings.smtp != nil, usesWebhooks: settings.webhookKey != nil, gateway: settings.gateway)
        let store = DeliveryStore(
            policy: settings.policy, leaseSeconds: Int32(settings.leaseSeconds), gateway: settings.gateway)
        self.pool = pool
        institution = settings.institution
        consumer = ConsumerLoop(try settings.consumer(), logger: host.logger) { _ in
            NoticeHandler(shelf: shelf, people: people)
        }
        relay = OutboxRelay(try settings.relay(), logger: host.logger)
        post = PostWorker(
            database: database, store: store, smtp: settings.smtp, sender: settings.sender,
            mailDomain: settings.mailDomain, interval: settings.interval,
            heartbeat: Heartbeat("inbox and e-mail", limit: .seconds(120)), logger: host.logger)
        webhooks = settings.webhookKey.map { key in
            WebhookWorker(
                pool: pool, store: store, key: key, allowsPlainHTTP: settings.allowsPlainHTTP,
                interval: settings.interval, heartbeat: Heartbeat("webhooks", limit: .seconds(120)),
                logger: host.logger)
        }
        probe(host)
    }

    /// Everything that runs, in the order of dependence.
    var services: [any Service] {
        let workers: [any Service] = [
            OutboxRelayService(relay), BlockingService("deliveries", post.run(until:)), ConsumerLoopService(consumer),
        ]
        return workers + (webhooks.map { [$0] } ?? [])
    }

    private func probe(_ host: ServiceHost) {
        let (pool, consumer) = (pool, consumer)
        host.probes.watch(post.heartbeat)
        if let webhooks { host.probes.watch(webhooks.heartbeat) }
        host.probes.require("kafka group") {
            guard consumer.status.isJoined else { throw NotReady.notJoined }
        }
        host.probes.require("database") { try await pool.ping() }
        host.probes.require("schema") {
            let current = try await pool.withConnection { connection throws(PostgresError) in
                try connection.query("SELECT to_regclass('notices.delivery') IS NOT NULL")[0].bool(0)
            }
            guard current else { throw NotReady.noSchema }
        }
        host.metrics.describe("gradus_notices_issued_total", "Notices issued since the start.")
        host.metrics.describe("gradus_notices_deliveries_total", "Tries of deliveries, by channel and answer.")
        host.metrics.describe("gradus_notices_backlog", "Deliveries that are due and not yet made.")
    }

    /// Runs blocking work on a connection of the pool; the work's own errors come out as they are.
    func onStore<Value: Sendable>(_ work: @Sendable (Connection) throws -> Value) async throws -> Value {
        try await pool.withConnection { connection throws(PostgresError) in
            Result { try work(connection) }
        }.get()
    }
}

/// Why the service cannot serve yet.
enum NotReady: CodedError, CustomStringConvertible {
    case notJoined
    case noSchema

    var code: String {
        switch self {
        case .notJoined: "GR-NOTE-501"
        case .noSchema: "GR-NOTE-502"
        }
    }

    var description: String {
        switch self {
        case .notJoined: "the consumer group is not joined yet"
        case .noSchema: "the schema notices is missing or old; run gradus migrate"
        }
    }
}
