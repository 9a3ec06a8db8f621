import ArgumentParser
import Domain
import PayrollCore
import PayrollStores
import Postgres
import SchemeLibrary
import ScoringStores

/// `gradus audit`: every total again, from the facts up.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Recompute every total from facts, and check lines, runs and files against each other.",
        discussion: "Ends with exit code 1 when anything differs. Safe on a running system: it reads one snapshot.")

    @OptionGroup var report: ReportOptions

    private struct Check: Encodable {
        let name: String
        let compared: Int
        let differences: [String]
    }

    func run() throws {
        let connection = try OperatorSettings.load().connection()
        defer { connection.close() }
        let checks = try [
            aggregates(on: connection), pay(on: connection), accounting(on: connection), deliveries(on: connection),
        ]
        if report.json { try Terminal.json(checks) } else { checks.forEach(show) }
        guard checks.allSatisfy(\.differences.isEmpty) else { throw ExitCode(1) }
    }

    private func show(_ check: Check) {
        Terminal.line("\(check.differences.isEmpty ? "agrees " : "DIFFERS")  \(check.name): \(check.compared) compared")
        for difference in check.differences.prefix(20) { Terminal.line("         \(difference)") }
        if check.differences.count > 20 { Terminal.line("         … and \(check.differences.count - 20) more") }
    }

    private func aggregates(on connection: Connection) throws -> Check {
        var differences: [String] = []
        let found = try ScoringAudit(connection, SchemeLibrary()).recomputeAggregates { difference in
            differences.append(
                "\(difference.subject) \(difference.series) \(difference.bucket) \(difference.group): \(difference.what)"
            )
        }
        return Check(
            name: "aggregates against \(found.facts) facts", compared: found.aggregates,
            differences: differences.sorted())
    }

    private func pay(on connection: Connection) throws -> Check {
        let runs = try RunStore.runs(of: nil, on: connection)
        let differences = try runs.flatMap { stored in
            try RunAuditor.audit(run: stored.run.id, on: connection)?.map {
                "\(stored.run.institution) \(stored.run.month): \($0.code) \($0)"
            } ?? []
        }
        return Check(
            name: "pay lines, statements, runs and files", compared: runs.map(\.run.totals.lines).reduce(0, +),
            differences: differences)
    }

    /// Every record that Intake took has exactly one outcome, and what it suspended is released or still held.
    private func accounting(on connection: Connection) throws -> Check {
        let rows = try connection.query(
            """
            SELECT s.id, coalesce(sum(c.count) FILTER (WHERE c.outcome = 'received'), 0)::bigint,
                   coalesce(sum(c.count) FILTER (WHERE c.outcome IN ('accepted', 'duplicate', 'suspended', 'rejected')), 0)::bigint
            FROM intake.source s LEFT JOIN intake.counter c ON c.source = s.no GROUP BY s.id ORDER BY s.id
            """)
        var received: Int64 = 0
        var differences: [String] = []
        for row in rows {
            let (came, ended) = (try row.int8(1), try row.int8(2))
            received += came
            if came != ended { differences.append("\(try row.text(0)): received \(came), accounted for \(ended)") }
        }
        return Check(name: "records received by source", compared: Int(received), differences: differences)
    }

    /// What Scoring decided and what Payroll has of it.
    private func deliveries(on connection: Connection) throws -> Check {
        let rows = try connection.query(
            """
            SELECT c.institution, c.period, c.finalised + c.revised,
                   (SELECT count(*) FROM payroll.input i WHERE i.close = c.id)::int
            FROM scoring.close c WHERE c.state = 'closed' ORDER BY 1, 2
            """)
        var results = 0
        var differences: [String] = []
        for row in rows {
            let (decided, arrived) = (Int(try row.int4(2)), Int(try row.int4(3)))
            results += decided
            if decided != arrived {
                differences.append("\(try row.text(0)) \(try row.text(1)): \(decided) results, Payroll has \(arrived)")
            }
        }
        return Check(name: "results that reached Payroll", compared: results, differences: differences)
    }
}
