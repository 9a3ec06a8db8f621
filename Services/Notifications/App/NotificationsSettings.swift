import Crypto
import Foundation
import Kafka
import Mail
import Messaging
import NotificationsCore
import Postgres
import ServiceKit

/// ## Keys
/// - `database.url` (secret), `kafka.brokers`, `kafka.properties.*`
/// - `kafka.group` (default `gradus-notifications`), `kafka.batch.records` (500)
/// - `database.connections` (4): connections for HTTP requests and webhooks
/// - `institution`: what a bare manager id in a path belongs to
/// - `smtp.host` (none: no e-mail), `smtp.port` (587), `smtp.security` (starttls, tls, none), `smtp.user`,
///   `smtp.password` (secret), `smtp.authorities.file`
/// - `mail.from` (address of the sender), `mail.name`, `mail.domain` (right side of message ids)
/// - `webhook.secret` (secret; none: no webhooks), `webhook.gateway` (for readers without their own), `webhook.http`
///   (false: only https)
/// - `delivery.attempts` (8), `delivery.wait.seconds` (30), `delivery.wait.limit.seconds` (3600),
///   `delivery.lease.seconds` (120), `delivery.interval.milliseconds` (500)
struct NotificationsSettings: ServiceSettings {
    let database: DatabaseSettings
    let kafka: KafkaSettings
    let group: String
    let batch: Int
    let connections: Int
    let institution: String?
    let smtp: SMTPSettings?
    let sender: MailAddress
    let mailDomain: String
    let webhookKey: WebhookKey?
    let gateway: String?
    let allowsPlainHTTP: Bool
    let policy: DeliveryPolicy
    let leaseSeconds: Int
    let interval: Duration

    init(_ read: SettingsReader) {
        database = DatabaseSettings(read)
        kafka = KafkaSettings(read)
        group = read.string("kafka.group", default: "gradus-notifications", "Consumer group.")
        batch = read.integer("kafka.batch.records", default: 500, in: 1...20_000, "Records in one transaction.")
        connections = read.integer(
            "database.connections", default: 4, in: 1...64, "Database connections for HTTP requests and webhooks.")
        institution = read.optionalString("institution", "What a bare manager id in a path belongs to.")
        smtp = Self.smtp(read)
        let from = read.string("mail.from", default: "gradus@localhost.localdomain", "Sender's address of e-mail.")
        sender = MailAddress(from, name: read.optionalString("mail.name", "Sender's name of e-mail."))
        mailDomain = read.string("mail.domain", default: "gradus.invalid", "Right side of message ids.")
        webhookKey = Self.webhookKey(read)
        gateway = read.optionalString("webhook.gateway", "Webhook of readers without one, such as a message gateway.")
        allowsPlainHTTP = read.boolean("webhook.http", default: false, "Allow webhooks without TLS.")
        policy = DeliveryPolicy(
            attempts: read.integer("delivery.attempts", default: 8, in: 1...50, "Tries before giving up."),
            firstWaitSeconds: Int64(
                read.integer(
                    "delivery.wait.seconds", default: 30, in: 1...3600, "Wait after the first failure; then doubled.")),
            longestWaitSeconds: Int64(
                read.integer("delivery.wait.limit.seconds", default: 3600, in: 1...86_400, "The longest wait.")))
        leaseSeconds = read.integer(
            "delivery.lease.seconds", default: 120, in: 10...3600, "How long a worker that died keeps a delivery.")
        interval = read.milliseconds(
            "delivery.interval.milliseconds", default: 500, in: 50...60_000, "How often due deliveries are looked for.")
    }

    private static func smtp(_ read: SettingsReader) -> SMTPSettings? {
        let host = read.optionalString("smtp.host", "Mail server; without it no e-mail is sent.")
        let port = read.integer("smtp.port", default: 587, in: 1...65_535, "Port of the mail server.")
        let security = read.choice("smtp.security", default: MailSecurity.startTLS, "Protection of the connection.")
        let user = read.optionalString("smtp.user", "User at the mail server.")
        let password = read.optionalSecret("smtp.password", "Password at the mail server.")
        let authorities = read.optionalString("smtp.authorities.file", "PEM file of authorities to trust.")
        guard let host else { return nil }
        var settings = SMTPSettings(
            host: host, port: port, security: security, user: user, password: password?.revealed)
        settings.authoritiesFile = authorities
        return settings
    }

    private static func webhookKey(_ read: SettingsReader) -> WebhookKey? {
        let secret = read.optionalSecret(
            "webhook.secret", "Key that signs webhooks, whsec_ and base64; without it none is sent.")
        guard let secret else { return nil }
        guard let key = WebhookKey(secret.revealed) else {
            read.fault("webhook.secret", "is not whsec_ followed by base64 of at least 24 bytes")
            return nil
        }
        return key
    }

    func databaseSettings() throws(PostgresError) -> ConnectionSettings {
        try database.connection("gradus-notifications")
    }

    func consumer() throws(PostgresError) -> ConsumerLoopSettings {
        var settings = ConsumerLoopSettings(
            consumer: group, topics: NotificationTopics.read, kafka: kafka.configuration(["group.id": group]),
            database: try databaseSettings(), schema: "notices")
        settings.batchMessages = batch
        settings.writers = 1
        settings.deadLetterTopic = NotificationTopics.deadLetters
        return settings
    }

    func relay() throws(PostgresError) -> OutboxRelaySettings {
        OutboxRelaySettings(schema: "notices", kafka: kafka.configuration(), database: try databaseSettings())
    }
}
