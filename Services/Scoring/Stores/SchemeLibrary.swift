import Contracts
public import Domain
public import Postgres
public import Schemes
import ScoringCore
import Synchronization

/// Published schemes, compiled once for a process and shared by its threads.
public final class SchemeLibrary: Sendable {
    private let compiled = Mutex<[SchemeReferenceKey: Scheme]>([:])

    public init() {}

    private struct SchemeReferenceKey: Hashable {
        let id: String
        let version: Int
    }

    /// A published version; throws ``ScoringFault/unknownScheme(_:)`` when there is none that can be read.
    public func scheme(_ id: String, version: Int, on connection: Connection) throws -> Scheme {
        let key = SchemeReferenceKey(id: id, version: version)
        if let known = compiled.withLock({ $0[key] }) { return known }
        let parts = id.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw ScoringFault.unknownScheme("\(id) version \(version)") }
        let rows = try connection.query(
            "SELECT document FROM reference.scheme WHERE institution = $1 AND name = $2 AND version = $3",
            [.text(parts[0]), .text(parts[1]), .int4(Int32(clamping: version))])
        guard let document = try rows.first?.text(0), let bundle = try? SchemeBundle(document: document),
            let scheme = try? Scheme(compiling: bundle.files.map { SchemeSource(file: $0.file, text: $0.text) })
        else { throw ScoringFault.unknownScheme("\(id) version \(version)") }
        compiled.withLock { $0[key] = scheme }
        return scheme
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
}
