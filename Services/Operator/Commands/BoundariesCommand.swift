import ArgumentParser
import Foundation
import Schemes

extension SchemeCommand {
    /// `gradus scheme boundaries`: what a scheme gives on both sides of every threshold.
    struct Boundaries: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a scheme gives just below, at and just above every threshold.",
            discussion: """
                Limits of table rows, comparisons with numbers and parameters in conditions and formulas, floors and caps \
                of indicators, numbers of consecutive periods, and deadlines. Where facts lead to a threshold they are made \
                and run through closes and pay; elsewhere the figures themselves are given. --write keeps the cases as \
                tests of the pack, so that a change of a limit shows in the difference of that file.
                """)

        @Argument(help: "The folder of the scheme.")
        var folder: String

        @Option(help: "Write the cases as a test file, such as FOLDER/tests/boundaries.yaml.")
        var write: String?

        @OptionGroup var report: ReportOptions

        func run() throws {
            let pack = try SchemePack(path: folder)
            let boundaries = try Self.boundaries(of: pack)
            if let write { try Self.keep(boundaries.tests, of: pack, at: write) }
            if report.json { return try Terminal.json(BoundaryLines(boundaries)) }
            Terminal.line(BoundaryText(boundaries).rendered)
            if let write { Terminal.line("\nwritten to \(write)") }
        }

        static func boundaries(of pack: SchemePack) throws -> BoundaryReport {
            do {
                return try SchemeBoundaries.report(pack.sources)
            } catch {
                throw OperatorError(
                    "GR-OPERATOR-033", "the scheme has \(error.faults.count) faults:\n\(error)", exitCode: 65)
            }
        }

        /// Writes the tests, after running them: a file that would fail at once is not written.
        static func keep(_ tests: SchemeSource, of pack: SchemePack, at path: String) throws {
            let rules = pack.sources.filter { !$0.file.contains("tests/") }
            let result = SchemeTests.run(rules + [tests])
            let failed = result.cases.filter { !$0.failures.isEmpty }
            guard result.faults.isEmpty, failed.isEmpty else {
                let reasons =
                    result.faults.map(\.description)
                    + failed.map { "\($0.name): \($0.failures.joined(separator: "; "))" }
                throw OperatorError(
                    "GR-OPERATOR-035",
                    "the cases do not come out the same again, nothing was written:\n" + reasons.joined(separator: "\n")
                )
            }
            do {
                try tests.text.write(toFile: path, atomically: true, encoding: .utf8)
            } catch {
                throw OperatorError(
                    "GR-OPERATOR-036", "\(path) cannot be written; does its folder exist?", exitCode: 73)
            }
        }
    }
}

/// Boundaries as text for people.
struct BoundaryText {
    let report: BoundaryReport

    init(_ report: BoundaryReport) { self.report = report }

    var rendered: String {
        var parts = report.boundaries.map(Self.text)
        if !report.untried.isEmpty {
            parts.append("without a case:\n" + report.untried.map { "  " + $0 }.joined(separator: "\n"))
        }
        let cases = report.boundaries.map(\.cases.count).reduce(0, +)
        return
            (parts + ["\(report.boundaries.count) thresholds, \(cases) cases, \(report.untried.count) without a case"])
            .joined(separator: "\n\n")
    }

    private static func text(_ boundary: SchemeBoundary) -> String {
        var table = Table([.text("side"), .text("value"), .text("gives")])
        for one in boundary.cases { table.add(one.side.rawValue, one.value, one.outcome) }
        let unit = boundary.unit.isEmpty ? "" : " \(boundary.unit)"
        let by = boundary.evidence == .figures ? ", figures given" : ""
        return """
            \(boundary.file):\(boundary.line): \(boundary.kind) `\(boundary.element)`: \(boundary.quantity) at \
            \(boundary.threshold)\(unit)\(by)
              \(boundary.clause)
            \(table.rendered(indent: 2))
            """
    }
}

/// Boundaries as JSON.
struct BoundaryLines: Encodable {
    struct Case: Encodable {
        let side: String
        let value: String
        let outcome: String
    }

    struct Boundary: Encodable {
        let file: String
        let line: Int
        let kind: String
        let element: String
        let rule: String
        let clause: String
        let quantity: String
        let threshold: String
        let unit: String
        let evidence: String
        let cases: [Case]
    }

    let boundaries: [Boundary]
    let untried: [String]

    init(_ report: BoundaryReport) {
        boundaries = report.boundaries.map { boundary in
            Boundary(
                file: boundary.file, line: boundary.line, kind: boundary.kind, element: boundary.element,
                rule: boundary.rule, clause: boundary.clause, quantity: boundary.quantity,
                threshold: boundary.threshold, unit: boundary.unit, evidence: boundary.evidence.rawValue,
                cases: boundary.cases.map { Case(side: $0.side.rawValue, value: $0.value, outcome: $0.outcome) })
        }
        untried = report.untried
    }
}
