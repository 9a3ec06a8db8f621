public import ArgumentParser
import Domain
import Postgres
import Schemes

extension SchemeCommand {
    /// `gradus scheme explain`: a result line by line, down to clause and facts.
    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Explain a manager's result of a period: pay, figures, formulas, clauses, facts.")

        @Argument(help: "The subject, such as dongguan-post/manager/rm-001.")
        var subject: String

        @Option(help: "The period, such as 2026-02 or 2026-Q1.")
        var period: String

        @Option(help: "zh or en.")
        var language: Language = .zh

        @Option(help: "A revision; the latest when left out.")
        var revision: Int32?

        @Flag(help: "Show every figure, also those that pay does not use.")
        var all = false

        func validate() throws {
            guard Subject(subject) != nil else { throw ValidationError("a subject looks like INSTITUTION/manager/ID") }
            guard Period(period) != nil else { throw ValidationError("a period looks like 2026-02 or 2026-Q1") }
        }

        func run() throws {
            let connection = try OperatorSettings.load().connection()
            defer { connection.close() }
            let results = try ExplainedResult.results(subject, period, revision: revision, on: connection)
            guard !results.isEmpty else {
                throw OperatorError(
                    "GR-OPERATOR-100",
                    "\(subject) has no result for \(period); is the period closed? see gradus status",
                    exitCode: 66)
            }
            let lines = try ExplainedLine.lines(subject, earned: period, on: connection)
            if !lines.isEmpty { try PayExplanation(lines: lines, language: language).show(on: connection) }
            for result in results {
                try show(result, startingFrom: try result.payFigures(on: connection))
            }
        }

        private func show(_ result: ExplainedResult, startingFrom starts: [String]) throws {
            Terminal.line(
                "\n\(result.scheme) v\(result.version)  \(subject)  \(period)  revision \(result.revision)"
                    + (all ? "  cut \(result.cut)" : "")
            )
            if let score = result.score { Terminal.line("score \(score)  grade \(result.grade ?? "–")") }
            guard let trace = try result.trace.map({ try Trace(json: $0) }) else { return }
            let wanted = all ? Set(trace.nodes.map(\.figure)) : Self.needed(trace, starts)
            var shown: Set<String> = []
            for node in trace.nodes where wanted.contains(node.figure) {
                // A table that was asked for many customers gives the same answer many times.
                let text = node.render(language)
                if shown.insert(text).inserted { Terminal.line("\n" + text) }
            }
        }

        /// The figures of pay and score and what they are made of, to any depth.
        private static func needed(_ trace: Trace, _ starts: [String]) -> Set<String> {
            let inputs = Dictionary(trace.nodes.map { ($0.figure, $0.inputs.map(\.name)) }) { first, _ in first }
            var wanted: Set<String> = []
            var open = starts + trace.nodes.filter { $0.kind == "scorecard" }.map(\.figure)
            while let figure = open.popLast() {
                guard wanted.insert(figure).inserted else { continue }
                open += inputs[figure] ?? []
            }
            return wanted
        }
    }
}

extension Language: ExpressibleByArgument {}

/// A row of `scoring.result`.
struct ExplainedResult {
    let scheme: String
    let version: Int32
    let revision: Int32
    let score: String?
    let grade: String?
    let cut: String
    let trace: String?

    static func results(
        _ subject: String, _ period: String, revision: Int32?, on connection: Connection
    ) throws -> [ExplainedResult] {
        try connection.query(
            """
            SELECT DISTINCT ON (r.scheme) r.scheme, r.version, r.revision, r.score, r.grade, r.partition, r.cut_offset, r.trace
            FROM scoring.result r JOIN scoring.subject s ON s.no = r.subject
            WHERE s.institution || '/' || s.kind || '/' || s.id = $1 AND r.period = $2
              AND ($3::int IS NULL OR r.revision = $3)
            ORDER BY r.scheme, r.revision DESC
            """,
            [.text(subject), .text(period), .int4(revision)]
        ).map { row in
            ExplainedResult(
                scheme: try row.text(0), version: try row.int4(1), revision: try row.int4(2),
                score: try row.optionalText(3), grade: try row.optionalText(4),
                cut: "gradus.facts.v1[\(try row.int4(5))]@\(try row.int8(6))", trace: try row.optionalText(7))
        }
    }
}

