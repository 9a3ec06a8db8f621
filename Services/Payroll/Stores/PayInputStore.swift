import Contracts
public import Domain
public import PayrollCore
public import Postgres

/// A manager's earned period that changed since it was last booked.
public struct DuePeriod: Hashable, Sendable {
    public var subject: Subject
    public var earned: Period
    public var causes: [UUID128]
}

/// What is known of managers' earned periods: the tables `input`, `finding`, `line`, `due` and `closed`.
public enum PayInputStore {
    /// What the latest attempt of a close announced, against what has arrived; nil before the close.
    public static func control(
        institution: String, period: Period, on connection: Connection
    ) throws(PostgresError) -> CloseControl? {
        let rows = try connection.query(
            """
            SELECT c.finalised, c.revised,
                (SELECT count(*) FROM payroll.input i WHERE i.close = c.close AND NOT i.revised),
                (SELECT count(*) FROM payroll.input i WHERE i.close = c.close AND i.revised)
            FROM payroll.closed c WHERE c.institution = $1 AND c.period = $2 ORDER BY c.received_at DESC LIMIT 1
            """,
            [.text(institution), .text(period.description)])
        return try rows.first.map { row throws(PostgresError) in
            CloseControl(
                finalised: Int(try row.int8(0)), revised: Int(try row.int8(1)), receivedFinalised: Int(try row.int8(2)),
                receivedRevised: Int(try row.int8(3)))
        }
    }

    /// Takes the next part of what is due in a run, its own month and earlier periods from the institution's first run
    /// on: all periods of the subjects after `subject` up to about `limit` rows, in their order.
    public static func takeDue(
        institution: String, from first: CalendarDate, through last: CalendarDate, after subject: String,
        limit: Int32, in transaction: borrowing Transaction
    ) throws(PostgresError) -> [DuePeriod] {
        let bound = try transaction.query(
            """
            SELECT max(subject) FROM (
                SELECT subject FROM payroll.due
                WHERE institution = $1 AND earned_last BETWEEN $2 AND $3 AND subject > $4
                ORDER BY institution, subject LIMIT $5) AS page
            """, [.text(institution), .date(first), .date(last), .text(subject), .int4(limit)])
        guard let end = try bound.first?.optionalText(0) else { return [] }
        let rows = try transaction.query(
            """
            WITH taken AS (
                DELETE FROM payroll.due
                WHERE institution = $1 AND earned_last BETWEEN $2 AND $3 AND subject > $4 AND subject <= $5
                RETURNING subject, earned, causes)
            SELECT subject, earned, causes FROM taken ORDER BY subject, earned
            """, [.text(institution), .date(first), .date(last), .text(subject), .text(end)])
        return try rows.map { row throws(PostgresError) in
            DuePeriod(
                subject: try parsed(try row.text(0), "subject") { Subject($0) },
                earned: try parsed(try row.text(1), "earned") { Period($0) }, causes: try row.uuids(2))
        }
    }

    /// The latest revision of every scheme's result for these periods.
    public static func results(
        _ due: [DuePeriod], on connection: Connection
    ) throws(PostgresError) -> [DuePeriodKey: [ScoredResult]] {
        let rows = try connection.query(
            """
            SELECT DISTINCT ON (i.subject, i.period, i.scheme)
                i.subject, i.period, i.scheme, i.version, i.revision, i.grade, i.figures
            FROM payroll.input i JOIN unnest($1::text[], $2::text[]) AS d (subject, period) USING (subject, period)
            ORDER BY i.subject, i.period, i.scheme, i.revision DESC
            """, keys(due))
        var results: [DuePeriodKey: [ScoredResult]] = [:]
        for row in rows {
            let period = try parsed(try row.text(1), "period") { Period($0) }
            let figures = try Self.figures(try row.bytes(6))
            let result = ScoredResult(
                scheme: try row.text(2), version: Int(try row.int4(3)), period: period,
                revision: Int(try row.int4(4)), grade: try row.optionalText(5), figures: figures)
            results[DuePeriodKey(subject: try row.text(0), period: period), default: []].append(result)
        }
        return results
    }

    private static func figures(_ text: [UInt8]) throws(PostgresError) -> [String: String] {
        var tape = JSONTape()
        let bytes = text.span
        guard (try? tape.scan(bytes)) != nil else {
            throw .undecodable(column: "figures", expected: "an object of texts", found: "other text")
        }
        var figures: [String: String] = [:]
        for (name, value) in tape.members(of: 0, in: bytes) {
            figures[name] = JSONTape.text(tape.tokens[value], of: bytes)
        }
        return figures
    }

    /// The findings with a fine that stand in these periods.
    public static func findings(
        _ due: [DuePeriod], currency: Currency, on connection: Connection
    ) throws(PostgresError) -> [DuePeriodKey: [ChargedFinding]] {
        let rows = try connection.query(
            """
            SELECT f.subject, f.period, f.id, f.scheme, f.version, f.rule, f.clause, f.date, f.amount, f.fund, f.fact,
                f.text_zh, f.text_en
            FROM payroll.finding f JOIN unnest($1::text[], $2::text[]) AS d (subject, period) USING (subject, period)
            WHERE f.standing > 0 AND f.amount <> 0 AND f.currency = $3 ORDER BY f.subject, f.period, f.date, f.id
            """, keys(due) + [.text(currency.code)])
        var findings: [DuePeriodKey: [ChargedFinding]] = [:]
        for row in rows {
            let period = try parsed(try row.text(1), "period") { Period($0) }
            let finding = ChargedFinding(
                id: try row.uuid(2), scheme: try row.text(3), version: Int(try row.int4(4)), rule: try row.text(5),
                clause: try row.text(6), date: try row.date(7), amount: try row.int8(8), fund: try row.optionalText(9),
                fact: try row.optionalUUID(10), text: BilingualText(zh: try row.text(11), en: try row.text(12)))
            findings[DuePeriodKey(subject: try row.text(0), period: period), default: []].append(finding)
        }
        return findings
    }

    /// What earlier runs booked for these periods.
    public static func booked(
        _ due: [DuePeriod], on connection: Connection
    ) throws(PostgresError) -> [DuePeriodKey: [PayItem]] {
        let rows = try connection.query(
            """
            SELECT \(StatementStore.lineColumns), l.subject
            FROM payroll.line l JOIN unnest($1::text[], $2::text[]) AS d (subject, earned) USING (subject, earned)
            ORDER BY l.id
            """, keys(due))
        var booked: [DuePeriodKey: [PayItem]] = [:]
        for row in rows {
            let line = try StatementStore.line(row)
            let key = DuePeriodKey(subject: try row.text(StatementStore.lineColumnCount), period: line.earned)
            booked[key, default: []].append(line.item)
        }
        return booked
    }

    /// What managers of an institution still owe from earlier months.
    public static func carries(
        institution: String, on connection: Connection
    ) throws(PostgresError) -> [Subject: Int64] {
        let rows = try connection.query(
            "SELECT subject, amount FROM payroll.carry WHERE institution = $1 AND amount <> 0", [.text(institution)])
        var carries: [Subject: Int64] = [:]
        for row in rows { carries[try parsed(try row.text(0), "subject") { Subject($0) }] = try row.int8(1) }
        return carries
    }

    private static func keys(_ due: [DuePeriod]) -> [Parameter] {
        [.texts(due.map(\.subject.description)), .texts(due.map(\.earned.description))]
    }
}

/// Whose period it is.
public struct DuePeriodKey: Hashable, Sendable {
    public var subject: String
    public var period: Period
}
