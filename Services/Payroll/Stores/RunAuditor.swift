public import Domain
public import PayrollCore
public import Postgres

/// Audits stored runs: lines, statements, totals, carries and the pay file, each against the others.
public enum RunAuditor {
    /// The contradictions of one run; empty when every figure agrees. Nil when there is no such run.
    public static func audit(
        run id: UUID128, on connection: Connection
    ) throws(PostgresError) -> [RunAudit.Difference]? {
        guard let stored = try RunStore.run(id, on: connection) else { return nil }
        let run = stored.run
        guard run.state != .open else { return [] }
        var audit = RunAudit(run)
        // The control total is read back from the text of the file, not taken from what wrote it.
        var file = PayFileControl(count: 0, sum: 0)
        try StatementStore.eachPage(of: id, on: connection) { page throws(PostgresError) in
            let carried = try StatementStore.carriedBefore(run: run, page.map(\.subject), on: connection)
            for statement in page { audit.add(statement, carriedBefore: carried[statement.subject] ?? 0) }
            let part = PayFileCSV.readControl(PayFileCSV.text(run, page), currency: run.currency)?.trailer
            file.count += part?.count ?? 0
            file.sum += part?.sum ?? 0
        }
        audit.finish(file: file)
        return audit.differences
    }
}
