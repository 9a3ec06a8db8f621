import Foundation
import Postgres
import TestServers
import Testing

@testable import Operator

/// Journeys through the whole installation, one after another: they need the machine for themselves.
@Suite(.serialized, .enabled(if: PostgresServer.isAvailable)) struct Journeys {}

extension Journeys {
    @Suite(.serialized) struct Quarter {
        @Test func everyRecordIsAcceptedRepeatedRejectedOrInSuspense() async throws {
            let run = try await CalmRun.value()
            try await journey {
                let truth = DemoTruth([DemoLoad(.reference), run.january, run.february])
                let accounting = try Accounting(run.site)
                #expect(accounting.received == Int64(truth.records))
                #expect(accounting.duplicate == Int64(truth.duplicates))
                #expect(accounting.rejected == Int64(truth.rejected))
                #expect(accounting.isBalanced, "\(accounting)")
                #expect(accounting.openSuspense == 0, "the customer of February has an assignment now")
            }
        }

        @Test func everyMovementIsCreditedOnceToTheCent() async throws {
            let run = try await CalmRun.value()
            try await journey {
                try expectTruth(DemoTruth([run.january, run.february]), in: run.site)
            }
        }

        @Test func paysTheRegulationsOwnExample() async throws {
            let run = try await CalmRun.value()
            try await journey {
                let connection = try run.site.connection()
                defer { connection.close() }
                let statement = try connection.query(
                    """
                    SELECT s.total, s.payable FROM payroll.statement s JOIN payroll.run r ON r.id = s.run
                    WHERE r.month = '2026-02' AND s.subject = 'dongguan-post/manager/rm-001'
                    """)
                #expect(try statement.first?.int8(0) == 288_000)
                #expect(try statement.first?.int8(1) == 288_000)
                let lines = try connection.query(
                    """
                    SELECT sum(l.amount) FILTER (WHERE l.amount < 0)::bigint, count(*),
                           coalesce(bool_or(l.amount = 120000), false), coalesce(bool_or(l.amount = 150000), false),
                           coalesce(bool_or(l.amount = 30000), false)
                    FROM payroll.line l JOIN payroll.run r ON r.id = l.run
                    WHERE r.month = '2026-02' AND l.subject = 'dongguan-post/manager/rm-001'
                    """)[0]
                #expect(try lines.optionalInt8(0) == -12_000, "fines of February")
                #expect(try lines.bool(2), "base pay")
                #expect(try lines.bool(3), "commission")
                #expect(try lines.bool(4), "new customers")
            }
        }

        @Test func linesRunTotalsAndFilesAgree() async throws {
            let run = try await CalmRun.value()
            try await journey {
                let uneven = try run.site.number(
                    """
                    SELECT count(*) FROM payroll.run r
                    WHERE r.state <> 'released'
                       OR r.total <> (SELECT coalesce(sum(amount), 0) FROM payroll.line WHERE run = r.id)
                       OR r.payable <> (SELECT coalesce(sum(payable), 0) FROM payroll.statement WHERE run = r.id)
                       OR r.lines <> (SELECT count(*) FROM payroll.line WHERE run = r.id)
                    """)
                #expect(uneven == 0)
                let runs = try run.site.number("SELECT count(*) FROM payroll.run")
                #expect(runs == 4)
                for institution in Site.institutions {
                    try expectFileTotals(of: institution, "2026-02", in: run.site)
                }
            }
        }

        @Test func theAuditIsClean() async throws {
            let run = try await CalmRun.value()
            try await journey { _ = try run.site.gradus("audit") }
        }
    }
}

/// The control sum in the pay file is the sum of its lines and the run's own total.
private func expectFileTotals(of institution: String, _ month: String, in site: Site) throws {
    let payroll = try site.named("payroll")
    try payroll.start()
    defer { _ = try? payroll.terminate() }
    try site.waitUntilReady(payroll)
    let run = ["--institution", institution, "--month", month]
    let file = try site.gradus(["run", "file", "--format", "pain.001"] + run)
    let amounts = file.matches(of: /<InstdAmt[^>]*>([0-9]+)\.([0-9]{2})</).compactMap { Int($0.1 + $0.2) }
    let payable = try site.number(
        "SELECT payable FROM payroll.run WHERE institution = '\(institution)' AND month = '\(month)'")
    #expect(Int64(amounts.reduce(0, +)) == payable)
    let control = file.firstMatch(of: /<CtrlSum>([0-9]+)\.([0-9]{2})</).flatMap { Int64($0.1 + $0.2) }
    #expect(control == payable)
}

/// What Intake says became of everything it received.
struct Accounting: CustomStringConvertible {
    var received: Int64 = 0
    var accepted: Int64 = 0
    var duplicate: Int64 = 0
    var rejected: Int64 = 0
    var suspended: Int64 = 0
    var openSuspense: Int64 = 0

    init(_ site: Site) throws {
        let connection = try site.connection()
        defer { connection.close() }
        for row in try connection.query("SELECT outcome, sum(count)::bigint FROM intake.counter GROUP BY 1") {
            let count = try row.int8(1)
            switch try row.text(0) {
            case "received": received += count
            case "accepted": accepted += count
            case "duplicate": duplicate += count
            case "suspended": suspended += count
            case "rejected": rejected += count
            default: break
            }
        }
        openSuspense = try connection.query("SELECT count(*) FROM intake.suspense WHERE released_at IS NULL")[0].int8(0)
    }

    var isBalanced: Bool { received == accepted + duplicate + rejected + suspended }

    var description: String {
        "received \(received), accepted \(accepted), duplicate \(duplicate), rejected \(rejected), suspended \(suspended), "
            + "of which open \(openSuspense)"
    }
}

/// Expects that scoring holds exactly the movements that were sent, each once.
///
/// - Parameter suspended: customers that nobody looks after yet, whose movements wait with Intake.
func expectTruth(
    _ truth: DemoTruth, in site: Site, without suspended: Set<String> = [],
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let connection = try site.connection()
    defer { connection.close() }
    var stored: [String: DemoTruth.Deposits] = [:]
    // A split movement is one fact for each manager, a moved one is undone and made again: signed counts of facts are not
    // counts of movements, but the last state of each movement is.
    for row in try connection.query(
        """
        SELECT customer, source_id, sum(sign * amount / 100)::bigint
        FROM (SELECT customer, payload::json ->> 'sourceId' AS source_id, sign, amount FROM scoring.fact f
              JOIN scoring.fact_type t ON t.no = f.type WHERE t.name = 'deposit.moved') facts
        GROUP BY 1, 2
        """)
    {
        let sum = Int(try row.int8(2))
        let isReversal = try row.text(1).contains("reversal")
        stored[try row.text(0), default: DemoTruth.Deposits()].movements += isReversal ? -1 : 1
        stored[try row.text(0), default: DemoTruth.Deposits()].sum += sum
    }
    let wrong = Set(stored.keys).union(truth.deposits.keys).subtracting(suspended)
        .filter { stored[$0] != truth.deposits[$0] }
    let report = wrong.sorted().prefix(10).map {
        "\($0): stored \(String(describing: stored[$0])), sent \(String(describing: truth.deposits[$0]))"
    }
    #expect(wrong.isEmpty, "\(wrong.count) customers: \(report)", sourceLocation: sourceLocation)
}
