import ArgumentParser
import Contracts
import Domain
import Foundation
import Kafka
import Postgres
import Schemes
import ScoringStores
import ServiceKit

/// `gradus period`: closes.
struct PeriodCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "period", abstract: "Close periods: evaluate everybody at a recorded cut.",
        subcommands: [Close.self])

    struct Close: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close a day, week, month, quarter or year of one institution.",
            discussion: """
                Checks the credits of the period against the assignments, writes a marker into every partition of the facts \
                topic, and waits until all workers have evaluated their subjects at it. Killed at any point, the same \
                command goes on where it stopped; a closed period stays as it is.
                """)

        @Option(help: "The institution.")
        var institution: String

        @Option(help: "The period, such as 2026-03-05, 2026-W10, 2026-03, 2026-Q1 or 2026.")
        var period: String

        @Option(help: "Reference of whoever closes, for the record.")
        var by: String = "operator"

        @Option(help: "Give up waiting for the workers after so many seconds; the close goes on without this command.")
        var timeout: Int = 600

        @OptionGroup var report: ReportOptions

        func validate() throws {
            guard Period(period) != nil else {
                throw ValidationError("--period looks like 2026-03-05, 2026-W10, 2026-03, 2026-Q1 or 2026")
            }
        }

        func run() async throws {
            guard let period = Period(period) else { return }
            let settings = try OperatorSettings.load()
            let connection = try settings.connection()
            defer { connection.close() }
            let close = PeriodClose(institution: institution, period: period, settings: settings, by: by)
            let attempt = try await close.run(on: connection, within: timeout)
            let summary = CloseSummary(attempt)
            if report.json { return try Terminal.json(summary) }
            Terminal.line(summary.text)
        }
    }
}

/// What a close came to, for the operator.
struct CloseSummary: Encodable {
    let institution: String
    let period: Period
    let attempt: Int
    let results: Int
    let revisions: Int
    let gaps: Int
    let withoutProfile: Int
    let cuts: [Int64]

    init(_ attempt: CloseStore.Attempt) {
        institution = attempt.institution
        period = attempt.period
        self.attempt = attempt.attempt
        results = attempt.finalised
        revisions = attempt.revised
        gaps = attempt.reports.map(\.gaps).reduce(0, +)
        withoutProfile = attempt.reports.map(\.unprofiled).reduce(0, +)
        cuts = attempt.reports.map(\.cutOffset)
    }

    var text: String {
        var text = "\(institution) \(period): closed at attempt \(attempt), \(results) results, \(revisions) revisions"
        if gaps > 0 { text += ", \(gaps) figures lack data" }
        if withoutProfile > 0 { text += ", \(withoutProfile) subjects have no profile" }
        return text
    }
}

/// One close from the credit check to the last partition's report.
struct PeriodClose {
    let institution: String
    let period: Period
    let settings: OperatorSettings
    let by: String

    /// Movements may be in flight while a customer is handed over; each attempt re-credits what it finds.
    private static let attempts = 10

    func run(on connection: Connection, within seconds: Int) async throws -> CloseStore.Attempt {
        let store = CloseStore(connection)
        if let known = try store.attempt(CloseStore.id(institution, period)), known.state == .closed { return known }
        let schemes = try schemesInForce(on: connection)
        let deadline = ContinuousClock.now + .seconds(seconds)
        var progress = Progress()
        defer { progress.finish() }
        for _ in 1...Self.attempts {
            progress.show("\(institution) \(period): checking credits")
            let assignments = try await checkCredits()
            let attempt = try store.open(
                institution, period, schemes: schemes, partitions: try partitions(), assignments: assignments, by: by)
            try writeMarkers(of: attempt)
            let ended = try await wait(for: attempt, in: store, until: deadline, &progress)
            if ended.state == .closed { return ended }
        }
        throw OperatorError(
            "GR-OPERATOR-141",
            "after \(Self.attempts) attempts credits still change: assignments of \(institution) are being loaded; "
                + "close again when they are complete")
    }

    private func schemesInForce(on connection: Connection) throws -> [SchemeReference] {
        let published = try PublishedSchemes.all(on: connection).filter { $0.institution == institution }
        let compiled = try published.map { try $0.compiled() }
        let calendar = try SchemeCalendar(compiled)
        let inForce = Set(compiled.map(\.id)).sorted().compactMap { calendar.scheme($0, for: period) }
            .filter { $0.periodKinds.contains(period.kind) }
        guard !inForce.isEmpty else {
            throw OperatorError(
                "GR-OPERATOR-140",
                "no scheme of \(institution) is in force in \(period) and evaluates a \(period.kind.rawValue); "
                    + "see gradus scheme list", exitCode: 66)
        }
        return inForce.map { SchemeReference(scheme: $0.id, version: $0.version) }
    }

    private struct CreditCheck: Decodable {
        let assignmentVersion: Int64
        let drained: Bool
        let reversed: Int
    }

    private func checkCredits() async throws -> Int64 {
        let client = ServiceClient(token: settings.token?.revealed)
        let body = #"{"institution":"\#(institution)","period":"\#(period)"}"#
        for _ in 1...20 {
            let answer = try await client.post(settings.intakeURL + "/v1/credit-checks?wait=30", body)
            guard answer.status == 200 else {
                throw OperatorError(
                    "GR-OPERATOR-142", "Intake's credit check answered \(answer.status): \(answer.body)")
            }
            let check = try JSONDecoder().decode(CreditCheck.self, from: Data(answer.body.utf8))
            if check.drained { return check.assignmentVersion }
        }
        throw OperatorError("GR-OPERATOR-143", "Intake's corrections are not published; see gradus status")
    }

    private func partitions() throws -> Int {
        let administration = try TopicAdministration(settings.kafkaConfiguration, logger: OperatorSettings.logger)
        guard let count = try administration.partitionCount(of: Topic.facts.name) else {
            throw OperatorError(
                "GR-OPERATOR-041", "the topic \(Topic.facts.name) does not exist; run gradus topics create",
                exitCode: 69)
        }
        return count
    }

    /// A partition that has reported needs no marker; one that is written twice is recognised by its id.
    private func writeMarkers(of attempt: CloseStore.Attempt) throws {
        guard attempt.state == .open else { return }
        try EventWriter(settings.kafkaConfiguration).write(
            attempt.missing.map { partition in
                let marker = attempt.marker(for: partition)
                return EventWriter.Message(
                    marker: marker.marker, type: .periodMarker, partition: partition, value: marker.encoded)
            })
    }

    private func wait(
        for begun: CloseStore.Attempt, in store: CloseStore, until deadline: ContinuousClock.Instant,
        _ progress: inout Progress
    ) async throws -> CloseStore.Attempt {
        while true {
            guard let attempt = try store.attempt(begun.id) else { return begun }
            guard attempt.state == .open else { return attempt }
            guard ContinuousClock.now < deadline else {
                throw OperatorError(
                    "GR-OPERATOR-144",
                    "\(attempt.missing.count) of \(attempt.partitions) partitions have not reported; are scoring workers "
                        + "running? see gradus status. The same command goes on waiting.")
            }
            progress.show(
                "\(institution) \(period): \(attempt.reports.count) of \(attempt.partitions) partitions evaluated")
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
