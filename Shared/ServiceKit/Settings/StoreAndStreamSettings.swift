/// Where the shared PostgreSQL store is.
///
/// ## Keys
/// - `database.url` (secret, required): `postgresql://role@host:5432/gradus`
public struct DatabaseSettings: ServiceSettings {
    /// The connection URL, with the service's own role.
    public let url: Secret

    /// Reads the keys.
    public init(_ read: SettingsReader) {
        url = read.secret("database.url", "PostgreSQL URL: postgresql://role:password@host:5432/gradus.")
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
    public init(_ read: SettingsReader) {
        brokers = read.string("kafka.brokers", "Bootstrap brokers, host:port parted by commas.")
        properties = read.properties(
            "kafka.properties", "librdkafka properties, passed through; one that ends in _FILE is read from that file.")
    }

    /// The brokers and the names of the properties, without their values.
    public var description: String {
        "KafkaSettings(brokers: \(brokers), properties: \(properties.keys.sorted()))"
    }
}
