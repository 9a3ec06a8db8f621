public import ArgumentParser
import Domain
import Postgres
import Schemes

extension SchemeCommand {
    /// `gradus scheme explain`: anything recorded, down to clauses and facts, and whether it comes out again.
    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Explain a result, or any figure, grade, finding, task, notice or pay line of one.",
            discussion: """
                RESULT is a subject, such as dongguan-post/manager/rm-001, together with --period; or the identifier of a \
                score, finding, task, grade, status, notice, pay line, correction or statement, as its event has it.

                Everything is worked out again from what was known then: the facts before the cut, the version of the \
                rules, earlier results, grades and open tasks. The last line says "recomputed: same", or each difference; \
                the command then ends with 1. Working days are those that the reference data know today.

                A revision that came later is another result: --revision N or --known-on DATE asks for an earlier one.
                """)

        @Argument(help: "A subject (with --period), or the identifier of what is asked about.")
        var result: String

        @Option(help: "The period, such as 2026-02 or 2026-Q1.")
        var period: String?

        @Option(help: "Only this scheme, such as dongguan-post/big-customer-centre.")
        var scheme: String?

        @Option(help: "A revision; the latest when left out.")
        var revision: Int32?

        @Option(help: "The result as it was known at the end of this day, such as 2026-03-05.")
        var knownOn: String?

        @Option(help: "Only this figure, by its name in the scheme; may be repeated.")
        var figure: [String] = []

        @Option(help: "How many levels of figures are followed down; all when left out.")
        var depth: Int?

        @Option(help: "How many facts are listed for one figure.")
        var facts = 10

        @Option(help: "zh or en.")
        var language: Language = .zh

        @Flag(help: "Show every figure, also those that nothing published comes from, and where the facts topic stood.")
        var all = false

        @OptionGroup var report: ReportOptions

        func validate() throws {
            if UUID128(result) == nil {
                guard Subject(result) != nil else {
                    throw ValidationError("RESULT is a subject, INSTITUTION/manager/ID, or an identifier")
                }
                guard period != nil else { throw ValidationError("a subject needs --period") }
            }
            if let period, Period(period) == nil { throw ValidationError("a period looks like 2026-02 or 2026-Q1") }
            if let knownOn, CalendarDate(knownOn) == nil { throw ValidationError("a day looks like 2026-03-05") }
            guard depth ?? 0 >= 0, facts >= 0 else { throw ValidationError("--depth and --facts are not negative") }
        }

        func run() throws {
            let connection = try OperatorSettings.load().connection()
            defer { connection.close() }
            let found = try explanations(on: connection)
            if report.json {
                try Terminal.json(found)
            } else {
                for (index, explanation) in found.enumerated() {
                    var text = ExplanationText(language, factLimit: facts, showsCut: all)
                    text.add(explanation)
                    Terminal.line((index > 0 ? "\n" : "") + text.lines.joined(separator: "\n"))
                }
            }
            guard found.allSatisfy(\.allDifferences.isEmpty) else { throw ExitCode(1) }
        }

        /// Reads one moment of the store, so that a close that finishes meanwhile does not look like a difference.
        func explanations(on connection: Connection) throws -> [Explanation] {
            try connection.run(script: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            defer { try? connection.run(script: "ROLLBACK") }
            var explainer = Explainer(connection)
            explainer.depth = depth ?? .max
            explainer.figures = figure
            explainer.all = all
            explainer.wish = RecordedResult.Wish(
                scheme: scheme, revision: revision, knownOn: knownOn.flatMap { CalendarDate($0) })
            if let id = UUID128(result) {
                guard let found = try explainer.identifier(id) else {
                    throw OperatorError("GR-OPERATOR-101", "nothing recorded is called \(id)", exitCode: 66)
                }
                return [found]
            }
            guard let subject = Subject(result), let period = period.flatMap({ Period($0) }) else { return [] }
            let found = try explainer.period(subject, period)
            guard !found.isEmpty else {
                let what = figure.isEmpty ? "result" : "figure `\(figure.joined(separator: "`, `"))`"
                throw OperatorError(
                    "GR-OPERATOR-100",
                    "\(subject) has no \(what) for \(period); is the period closed? see gradus status", exitCode: 66)
            }
            return found
        }
    }
}

extension Language: ExpressibleByArgument {}
