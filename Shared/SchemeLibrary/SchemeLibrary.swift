import Contracts
public import Domain
public import Postgres
public import Schemes
import Synchronization

/// The published schemes, compiled once in a process and kept: a published version never changes.
public final class SchemeLibrary: Sendable {
    /// Why a scheme cannot be used.
    public enum Fault: Error, Hashable, Sendable {
        /// No such version is published.
        case unknown(name: String, version: Int)
        /// The stored document does not compile.
        case broken(name: String, version: Int, faults: Int)
    }

    private struct Key: Hashable {
        let name: String
        let version: Int
    }

    private let compiled = Mutex<[Key: Scheme]>([:])

    /// An empty library.
    public init() {}

    /// One version of a scheme, such as `dongguan-post/big-customer-centre` 1, or why there is none.
    public func scheme(
        _ name: String, version: Int, on connection: Connection
    ) throws(PostgresError) -> Result<Scheme, Fault> {
        let key = Key(name: name, version: version)
        if let scheme = compiled.withLock({ $0[key] }) { return .success(scheme) }
        let parts = name.split(separator: "/", maxSplits: 1)
        let rows = try connection.query(
            """
            SELECT document FROM reference.scheme
            WHERE institution = $1 AND name IN ($2, $3) AND version = $4
            """,
            [
                .text(parts.first.map(String.init) ?? ""), .text(name), .text(parts.last.map(String.init) ?? ""),
                .int4(Int32(clamping: version)),
            ])
        guard let row = rows.first else { return .failure(.unknown(name: name, version: version)) }
        return keep(try row.text(0), key)
    }

    /// The versions of an institution's schemes that are in force on a day; those that do not compile are left out.
    public func schemes(
        of institution: String, on date: CalendarDate, connection: Connection
    ) throws(PostgresError) -> [Scheme] {
        let rows = try connection.query(
            """
            SELECT DISTINCT ON (name) name, version FROM reference.scheme
            WHERE institution = $1 AND effective_from <= $2 AND (effective_to IS NULL OR effective_to >= $2)
            ORDER BY name, version DESC
            """,
            [.text(institution), .date(date)])
        var schemes: [Scheme] = []
        for row in rows {
            let name = try row.text(0)
            let full = name.contains("/") ? name : "\(institution)/\(name)"
            if let scheme = try? scheme(full, version: Int(try row.int4(1)), on: connection).get() {
                schemes.append(scheme)
            }
        }
        return schemes
    }

    /// The working days of an institution as the reference data know them now.
    public func calendar(of institution: String, on connection: Connection) throws(PostgresError) -> WorkCalendar {
        var holidays: Set<CalendarDate> = []
        var makeUpDays: Set<CalendarDate> = []
        let rows = try connection.query(
            "SELECT date, working FROM reference.calendar_day WHERE institution = $1", [.text(institution)])
        for row in rows {
            if try row.bool(1) { makeUpDays.insert(try row.date(0)) } else { holidays.insert(try row.date(0)) }
        }
        return WorkCalendar(holidays: holidays, makeUpDays: makeUpDays)
    }

    private func keep(_ document: String, _ key: Key) -> Result<Scheme, Fault> {
        do {
            let bundle = try SchemeBundle(document: document)
            let sources = bundle.files.map { SchemeSource(file: $0.file, text: $0.text) }
            let scheme = try Scheme(compiling: sources)
            compiled.withLock { $0[key] = scheme }
            return .success(scheme)
        } catch let error as SchemeFaults {
            return .failure(.broken(name: key.name, version: key.version, faults: error.faults.count))
        } catch {
            return .failure(.broken(name: key.name, version: key.version, faults: 1))
        }
    }
}
