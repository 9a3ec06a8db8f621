import ArgumentParser
import Contracts
import Domain
import Foundation
import Postgres
import SchemeLibrary
import Schemes
import ScoringStores

extension SchemeCommand {
    /// `gradus scheme diff`: what a change of rules would do, on recorded facts.
    struct Diff: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Try a change of rules on recorded facts: whose score, grade, pay, fines or tasks change, and why.",
            discussion: """
                OLD and NEW are folders, or published versions such as baiyin-tobacco/customer-manager@1 (the latest \
                without @). Both versions are applied to all facts recorded so far, so late facts count in both; earlier \
                results and decisions stand as recorded. Within a quarter or year, months follow from the months before \
                under the same version. What earlier months left to be recovered from pay is left out of both.

                Only reads. The largest changes come first; totals cover all of them.
                """)

        @Argument(help: "The version before.")
        var old: String

        @Argument(help: "The version after.")
        var new: String

        @Option(help: "Whose facts; the scheme's own institution when left out.")
        var institution: String?

        @Option(help: "A period such as 2026-03 or 2026-Q1; the latest closed one when left out.")
        var period: String?

        @Option(help: "How many changes are shown, the largest first.")
        var top = 50

        @OptionGroup var report: ReportOptions

        func validate() throws {
            if let period, Period(period) == nil { throw ValidationError("a period looks like 2026-03 or 2026-Q1") }
            guard top >= 0 else { throw ValidationError("--top is not negative") }
        }

        func run() throws {
            let connection = try OperatorSettings.load().connection()
            defer { connection.close() }
            let found = try compare(on: connection)
            if report.json { return try Terminal.json(found) }
            Terminal.line(found.lines().joined(separator: "\n"))
        }

        /// Reads one moment of the store and writes nothing.
        func compare(on connection: Connection) throws -> ComparisonReport {
            try connection.run(
                script: """
                    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
                    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL jit = off
                    """)
            defer { try? connection.run(script: "ROLLBACK") }
            let before = try SchemeSide(old, on: connection)
            let after = try SchemeSide(new, on: connection)
            guard before.scheme.id == after.scheme.id else {
                throw OperatorError(
                    "GR-OPERATOR-103",
                    "\(before.scheme.id) and \(after.scheme.id) are different schemes; compare versions of one",
                    exitCode: 65)
            }
            let institution = institution ?? after.scheme.institution
            let library = SchemeLibrary()
            let period = try chosen(institution, after.scheme, library, connection)
            var comparison = try RuleComparison(
                before.scheme, after.scheme, institution: institution, period: period, on: connection, library)
            var report = ComparisonReport(
                before.scheme, after.scheme, names: (before.name, after.name), institution: institution,
                periods: comparison.periods, limit: top)
            let subjects = try comparison.run({ report.add($0) }, total: { report.add($0, $1) })
            report.finish(subjects: subjects)
            return report
        }

        private func chosen(
            _ institution: String, _ scheme: Scheme, _ library: SchemeLibrary, _ connection: Connection
        ) throws -> Period {
            if let period = period.flatMap({ Period($0) }) { return period }
            let store = try CurrentInputs(connection, library, institution: institution)
            guard let latest = try store.latestClosed(institution, scheme.basePeriod) else {
                throw OperatorError(
                    "GR-OPERATOR-104", "\(institution) has no closed \(scheme.basePeriod.rawValue); name a --period",
                    exitCode: 66)
            }
            return latest
        }
    }
}

/// One side of a comparison: a folder or a published version.
private struct SchemeSide {
    let name: String
    let scheme: Scheme

    init(_ text: String, on connection: Connection) throws {
        if FileManager.default.fileExists(atPath: text) {
            scheme = try SchemePack(path: text).compiled()
            name = text
            return
        }
        let parts = text.split(separator: "@", maxSplits: 1).map(String.init)
        let versions = try PublishedSchemes.all(on: connection).filter { "\($0.institution)/\($0.name)" == parts[0] }
        let wanted = parts.count > 1 ? Int(parts[1]) : versions.map(\.version).max()
        guard let found = versions.first(where: { $0.version == wanted }) else {
            throw OperatorError(
                "GR-OPERATOR-102",
                "\(text) is neither a folder nor a published version; see gradus scheme list", exitCode: 66)
        }
        scheme = try found.compiled()
        name = "\(parts[0])@\(found.version)"
    }
}
