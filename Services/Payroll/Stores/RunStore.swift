public import Domain
public import PayrollCore
public import Postgres

/// A run as it is stored, with the times of its steps.
public struct StoredRun: Hashable, Sendable {
    public var run: PayRun
    /// Why an open run is not calculated yet.
    public var waiting: String?
    public var openedAt: Timestamp
    public var calculatedAt: Timestamp?
    public var approvedAt: Timestamp?
    public var releasedAt: Timestamp?
}

/// The table `payroll.run`.
public enum RunStore {
    private static let columns = """
        id, institution, month, currency, state, opened_by, approved_by, released_by, statements, lines, corrections, \
        total, payable, waiting, opened_at, calculated_at, approved_at, released_at
        """

    /// One run; nil when there is none. `locked` keeps it from changing until the transaction ends.
    public static func run(
        _ id: UUID128, locked: Bool = false, on connection: Connection
    ) throws(PostgresError) -> StoredRun? {
        let rows = try connection.query(
            "SELECT \(columns) FROM payroll.run WHERE id = $1" + (locked ? " FOR UPDATE" : ""), [.uuid(id)])
        return try rows.first.map { row throws(PostgresError) in try run(row) }
    }

    /// The runs of an institution, or of all, the latest month first.
    public static func runs(
        of institution: String?, limit: Int32 = 120, on connection: Connection
    ) throws(PostgresError) -> [StoredRun] {
        try connection.query(
            """
            SELECT \(columns) FROM payroll.run WHERE $1::text IS NULL OR institution = $1
            ORDER BY month_first DESC, institution LIMIT $2
            """,
            [.text(institution), .int4(limit)]
        ).map { row throws(PostgresError) in try run(row) }
    }

    /// The open runs, the earliest month first: what the calculation works through.
    public static func openRuns(on connection: Connection) throws(PostgresError) -> [UUID128] {
        try connection.query(
            "SELECT id FROM payroll.run WHERE state = 'open' ORDER BY month_first, institution LIMIT 100"
        ).map { row throws(PostgresError) in try row.uuid(0) }
    }

    /// The first and the latest month of an institution's runs.
    public static func months(
        of institution: String, on connection: Connection
    ) throws(PostgresError) -> (first: Period, latest: Period)? {
        let rows = try connection.query(
            "SELECT min(month_first), max(month_first) FROM payroll.run WHERE institution = $1", [.text(institution)])
        guard let row = rows.first, let first = try row.optionalDate(0), let latest = try row.optionalDate(1) else {
            return nil
        }
        return (Period(.month, containing: first), Period(.month, containing: latest))
    }

    /// Adds a new run; false when another caller has just opened the same month.
    public static func insert(_ run: PayRun, in transaction: borrowing Transaction) throws(PostgresError) -> Bool {
        try transaction.execute(
            """
            INSERT INTO payroll.run (id, institution, month, month_first, currency, state, opened_by)
            VALUES ($1, $2, $3, $4, $5, 'open', $6) ON CONFLICT DO NOTHING
            """,
            [
                .uuid(run.id), .text(run.institution), .text(run.month.description), .date(run.month.first),
                .text(run.currency.code), .text(run.openedBy),
            ]) == 1
    }

    /// Stores the state, the people and the totals of a run that the caller has locked.
    public static func update(_ run: PayRun, in transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.execute(
            """
            UPDATE payroll.run SET state = $2, approved_by = $3, released_by = $4, statements = $5, lines = $6,
                corrections = $7, total = $8, payable = $9, waiting = NULL,
                calculated_at = CASE WHEN $2 = 'calculated' THEN now() ELSE calculated_at END,
                approved_at = CASE WHEN $2 = 'approved' THEN now() ELSE approved_at END,
                released_at = CASE WHEN $2 = 'released' THEN now() ELSE released_at END
            WHERE id = $1
            """,
            [
                .uuid(run.id), .text(run.state.rawValue), .text(run.approvedBy), .text(run.releasedBy),
                .int4(Int32(clamping: run.totals.statements)), .int4(Int32(clamping: run.totals.lines)),
                .int4(Int32(clamping: run.totals.corrections)), .int8(run.totals.total), .int8(run.totals.payable),
            ])
    }

    /// Notes why an open run waits.
    public static func note(_ id: UUID128, waiting: String, on connection: Connection) throws(PostgresError) {
        try connection.execute(
            "UPDATE payroll.run SET waiting = $2 WHERE id = $1 AND state = 'open' AND waiting IS DISTINCT FROM $2",
            [.uuid(id), .text(waiting)])
    }

    private static func run(_ row: Row) throws(PostgresError) -> StoredRun {
        let totals = RunTotals(
            statements: Int(try row.int4(8)), lines: Int(try row.int4(9)), corrections: Int(try row.int4(10)),
            total: try row.int8(11), payable: try row.int8(12))
        let run = PayRun(
            id: try row.uuid(0), institution: try row.text(1),
            month: try parsed(try row.text(2), "month") { Period($0) },
            currency: try parsed(try row.text(3), "currency") { Currency($0) },
            state: try parsed(try row.text(4), "state") { PayRun.State(rawValue: $0) }, openedBy: try row.text(5),
            approvedBy: try row.optionalText(6), releasedBy: try row.optionalText(7), totals: totals)
        return StoredRun(
            run: run, waiting: try row.optionalText(13), openedAt: try row.timestamp(14),
            calculatedAt: try row.optionalTimestamp(15), approvedAt: try row.optionalTimestamp(16),
            releasedAt: try row.optionalTimestamp(17))
    }
}

/// A text column as a value of the domain.
func parsed<Value>(
    _ text: String, _ column: String, _ parse: (String) -> Value?
) throws(PostgresError) -> Value {
    guard let value = parse(text) else {
        throw .undecodable(column: column, expected: "\(Value.self)", found: "other text")
    }
    return value
}
