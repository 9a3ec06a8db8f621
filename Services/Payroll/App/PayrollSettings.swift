import Domain
import Kafka
import Messaging
import PayrollCore
import Postgres
import ServiceKit

/// ## Keys
/// - `database.url` (secret), `kafka.brokers`, `kafka.properties.*`
/// - `kafka.group` (default `gradus-payroll`), `kafka.batch.records` (2000)
/// - `database.connections` (4): connections for HTTP requests
/// - `calculation.interval.seconds` (1): how often open runs are looked at
/// - `institution`: what a bare manager id in a path belongs to
/// - `payer.name`, `payer.account`, `payer.agent`: the ordering bank in pain.001 files
/// - `pay.day` (10): the day of the following month on which the bank is to pay
struct PayrollSettings: ServiceSettings {
    let database: DatabaseSettings
    let kafka: KafkaSettings
    let group: String
    let batch: Int
    let connections: Int
    let interval: Duration
    let institution: String?
    let payer: PayingParty
    let payDay: Int

    init(_ read: SettingsReader) {
        database = DatabaseSettings(read)
        kafka = KafkaSettings(read)
        group = read.string("kafka.group", default: "gradus-payroll", "Consumer group.")
        batch = read.integer("kafka.batch.records", default: 2_000, in: 1...20_000, "Records in one transaction.")
        connections = read.integer(
            "database.connections", default: 4, in: 1...64, "Database connections for HTTP requests.")
        interval = read.seconds(
            "calculation.interval.seconds", default: 1, in: 1...3600, "How often open runs are looked at.")
        institution = read.optionalString("institution", "What a bare manager id in a path belongs to.")
        payer = PayingParty(
            name: read.string("payer.name", default: "Gradus", "Name of the ordering bank in pain.001 files."),
            account: read.string(
                "payer.account", default: "PAYROLL", "Account that pay is taken from, as a reference."),
            agent: read.string("payer.agent", default: "PAYROLL", "BIC or clearing code of the paying bank."))
        payDay = read.integer(
            "pay.day", default: 10, in: 1...28, "Day of the following month on which the bank is to pay.")
    }

    func databaseSettings() throws(PostgresError) -> ConnectionSettings {
        try database.connection("gradus-payroll")
    }

    func consumer() throws(PostgresError) -> ConsumerLoopSettings {
        var settings = ConsumerLoopSettings(
            consumer: group, topics: [PayrollTopics.scores], kafka: kafka.configuration(["group.id": group]),
            database: try databaseSettings(), schema: "payroll")
        settings.batchMessages = batch
        settings.writers = 1
        settings.deadLetterTopic = PayrollTopics.deadLetters
        return settings
    }

    func relay() throws(PostgresError) -> OutboxRelaySettings {
        OutboxRelaySettings(schema: "payroll", kafka: kafka.configuration(), database: try databaseSettings())
    }
}
