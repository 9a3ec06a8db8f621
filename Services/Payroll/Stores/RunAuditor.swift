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
        let statements = try StatementStore.allStatements(of: id, on: connection)
        let carried = try StatementStore.carriedBefore(run: run, on: connection)
        var audit = RunAudit(run)
        for statement in statements { audit.add(statement, carriedBefore: carried[statement.subject] ?? 0) }
        // The control total is read back from the text of the file, not taken from what wrote it.
        let file = PayFileCSV.readControl(PayFileCSV.text(run, statements), currency: run.currency)
        audit.finish(file: file?.trailer ?? PayFileControl(count: 0, sum: 0))
        return audit.differences
    }
}
