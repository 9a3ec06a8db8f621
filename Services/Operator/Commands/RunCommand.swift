import ArgumentParser
import Domain
import Foundation
import ServiceKit

/// `gradus run`: a month's pay of one institution, from open to released. Payroll decides; this asks.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Open, approve and release pay runs.",
        discussion: "Whoever approves and releases must be another person than whoever opened the run.",
        subcommands: [Open.self, Approve.self, Release.self, List.self, Show.self, File.self])

    /// One run, by what it pays.
    struct Target: ParsableArguments {
        @Option(help: "The institution.")
        var institution: String

        @Option(help: "The month paid, such as 2026-03.")
        var month: String

        func validate() throws {
            guard let period = Period(month), period.kind == .month else {
                throw ValidationError("--month looks like 2026-03")
            }
        }
    }

    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open the run; it is calculated as soon as the month is closed and all its results are in.")

        @OptionGroup var target: Target
        @OptionGroup var report: ReportOptions

        @Flag(help: "Do not wait until it is calculated.")
        var noWait = false

        func run() async throws {
            let payroll = try PayrollClient()
            var run = try await payroll.open(target)
            var progress = Progress()
            let deadline = ContinuousClock.now + .seconds(600)
            while !noWait, run.state == "open" {
                guard ContinuousClock.now < deadline else {
                    throw OperatorError(
                        "GR-OPERATOR-090",
                        "the run is open but not calculated after 600 s; is \(target.month) closed? see gradus status")
                }
                progress.show("waiting for the results of \(target.month)")
                try await Task.sleep(for: .milliseconds(150))
                run = try await payroll.run(target)
            }
            progress.finish()
            try run.show(json: report.json)
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Approve a calculated run.")

        @OptionGroup var target: Target
        @OptionGroup var report: ReportOptions

        func run() async throws {
            try await PayrollClient().act("approve", target).show(json: report.json)
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Release an approved run: its events and files are final. Repeating it changes nothing.")

        @OptionGroup var target: Target
        @OptionGroup var report: ReportOptions

        func run() async throws {
            try await PayrollClient().act("release", target).show(json: report.json)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the runs with their counts and sums.")

        @OptionGroup var report: ReportOptions

        func run() async throws {
            let runs = try await PayrollClient().runs()
            if report.json { return try Terminal.json(runs) }
            PayRunView.table(runs).show()
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one run and check its file's control sum.")

        @OptionGroup var target: Target
        @OptionGroup var report: ReportOptions

        func run() async throws {
            let payroll = try PayrollClient()
            try await payroll.run(target).show(json: report.json)
            guard !report.json else { return }
            let file = try await payroll.file(target, format: "csv")
            Terminal.line("\nThe pay file ends with: \(file.split(whereSeparator: \.isNewline).last ?? "")")
        }
    }

    struct File: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Write a run's pay file to standard output.")

        @OptionGroup var target: Target

        @Option(help: "csv or pain.001 (ISO 20022).")
        var format: String = "csv"

        func run() async throws {
            let text = try await PayrollClient().file(target, format: format)
            FileHandle.standardOutput.write(Data(text.utf8))
        }
    }
}
