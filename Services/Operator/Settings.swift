import ArgumentParser
import Foundation
import Kafka
import Logging
import Postgres
import ServiceKit

/// ## Configuration keys
/// - `database.url` (secret): the store.
/// - `kafka.brokers`, `kafka.properties.*`: the broker.
/// - `intake.url`, `payroll.url`: the services' own addresses, for commands that ask them to act.
/// - `operator.token` (secret): who is acting; pay runs need two different people.
struct OperatorSettings: ServiceSettings {
    let database: DatabaseSettings
    let kafka: KafkaSettings
    let intakeURL: String
    let payrollURL: String
    let token: Secret?

    init(_ read: SettingsReader) {
        database = DatabaseSettings(read)
        // Many commands need the store alone.
        kafka = KafkaSettings(read, isRequired: false)
        intakeURL = read.string("intake.url", default: "http://127.0.0.1:8081", "Address of Intake.")
        payrollURL = read.string("payroll.url", default: "http://127.0.0.1:8083", "Address of Payroll.")
        token = read.optionalSecret("operator.token", "Bearer token of the person who acts.")
    }

    static func load() throws -> OperatorSettings {
        try readSettings(OperatorSettings.self, arguments: [], environment: ProcessInfo.processInfo.environment)
    }

    func connection() throws -> Connection {
        try Connection(try ConnectionSettings(database.url.revealed))
    }

    /// - Throws: when no broker is named.
    var kafkaConfiguration: KafkaConfiguration {
        get throws {
            guard !kafka.brokers.isEmpty else {
                throw OperatorError(
                    "GR-OPERATOR-012", "GRADUS_KAFKA_BROKERS is not set: name the brokers, host:port", exitCode: 78)
            }
            return KafkaConfiguration(
                kafka.properties.merging(["bootstrap.servers": kafka.brokers]) { given, _ in given })
        }
    }

    static let logger: Logger = {
        var logger = Logger(label: "gradus") { StreamLogHandler.standardError(label: $0) }
        // The command says itself what failed; the library would only repeat it.
        logger.logLevel = .critical
        return logger
    }()
}

/// Flags that every reporting command takes.
struct ReportOptions: ParsableArguments {
    @Flag(help: "Print JSON instead of a table.")
    var json = false
}
