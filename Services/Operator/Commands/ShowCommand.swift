import ArgumentParser
import Domain
import Foundation
import Postgres
import Schemes
import ScoringCore
import ServiceKit

/// `gradus show`: what became of the input, and what came out.
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what came in and what came out.",
        subcommands: [Accounting.self, Grades.self, Tasks.self, Gaps.self, Notices.self])

    struct Accounting: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Account for every record of every source: accepted, duplicate, rejected, in suspense.")

        @OptionGroup var report: ReportOptions

        private struct Statement: Codable {
            struct Source: Codable {
                let id: String
                let received, accepted, duplicate, suspended, rejected, facts: Int64
                let suspendedOpen, suspendedReleased: Int64
                let rejectedByCode: [String: Int64]
                let isBalanced: Bool
            }

            let sources: [Source]
            let isBalanced: Bool
        }

        func run() async throws {
            let settings = try OperatorSettings.load()
            let answer = try await ServiceClient(token: settings.token?.revealed).get(
                settings.intakeURL + "/v1/accounting")
            guard answer.status == 200 else {
                throw OperatorError("GR-OPERATOR-110", "Intake answered \(answer.status): \(answer.body.prefix(200))")
            }
            let statement = try JSONDecoder().decode(Statement.self, from: Data(answer.body.utf8))
            if report.json { return try Terminal.json(statement) }
            show(statement)
        }

        private func show(_ statement: Statement) {
            var table = Table([
                .text("source"), .number("received"), .number("accepted"), .number("duplicate"), .number("rejected"),
                .number("suspended"), .number("of these released"), .text("adds up"),
            ])
            for source in statement.sources.sorted(by: { $0.id < $1.id }) {
                table.add(
                    source.id, "\(source.received)", "\(source.accepted)", "\(source.duplicate)", "\(source.rejected)",
                    "\(source.suspended)", "\(source.suspendedReleased)", source.isBalanced ? "yes" : "NO")
            }
            table.show()
            var reasons: [String: Int64] = [:]
            for source in statement.sources { reasons.merge(source.rejectedByCode, uniquingKeysWith: +) }
            guard !reasons.isEmpty else { return }
            Terminal.line("\nRejected, and kept with the reason:")
            for (code, count) in reasons.sorted(by: { $0.key < $1.key }) {
                Terminal.line("  \(code)  \(count)")
            }
            Terminal.line(statement.isBalanced ? "\nEvery record is accounted for." : "\nThe account does NOT balance.")
        }
    }

    struct Grades: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List grade changes with their reasons.")

        @Option(help: "Only this institution.")
        var institution: String?

        func run() throws {
            let connection = try OperatorSettings.load().connection()
            defer { connection.close() }
            var table = Table([.text("subject"), .text("ladder"), .text("grade"), .text("from"), .text("how")])
            for row in try connection.query(
                """
                SELECT institution || '/' || kind || '/' || subject, ladder, grade, valid_from::text,
                       CASE source WHEN 'appointment' THEN 'appointed' ELSE 'decided by the scheme' END
                FROM scoring.published_grade
                WHERE ($1::text IS NULL OR institution = $1) ORDER BY 1, 2, 4
                """, [.text(institution)])
            {
                table.add(try row.text(0), try row.text(1), try row.text(2), try row.text(3), try row.text(4))
            }
            table.show()
        }
    }

    struct Tasks: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List decisions, open and taken.")

        @Flag(help: "Only open ones.")
        var open = false

        func run() throws {
            let connection = try OperatorSettings.load().connection()
            defer { connection.close() }
            try OpenTasks.table(onlyOpen: open, on: connection).show()
        }
    }

    struct Gaps: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List results with figures that lack data: a missing target, actual value, grade or table row.")

        @Option(help: "Only this institution.")
        var institution: String?

        @Option(help: "Only this period, such as 2026-03.")
        var period: String?

        @Option(help: "Only this subject, such as dongguan-post/manager/rm-001.")
        var subject: String?

        @Option(help: "zh or en.")
        var language: Language = .zh

        @OptionGroup var report: ReportOptions

        private struct Line: Encodable {
            let subject, scheme, period, figure, kind, rule: String
            let text: BilingualText
        }

        func run() throws {
            let connection = try OperatorSettings.load().connection()
            defer { connection.close() }
            let choice = ResultGaps.Choice(institution: institution, period: period, subject: subject)
            let gaps = try ResultGaps.all(choice, on: connection)
            if report.json {
                return try Terminal.json(
                    gaps.map {
                        Line(
                            subject: $0.subject, scheme: $0.scheme, period: $0.period, figure: $0.gap.figure,
                            kind: $0.gap.kind, rule: $0.gap.rule, text: BilingualText(zh: $0.gap.zh, en: $0.gap.en))
                    })
            }
            var table = Table([
                .text("subject"), .text("period"), .text("scheme"), .text("what lacks data"), .text("rule"),
            ])
            for gap in gaps {
                let text = language == .zh ? gap.gap.zh : gap.gap.en
                table.add(gap.subject, gap.period, gap.scheme, text, gap.gap.rule)
            }
            table.show()
        }
    }

    struct Notices: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Count notices by institution, rule and state.")

        func run() throws {
            let connection = try OperatorSettings.load().connection()
            defer { connection.close() }
            var table = Table([.text("institution"), .text("rule"), .text("state"), .number("notices")])
            for row in try connection.query(
                """
                SELECT institution, rule, state, count(*) FROM notices.notice
                GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
                """)
            {
                table.add(try row.text(0), try row.text(1), try row.text(2), "\(try row.int8(3))")
            }
            table.show()
        }
    }
}
