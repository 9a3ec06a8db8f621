public import Kafka
public import Postgres

/// Where the shared PostgreSQL store is.
///
/// ## Keys
/// - `database.url` (secret, required): `postgresql://role@host:5432/gradus`
public struct DatabaseSettings: ServiceSettings {
    /// The connection URL, with the service's own role.
    public let url: Secret

    /// Reads the keys; a URL that libpq cannot read is a fault.
    public init(_ read: SettingsReader) {
        url = read.secret("database.url", "PostgreSQL URL: postgresql://role:password@host:5432/gradus.")
        guard !url.revealed.isEmpty else { return }
        do throws(PostgresError) {
            _ = try ConnectionSettings(url.revealed)
        } catch {
            read.fault("database.url", "is refused: \(error)")
        }
    }

    /// The settings of a connection, with the name `pg_stat_activity` shows.
    public func connection(_ applicationName: String) throws(PostgresError) -> ConnectionSettings {
        var connection = try ConnectionSettings(url.revealed)
        connection.applicationName = applicationName
        return connection
    }

    /// Refuses a store that a newer release has migrated: this release would misread what it does not know.
    ///
    /// A store that does not answer is left to the readiness probe, because services may start before their database.
    ///
    /// - Parameter version: the newest migration of the service's `Schema` folder that this release knows.
    /// - Throws: `MigrationError.newer`, with exit code 69.
    public func refuseStore(newerThan version: Int, of service: ServiceName) throws {
        guard let connection = try? Connection(connection(service.rawValue)) else { return }
        defer { connection.close() }
        do {
            try Migrations.requireVersion(of: service.rawValue, atLeast: 0, atMost: version, on: connection)
        } catch .unavailable {
            return
        }
    }
}

/// Where the Kafka brokers are and how to speak to them.
///
/// ## Keys
/// - `kafka.brokers` (required): `host:port,host:port`
/// - `kafka.properties.*`: librdkafka properties, passed through: `kafka.properties.security.protocol`
public struct KafkaSettings: ServiceSettings, CustomStringConvertible {
    /// The bootstrap brokers, `host:port` parted by commas.
    public let brokers: String
    /// librdkafka properties by name; may hold secrets, so never print them.
    public let properties: [String: String]

    /// Reads the keys.
    public init(_ read: SettingsReader) { self.init(read, isRequired: true) }

    /// Reads the keys; `brokers` is empty when they are neither given nor required.
    public init(_ read: SettingsReader, isRequired: Bool) {
        let help = "Bootstrap brokers, host:port parted by commas."
        brokers = isRequired ? read.string("kafka.brokers", help) : read.string("kafka.brokers", default: "", help)
        properties = read.properties(
            "kafka.properties", "librdkafka properties, passed through; one that ends in _FILE is read from that file.")
        for name in ["bootstrap.servers", "metadata.broker.list"] where properties[name] != nil {
            read.fault("kafka.properties.\(name)", "contradicts kafka.brokers: give the brokers there only")
        }
    }

    /// The configuration of a client: the service's own properties, under those the operator gave.
    public func configuration(_ own: [String: String] = [:]) -> KafkaConfiguration {
        KafkaConfiguration(own).merging(properties).merging(["bootstrap.servers": brokers])
    }

    /// The brokers and the names of the properties, without their values.
    public var description: String {
        "KafkaSettings(brokers: \(brokers), properties: \(properties.keys.sorted()))"
    }
}
