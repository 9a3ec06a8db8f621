import Contracts
import Domain
import Foundation
import IntakeCore
import Kafka
import Logging
import Postgres
import ServiceKit
import TestServers
import Testing

@testable import Intake

/// A store, a broker, a folder and the parts of Intake, for one test.
struct IntakeHarness: Sendable {
    let url: String
    let broker: KafkaBroker
    let folder: URL
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    static let institution = "bank"
    static let topics = [
        "core.deposits": 2, "crm.activities": 2, "hr.events": 2, "reference.data": 1, "ce.events": 1,
        Topic.facts.name: 3, Topic.deadLetters.name: 1,
    ]

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func run(_ body: (IntakeHarness) async throws -> Void) async throws {
        let broker = try KafkaBroker.mock(topics: topics)
        defer { broker.stop() }
        try await withTestDatabase { url in
            let connection = try Connection(ConnectionSettings(url))
            for component in ["Operator", "Intake", "Scoring"] {
                let schema = root.appending(path: "Services/\(component)/Schema")
                for name in try FileManager.default.contentsOfDirectory(atPath: schema.path).sorted()
                where name.hasSuffix(".sql") {
                    try connection.run(script: String(contentsOf: schema.appending(path: name), encoding: .utf8))
                }
            }
            let folder = FileManager.default.temporaryDirectory.appending(path: "intake-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let harness = IntakeHarness(url: url, broker: broker, folder: folder)
            try harness.writeSources()
            connection.close()
            try await body(harness)
        }
    }

    /// The local configuration and one more source that reads CloudEvents from a topic.
    private func writeSources() throws {
        let local = try String(contentsOf: Self.root.appending(path: "deploy/local/sources.yaml"), encoding: .utf8)
        let more = """

              - id: events
                kafka: {topic: ce.events, format: cloudevents}
                eventId: ce:id
                records:
                  - fact: {institution: /institution, type: ce:type, subject: {manager: /manager}, date: /businessDate}
            """
        try (local + more).write(to: folder.appending(path: "sources.yaml"), atomically: true, encoding: .utf8)
    }

    /// A connection for looking at the store.
    var connection: Connection { get throws { try Connection(ConnectionSettings(url)) } }

    var environment: [String: String] {
        [
            "GRADUS_DATABASE_URL": url, "GRADUS_KAFKA_BROKERS": broker.bootstrap,
            "GRADUS_SOURCES_FILE": folder.appending(path: "sources.yaml").path, "GRADUS_FOLDER_ROOT": folder.path,
            "GRADUS_KAFKA_REJECTS_PER_THOUSAND": "1000", "GRADUS_KAFKA_PROPERTIES_SESSION_TIMEOUT_MS": "6000",
        ]
    }

    func settings() throws -> IntakeSettings {
        try readSettings(IntakeSettings.self, arguments: [], environment: environment)
    }

    func catalogue() throws -> SourceCatalogue {
        let text = try String(contentsOf: folder.appending(path: "sources.yaml"), encoding: .utf8)
        return try SourceCatalogue(SourceDocument(yaml: text), on: Connection(ConnectionSettings(url)))
    }

    /// A door of its own, without threads.
    func session(writer: Int16 = 1) throws -> IngestSession {
        let sender = FactSender(broker.configuration(), logger: logger)
        return IngestSession(
            connection: try Connection(ConnectionSettings(url)),
            ingestor: Ingestor(try catalogue(), sender: sender, writer: writer), metrics: IntakeMetrics(nil))
    }

    func reconciler() throws -> Reconciler {
        Reconciler(
            connection: try Connection(ConnectionSettings(url)),
            position: FactsPosition(topics: try TopicAdministration(broker.configuration(), logger: logger)),
            crediting: Crediting(stock: StockTypes(["deposit.moved"])), logger: logger)
    }
}

extension IngestSession {
    /// Takes JSON texts as records of the named source.
    @discardableResult
    mutating func take(_ source: String, _ records: String...) throws -> IngestResult {
        try take(source, records)
    }

    @discardableResult
    mutating func take(_ source: String, _ records: [String]) throws -> IngestResult {
        let index = try #require(ingestor.catalogue.document.sources.firstIndex { $0.id == source })
        var input = IngestInput(source: index, bytes: [], ranges: [])
        for record in records {
            let start = input.bytes.count
            input.bytes += record.utf8
            input.ranges.append(start..<input.bytes.count)
        }
        input.namesRecords = true
        return try take(input, door: Door(name: "test", trace: "t"))
    }
}

/// Records as the sources send them.
enum Sample {
    static func movement(
        _ id: String, _ amount: String, customer: String = "c-1", on date: String = "2026-03-05",
        reverses: String? = nil
    ) -> String {
        let reversal = reverses.map { #","reversal":true,"reverses":"\#($0)""# } ?? ""
        return """
            {"eventId":"\(id)","kind":"movement","institution":"bank","customer":"\(customer)","businessDate":"\(date)",\
            "bookedAt":"\(date)T10:00:00+08:00","amount":"\(amount)","currency":"CNY","product":"savings"\(reversal)}
            """
    }

    /// A W3C `traceparent`.
    static func trace(_ number: Int) -> String { "00-0af7651916cd43dd8448eb211c8031\(10 + number)-b7ad6b7169203331-01" }

    static func assignment(
        _ event: String, _ id: String, _ manager: String, customer: String = "c-1", share: String = "1",
        from: String = "2026-01-01", to: String? = nil
    ) -> String {
        """
        {"eventId":"\(event)","kind":"assignment","institution":"bank","id":"\(id)","customer":"\(customer)",\
        "manager":"\(manager)","share":"\(share)","validFrom":"\(from)","validTo":\(to.map { "\"\($0)\"" } ?? "null")}
        """
    }

    static func manager(_ id: String) -> String {
        """
        {"eventId":"m-\(id)","kind":"manager","institution":"bank","id":"\(id)","unit":"u-1","name":"N","email":"e@example.org",\
        "status":"active","role":"manager","businessDate":"2026-01-01","occurredAt":"2026-01-01T00:00:00+08:00"}
        """
    }

    static func event(_ id: String, _ type: String, manager: String) -> String {
        """
        {"specversion":"1.0","id":"\(id)","source":"/t","type":"\(type)","time":"2026-03-05T10:00:00+08:00",\
        "data":{"institution":"bank","manager":"\(manager)","businessDate":"2026-03-05","attributes":{"justified":"yes"}}}
        """
    }
}
