import Contracts
public import Domain
import Foundation
public import Postgres

/// A test database with the schemas of the services, as `gradus migrate` makes them.
public struct GradusStore {
    /// A session for the test itself.
    public let connection: Connection
    /// The database's URL.
    public let url: String

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Applies the migrations of these services to a fresh database.
    public init(_ url: String, services: [String]) throws {
        self.url = url
        connection = try Connection(ConnectionSettings(url))
        for service in services {
            let folder = Self.root.appending(path: "Services/\(service)/Schema")
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            let steps = try files.filter { $0.hasSuffix(".sql") }.sorted().compactMap { name in
                Migration(fileName: name, sql: try String(contentsOf: folder.appending(path: name), encoding: .utf8))
            }
            _ = try Migrations(component: service.lowercased(), steps).apply(on: connection)
        }
    }

    /// Publishes a scheme document that the test wrote.
    public func publish(_ name: String, version: Int = 1, institution: String, document: String) throws {
        let bundle = SchemeBundle(files: [.init(file: "scheme.yaml", text: document)])
        try connection.execute(
            """
            INSERT INTO reference.scheme (institution, name, version, effective_from, digest, document, published_by)
            VALUES ($1, $2, $3, '2020-01-01', '', $4, 'test')
            """,
            [.text(institution), .text(name), .int4(Int32(version)), .text(try bundle.document())])
    }

    /// The text of a pack that is shipped, such as `dongguan-post/big-customer-centre`.
    public static func pack(_ name: String) throws -> String {
        try String(contentsOf: root.appending(path: "deploy/schemes/\(name)/scheme.yaml"), encoding: .utf8)
    }

    /// Adds a person to the reference data.
    public func addManager(
        _ subject: Subject, unit: String, role: String = "manager", language: String = "zh", email: String? = nil,
        webhook: String? = nil, status: String = "active"
    ) throws(PostgresError) {
        try connection.execute(
            """
            INSERT INTO reference.manager (institution, id, unit, name, email, webhook, language, status, role)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            [
                .text(subject.institution), .text(subject.id), .text(unit), .text("name of \(subject.id)"),
                .text(email), .text(webhook), .text(language), .text(status), .text(role),
            ])
    }

    /// The first column of a query's first row as text; nil without rows or for NULL.
    public func text(_ sql: String) throws(PostgresError) -> String? {
        try connection.query("SELECT (\(sql))::text")[0].optionalText(0)
    }
}
