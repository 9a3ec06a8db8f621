import Foundation
import IntakeCore
import Kafka
import Messaging
import Postgres
import ServiceKit

/// ## Keys
/// - `sources.file`: the configuration of sources and mappings; every fault of it is listed
/// - `database.url` (secret), `database.connections` (2): for `/v1/accounting`
/// - `kafka.brokers`, `kafka.properties.*`, `kafka.group` (`gradus-intake`), `kafka.writers` (2)
/// - `kafka.batch.records` (20000), `kafka.batch.milliseconds` (100), `kafka.rejects.per.thousand` (200; 1000 never
///   stops)
/// - `folder.root` (`.`): what the folders of `sources.file` are relative to; `folder.interval.seconds` (1)
/// - `http.batch.events` (10000): the most events of one request
struct IntakeSettings: ServiceSettings {
    let database: DatabaseSettings
    let kafka: KafkaSettings
    let sourcesFile: String
    let group: String
    let writers: Int
    let batch: Int
    let delay: Duration
    let rejects: Int
    let connections: Int
    let folderRoot: String
    let folderInterval: Duration
    let batchEvents: Int

    /// The faults of `sources.file`, each with its line and column.
    var faultsOfFiles: [String] {
        do {
            _ = try sources()
            return []
        } catch let fault as ConfigurationFaults {
            return fault.faults.map { "\(sourcesFile): \($0)" }
        } catch {
            return ["\(error)"]
        }
    }

    /// Reads `sources.file`.
    func sources() throws -> SourceDocument {
        let text: String
        do {
            text = try String(contentsOfFile: sourcesFile, encoding: .utf8)
        } catch {
            throw IntakeFault.sources(.init(path: sourcesFile, text: "the file cannot be read as UTF-8"))
        }
        return try SourceDocument(yaml: text)
    }

    init(_ read: SettingsReader) {
        database = DatabaseSettings(read)
        kafka = KafkaSettings(read)
        sourcesFile = read.string(
            "sources.file", default: "sources.yaml", "File with the sources and their mappings.")
        group = read.string("kafka.group", default: "gradus-intake", "Consumer group.")
        writers = read.integer("kafka.writers", default: 2, in: 1...16, "Writer threads, each with a connection.")
        batch = read.integer("kafka.batch.records", default: 20_000, in: 1...100_000, "Records in one transaction.")
        delay = read.milliseconds(
            "kafka.batch.milliseconds", default: 100, in: 1...10_000, "How long records wait for company.")
        rejects = read.integer(
            "kafka.rejects.per.thousand", default: 200, in: 1...1000,
            "More refused records than this stop a partition; 1000 never does.")
        connections = read.integer(
            "database.connections", default: 2, in: 1...64, "Connections for questions over HTTP.")
        folderRoot = read.string("folder.root", default: ".", "What the watched folders are relative to.")
        folderInterval = read.seconds(
            "folder.interval.seconds", default: 1, in: 1...3600, "How often the watched folders are looked at.")
        batchEvents = read.integer("http.batch.events", default: 10_000, in: 1...100_000, "Most events of one request.")
    }

    func databaseSettings() throws(PostgresError) -> ConnectionSettings {
        try database.connection("gradus-intake")
    }
}
