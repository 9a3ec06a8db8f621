/// One forward step of a component's schema.
public struct Migration: Hashable, Sendable {
    /// Its place in the order, from 1.
    public let version: Int
    /// What it does, as in its file's name.
    public let name: String
    /// Its statements. They run in one transaction, so they may not begin or end one.
    public let sql: String

    /// A step of its number, name and text.
    public init(version: Int, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
    }

    /// A step of a file named `NNN_what_it_does.sql`; nil for another name.
    public init?(fileName: String, sql: String) {
        guard fileName.hasSuffix(".sql") else { return nil }
        let parts = fileName.dropLast(4).split(separator: "_", maxSplits: 1)
        guard parts.count == 2, let version = Int(parts[0]), version > 0 else { return nil }
        self.init(version: version, name: String(parts[1]), sql: sql)
    }
}

/// Why a schema was not brought up to date, or is not the one this program needs.
public enum MigrationError: Error, Hashable, Sendable {
    /// Two steps of one component have the same number.
    case duplicate(component: String, version: Int)
    /// An applied step is not the one of the same number here: files that were applied never change.
    case changed(component: String, version: Int, name: String)
    /// The database has an applied step that is missing here, below the newest one.
    case missing(component: String, version: Int)
    /// A step was added below the newest applied one.
    case late(component: String, version: Int, applied: Int)
    /// A newer release has migrated the database; this program must not touch it.
    case newer(component: String, database: Int, known: Int)
    /// The database lacks steps that this program needs; run `gradus migrate`.
    case older(component: String, database: Int, needed: Int)
    /// A step's statements began or ended a transaction.
    case transactionEnded(component: String, version: Int)
    /// A step failed and left nothing.
    case failed(component: String, version: Int, name: String, cause: PostgresError)
    /// The state of the schema could not be read.
    case unavailable(PostgresError)

    /// The stable code of this kind of error.
    public var code: String {
        switch self {
        case .duplicate: "GR-PG-101"
        case .changed: "GR-PG-102"
        case .missing: "GR-PG-103"
        case .late: "GR-PG-104"
        case .newer: "GR-PG-105"
        case .older: "GR-PG-106"
        case .transactionEnded: "GR-PG-107"
        case .failed: "GR-PG-108"
        case .unavailable(let error): error.code
        }
    }
}

extension MigrationError: CustomStringConvertible {
    /// One line: what is wrong and what to do.
    public var description: String {
        switch self {
        case .duplicate(let component, let version):
            "\(component) has two migrations numbered \(version); renumber the newer one"
        case .changed(let component, let version, let name):
            "\(component) migration \(version) (\(name)) was applied with other contents; restore it, add a new one"
        case .missing(let component, let version):
            "\(component) migration \(version) was applied but its file is missing; restore it"
        case .late(let component, let version, let applied):
            "\(component) migration \(version) comes after \(applied) was applied; give it a higher number"
        case .newer(let component, let database, let known):
            "\(component) schema is at version \(database), this program knows \(known); run the newer release"
        case .older(let component, let database, let needed):
            "\(component) schema is at version \(database), this program needs \(needed); run gradus migrate"
        case .transactionEnded(let component, let version):
            "\(component) migration \(version) begins or ends a transaction itself; take that out"
        case .failed(let component, let version, let name, let cause):
            "\(component) migration \(version) (\(name)) failed and left nothing: \(cause)"
        case .unavailable(let error): "schema version not readable: \(error)"
        }
    }
}
