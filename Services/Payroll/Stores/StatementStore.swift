import Contracts
public import Domain
import Foundation
public import PayrollCore
public import Postgres

/// The tables `payroll.statement`, `payroll.line` and `payroll.carry`.
public enum StatementStore {
    static let lineColumns = """
        l.id, l.ordinal, l.earned, l.correction, l.scheme, l.version, l.component, l.finding, l.title_zh, l.title_en, \
        l.amount, l.rule, l.clause, l.fund, l.basis_zh, l.basis_en, l.revision, l.findings, l.facts, l.causes
        """
    static let lineColumnCount = 20

    /// Writes the statements of a run with their lines, and what each leaves to be carried.
    public static func insert(
        _ statements: [PayStatement], run: PayRun, in transaction: borrowing Transaction
    ) throws(PostgresError) {
        let columns = ["run", "subject", "id", "total", "carried_in", "payable", "carried_out", "gaps"]
        try transaction.copyIn(table: "payroll.statement", columns: columns) { writer throws(PostgresError) in
            for statement in statements {
                writer.beginRow()
                writer.uuid(run.id)
                writer.text(statement.subject.description)
                writer.uuid(statement.id)
                writer.int8(statement.total)
                writer.int8(statement.carriedIn)
                writer.int8(statement.payable)
                writer.int8(statement.carriedOut)
                writer.texts(statement.gaps.flatMap { [$0.zh, $0.en] })
            }
        }
        try LineRows(statements).insert(run, in: transaction)
        let carried = statements.filter { $0.carriedIn != 0 || $0.carriedOut != 0 }
        guard !carried.isEmpty else { return }
        try transaction.execute(
            """
            INSERT INTO payroll.carry (institution, subject, amount, run)
            SELECT $1, c.subject, c.amount, $2 FROM unnest($3::text[], $4::int8[]) AS c (subject, amount)
            ON CONFLICT (institution, subject) DO UPDATE SET amount = excluded.amount, run = excluded.run
            """,
            [
                .text(run.institution), .uuid(run.id), .texts(carried.map(\.subject.description)),
                .int8s(carried.map(\.carriedOut)),
            ])
    }

    /// Gaps are kept as texts in Chinese and English in turn.
    private static func gaps(_ texts: [String]) -> [BilingualText] {
        stride(from: 0, to: texts.count - 1, by: 2).map { BilingualText(zh: texts[$0], en: texts[$0 + 1]) }
    }

    /// The statements of a run in the order of their subjects, from the one after `subject`, at most `limit`.
    public static func statements(
        of run: UUID128, after subject: String = "", limit: Int32 = 500, on connection: Connection
    ) throws(PostgresError) -> [PayStatement] {
        try read(
            "s.run = $1 AND s.subject > $2 ORDER BY s.subject LIMIT $3", on: connection,
            [.uuid(run), .text(subject), .int4(limit)])
    }

    /// All statements of a run, in the order of their subjects.
    public static func allStatements(of run: UUID128, on connection: Connection) throws(PostgresError) -> [PayStatement]
    {
        var all: [PayStatement] = []
        try eachPage(of: run, on: connection) { page throws(PostgresError) in all += page }
        return all
    }

    /// The statements of a run in the order of their subjects, some at a time.
    public static func eachPage(
        of run: UUID128, on connection: Connection, _ body: ([PayStatement]) throws(PostgresError) -> Void
    ) throws(PostgresError) {
        var last = ""
        while true {
            let page = try statements(of: run, after: last, limit: 1000, on: connection)
            guard let end = page.last else { return }
            try body(page)
            last = end.subject.description
        }
    }

    /// One manager's statement of a run.
    public static func statement(
        of subject: Subject, run: UUID128, on connection: Connection
    ) throws(PostgresError) -> PayStatement? {
        try read("s.run = $1 AND s.subject = $2", on: connection, [.uuid(run), .text(subject.description)]).first
    }

    /// What the statement before this run left to be recovered, for those of some subjects that had one.
    public static func carriedBefore(
        run: PayRun, _ subjects: [Subject], on connection: Connection
    ) throws(PostgresError) -> [Subject: Int64] {
        let rows = try connection.query(
            """
            SELECT DISTINCT ON (s.subject) s.subject, s.carried_out
            FROM payroll.statement s JOIN payroll.run r ON r.id = s.run
            WHERE r.institution = $1 AND r.month_first < $2 AND s.subject = ANY($3)
            ORDER BY s.subject, r.month_first DESC
            """,
            [.text(run.institution), .date(run.month.first), .texts(subjects.map(\.description))])
        var carried: [Subject: Int64] = [:]
        for row in rows { carried[try parsed(try row.text(0), "subject") { Subject($0) }] = try row.int8(1) }
        return carried
    }

    private static func read(
        _ condition: String, on connection: Connection, _ parameters: [Parameter]
    ) throws(PostgresError) -> [PayStatement] {
        let rows = try connection.query(
            """
            SELECT s.run, s.subject, s.id, s.total, s.carried_in, s.payable, s.carried_out, s.gaps
            FROM payroll.statement s WHERE \(condition)
            """, parameters)
        guard let run = try rows.first.map({ row throws(PostgresError) in try row.uuid(0) }) else { return [] }
        var lines: [String: [BookedLine]] = [:]
        let subjects = try rows.map { row throws(PostgresError) in try row.text(1) }
        let lineRows = try connection.query(
            """
            SELECT \(lineColumns), l.subject FROM payroll.line l
            WHERE l.run = $1 AND l.subject = ANY($2) ORDER BY l.subject, l.ordinal
            """, [.uuid(run), .texts(subjects)])
        for row in lineRows { lines[try row.text(lineColumnCount), default: []].append(try line(row)) }
        return try rows.map { row throws(PostgresError) in
            let subject = try row.text(1)
            return PayStatement(
                id: try row.uuid(2), subject: try parsed(subject, "subject") { Subject($0) },
                lines: lines[subject] ?? [], total: try row.int8(3), carriedIn: try row.int8(4),
                payable: try row.int8(5), carriedOut: try row.int8(6), gaps: Self.gaps(try row.texts(7)))
        }
    }

    static func line(_ row: Row) throws(PostgresError) -> BookedLine {
        let item = PayItem(
            key: ItemKey(scheme: try row.text(4), component: try row.text(6), finding: try row.optionalUUID(7)),
            version: Int(try row.int4(5)), title: BilingualText(zh: try row.text(8), en: try row.text(9)),
            amount: try row.int8(10), rule: try row.text(11), clause: try row.text(12),
            fund: try row.optionalText(13), basis: BilingualText(zh: try row.text(14), en: try row.text(15)),
            revision: Int(try row.int4(16)), findings: try row.uuids(17), facts: try row.uuids(18))
        return BookedLine(
            id: try row.uuid(0), ordinal: Int(try row.int4(1)),
            earned: try parsed(try row.text(2), "earned") { Period($0) }, item: item, isCorrection: try row.bool(3),
            causes: try row.uuids(19))
    }
}
