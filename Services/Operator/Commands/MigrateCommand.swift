import ArgumentParser
import Foundation
import Postgres

/// `gradus migrate`: brings every schema to the version this release needs. Forward only; safe to repeat and to race.
struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Create or upgrade the store's schemas (forward only, repeatable).")

    @Option(help: "Folder that holds the services' Schema folders; found beside the program when left out.")
    var services: String?

    @OptionGroup var report: ReportOptions

    private struct Applied: Encodable {
        let component: String
        let version: Int
        let name: String
    }

    func run() throws {
        let folder = try SchemaFolder(services)
        let connection = try OperatorSettings.load().connection()
        defer { connection.close() }
        var applied: [Applied] = []
        for component in SchemaFolder.components {
            let migrations = try Migrations(component: component.lowercased(), try folder.migrations(of: component))
            for step in try migrations.apply(on: connection) {
                applied.append(Applied(component: component.lowercased(), version: step.version, name: step.name))
            }
        }
        if report.json { return try Terminal.json(applied) }
        guard !applied.isEmpty else { return Terminal.line("The store is up to date.") }
        var table = Table([.text("component"), .number("version"), .text("migration")])
        for step in applied { table.add(step.component, "\(step.version)", step.name) }
        table.show()
    }
}

/// The SQL of every component, as files `NNN_name.sql`.
struct SchemaFolder {
    /// In the order of their dependence: everything reads the reference data, Payroll reads Scoring's views.
    static let components = ["Operator", "Scoring", "Intake", "Payroll", "Notifications"]

    private let folder: URL

    /// Looks in `path`, else upwards from the program and the working folder for `Services/Operator/Schema`.
    init(_ path: String?) throws {
        if let path {
            folder = URL(fileURLWithPath: path)
            return
        }
        let program = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let starts = [program, URL(fileURLWithPath: FileManager.default.currentDirectoryPath)]
        for start in starts {
            var place = start
            while place.pathComponents.count > 1 {
                let services = place.appendingPathComponent("Services")
                if FileManager.default.fileExists(atPath: services.appendingPathComponent("Operator/Schema").path) {
                    folder = services
                    return
                }
                place.deleteLastPathComponent()
            }
        }
        throw OperatorError(
            "GR-OPERATOR-010", "no folder Services/*/Schema was found; name it with --services", exitCode: 66)
    }

    func migrations(of component: String) throws -> [Migration] {
        let place = folder.appendingPathComponent("\(component)/Schema")
        let files = try FileManager.default.contentsOfDirectory(atPath: place.path)
        return try files.filter { $0.hasSuffix(".sql") }.sorted().map { name in
            let sql = try String(contentsOf: place.appendingPathComponent(name), encoding: .utf8)
            guard let migration = Migration(fileName: name, sql: sql) else {
                throw OperatorError(
                    "GR-OPERATOR-011", "\(place.path)/\(name) is not named NNN_name.sql; rename it", exitCode: 66)
            }
            return migration
        }
    }
}
