import ArgumentParser
import Contracts
import Domain
import Postgres
import Schemes

/// `gradus scheme`: the rules as data, from a folder to the store.
struct SchemeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scheme", abstract: "Check, test, try, publish, explain and compare schemes.",
        subcommands: [
            Check.self, Test.self, Boundaries.self, Publish.self, List.self, Explain.self, Diff.self,
        ])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Check schemes strictly: names, units of every formula, tables, weights, pay, approvers, deadlines.",
            discussion:
                "The codes are explained in deploy/schemes/README.md. Warnings do not keep a scheme from being published."
        )

        @Argument(help: "Folders of schemes.")
        var folders: [String]

        @OptionGroup var report: ReportOptions

        private struct Found: Encodable {
            struct Fault: Encodable {
                let code: String
                let severity: String
                let file: String
                let line: Int
                let column: Int
                let what: String
                let remedy: String
            }

            let folder: String
            let faults: [Fault]
        }

        func run() throws {
            var found: [Found] = []
            var errors = 0
            for folder in folders {
                let pack = try SchemePack(path: folder)
                let faults = SchemeCheck.check(pack.sources)
                errors += faults.count { $0.severity == .error }
                found.append(
                    Found(
                        folder: folder,
                        faults: faults.map {
                            .init(
                                code: $0.code, severity: $0.severity.rawValue, file: $0.file, line: $0.line,
                                column: $0.column, what: $0.what, remedy: $0.remedy)
                        }))
                guard !report.json else { continue }
                for fault in faults {
                    let mark = fault.severity == .warning ? "warning: " : ""
                    Terminal.line("\(mark)\(folder)\(folder.hasSuffix("/") ? "" : "/")\(fault)")
                }
                if faults.isEmpty { Terminal.line("\(folder): no faults") }
            }
            if report.json { try Terminal.json(found) }
            guard errors == 0 else { throw ExitCode(65) }
        }
    }

    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run the tests beside schemes and say which rules no test reached.")

        @Argument(help: "Folders of schemes.")
        var folders: [String]

        @Flag(help: "List what no test reached.")
        var coverage = false

        @OptionGroup var report: ReportOptions

        private struct Outcome: Encodable {
            let folder: String
            let passed: Int
            let failed: Int
            let failures: [String]
            let unreached: [String]
        }

        func run() throws {
            let outcomes = try folders.map(outcome)
            if report.json { try Terminal.json(outcomes) } else { outcomes.forEach(show) }
            let passed = outcomes.map(\.passed).reduce(0, +)
            let failed = outcomes.map(\.failed).reduce(0, +)
            if !report.json { Terminal.line("\(passed) passed, \(failed) failed") }
            guard failed == 0 else { throw ExitCode(1) }
        }

        private func outcome(of folder: String) throws -> Outcome {
            let result = SchemeTests.run(try SchemePack(path: folder).sources)
            let failed = result.cases.filter { !$0.failures.isEmpty }
            return Outcome(
                folder: folder, passed: result.cases.count - failed.count, failed: failed.count + result.faults.count,
                failures: result.faults.map(\.description)
                    + failed.flatMap { test in
                        test.failures.map { "\(test.file):\(test.line): \(test.name): \($0)" }
                    },
                unreached: result.notReached)
        }

        private func show(_ outcome: Outcome) {
            Terminal.line(
                "\(outcome.folder): \(outcome.passed) passed, \(outcome.failed) failed, "
                    + "\(outcome.unreached.count) rules or rows not reached")
            outcome.failures.forEach { Terminal.line("  " + $0) }
            if coverage { outcome.unreached.forEach { Terminal.line("  not reached: " + $0) } }
        }
    }

    struct Publish: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check, test and publish schemes; they take part from the next fact on.",
            discussion: "A published version never changes: publish a change as the next version.")

        @Argument(help: "Folders of schemes.")
        var folders: [String]

        @Option(help: "Reference of whoever publishes, for the record.")
        var by: String = "operator"

        @OptionGroup var report: ReportOptions

        func run() throws {
            let packs = try folders.map { try SchemePack(path: $0) }
            let publisher = try SchemePublisher(settings: OperatorSettings.load(), publishedBy: by)
            let outcomes = try publisher.publish(packs)
            if report.json { return try Terminal.json(outcomes) }
            for outcome in outcomes {
                Terminal.line("\(outcome.scheme) version \(outcome.version): \(outcome.outcome)")
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the published versions.")

        @OptionGroup var report: ReportOptions

        func run() throws {
            let connection = try OperatorSettings.load().connection()
            defer { connection.close() }
            let published = try PublishedSchemes.all(on: connection)
            if report.json { return try Terminal.json(published.map(\.summary)) }
            var table = Table([
                .text("scheme"), .number("version"), .text("from"), .text("to"), .text("digest"), .text("by"),
            ])
            for scheme in published {
                table.add(
                    "\(scheme.institution)/\(scheme.name)", "\(scheme.version)", scheme.effectiveFrom.description,
                    scheme.effectiveTo?.description ?? "", String(scheme.digest.prefix(12)), scheme.publishedBy)
            }
            table.show()
        }
    }
}