extension ExplainedResult {
    /// The figures that the scheme's pay is computed from.
    func payFigures(on connection: Connection) throws -> [String] {
        try PublishedSchemes.all(on: connection)
            .first { "\($0.institution)/\($0.name)" == scheme && $0.version == Int(version) }?
            .compiled().payFigures ?? []
    }
}

/// A pay line with all that explains it.
struct ExplainedLine {
    let month: String
    let component: String
    let title: BilingualText
    let amount: Int64
    let basis: BilingualText
    let clause: String
    let isCorrection: Bool
    let facts: [UUID128]
    let causes: [UUID128]
    let carriedIn: Int64
    let payable: Int64

    static func lines(_ subject: String, earned: String, on connection: Connection) throws -> [ExplainedLine] {
        try connection.query(
            """
            SELECT l.month, l.component, l.title_zh, l.title_en, l.amount, l.basis_zh, l.basis_en, l.clause, l.correction,
                   l.facts, l.causes, s.carried_in, s.payable
            FROM payroll.published_line l JOIN payroll.published_statement s ON s.run = l.run AND s.subject = l.subject
            WHERE l.subject = $1 AND l.earned = $2 ORDER BY l.month, l.ordinal
            """,
            [.text(subject), .text(earned)]
        ).map { row in
            ExplainedLine(
                month: try row.text(0), component: try row.text(1),
                title: BilingualText(zh: try row.text(2), en: try row.text(3)), amount: try row.int8(4),
                basis: BilingualText(zh: try row.text(5), en: try row.text(6)), clause: try row.text(7),
                isCorrection: try row.bool(8), facts: try row.uuids(9), causes: try row.uuids(10),
                carriedIn: try row.int8(11), payable: try row.int8(12))
        }
    }
}

/// The pay of a month as a manager reads it.
struct PayExplanation {
    let lines: [ExplainedLine]
    let language: Language

    func show(on connection: Connection) throws {
        for (month, group) in Dictionary(grouping: lines, by: \.month).sorted(by: { $0.key < $1.key }) {
            Terminal.line(language == .zh ? "\(month) 工资单" : "Paid in \(month)")
            for line in group { try show(line, on: connection) }
            let total = group.map(\.amount).reduce(0, +)
            let label = language == .zh ? "合计" : "total"
            Terminal.line("\(padded(Self.text(total), 12))  \(label)\n")
        }
    }

    private func show(_ line: ExplainedLine, on connection: Connection) throws {
        let correction = line.isCorrection ? (language == .zh ? "（更正）" : " (correction)") : ""
        Terminal.line("\(padded(Self.text(line.amount), 12))  \(line.title.in(language))\(correction)")
        Terminal.line("              \(line.basis.in(language))")
        Terminal.line("              \(line.clause)")
        for fact in try ExplainedFact.facts(line.facts + line.causes, on: connection) {
            Terminal.line("              · \(fact)")
        }
    }

    private func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func text(_ minorUnits: Int64) -> String { Money(minorUnits: minorUnits, .cny).amountText }
}

/// A fact in one line.
enum ExplainedFact {
    static func facts(_ ids: [UUID128], on connection: Connection) throws -> [String] {
        guard !ids.isEmpty else { return [] }
        return try connection.query(
            """
            SELECT f.business_date::text, t.name, f.sign, f.amount / 10000.0, f.customer, f.id
            FROM scoring.fact f JOIN scoring.fact_type t ON t.no = f.type
            WHERE f.id = ANY($1) ORDER BY f.business_date, f.id
            """,
            [.uuids(ids)]
        ).map { row in
            let undone = try row.int4(2) < 0 ? " (undoes another)" : ""
            let amount = try row.optionalNumeric(3).map { " \($0)" } ?? ""
            let customer = try row.optionalText(4).map { " \($0)" } ?? ""
            return "\(try row.text(0)) \(try row.text(1))\(amount)\(customer)\(undone)  \(try row.uuid(5))"
        }
    }
}
