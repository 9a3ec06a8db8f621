import Contracts
public import Domain
import Foundation
public import PayrollCore
public import Postgres
public import SchemeLibrary
public import Schemes

/// Works a booked statement out again from what was known when its run was calculated: results and findings received
/// before, lines of earlier runs, and what was carried.
public struct RecordedPay: Sendable {
    /// The run and when it was calculated.
    public let run: PayRun
    public let booked: PayStatement
    /// What the statement before left to be recovered.
    public let carriedBefore: Int64
    /// The earned periods as the run knew them.
    public let periods: [EarnedPeriod]
    private let pricing: PayPricing

    /// One manager's statement of a run; `nil` when the run has none or is not calculated yet.
    public init?(
        of subject: Subject, run id: UUID128, library: SchemeLibrary, on connection: Connection
    ) throws {
        guard let stored = try RunStore.run(id, on: connection), let moment = stored.calculatedAt,
            let booked = try StatementStore.statement(of: subject, run: id, on: connection)
        else { return nil }
        run = stored.run
        self.booked = booked
        let reader = Reader(subject: subject.description, run: stored.run, moment: moment, connection: connection)
        carriedBefore = try reader.carriedBefore()
        let results = try reader.results()
        let findings = try reader.findings()
        let earlier = try reader.bookedEarlier()
        let causes = Dictionary(grouping: booked.lines.filter { $0.item.key.finding == nil }, by: \.earned)
        let first = try RunStore.months(of: run.institution, on: connection)?.first ?? stored.run.month
        periods = Set(results.keys).union(findings.keys).filter { period in
            // Days and weeks are never paid.
            period.kind != .day && period.kind != .week
                && period.last >= first.first && period.last <= stored.run.month.last
        }.sorted().map { period in
            EarnedPeriod(
                period: period, results: results[period] ?? [], findings: findings[period] ?? [],
                booked: earlier[period] ?? [], causes: causes[period]?.first?.causes ?? [])
        }
        pricing = try PayPricing(
            for: periods.flatMap(\.results), currency: stored.run.currency, library: library, on: connection)
    }

    /// The statement as it comes out now; `nil` when nothing would be booked.
    public func recomputed() throws(PayFault) -> PayStatement? {
        let calculation = PayCalculation(
            run: run.id, month: run.month, price: pricing.pricing(of: booked.subject))
        return try calculation.statement(of: booked.subject, periods: periods, carriedIn: carriedBefore)
    }

    /// How a result's pay comes about, line by line; empty when the run did not know the result.
    public func trace(_ scheme: String, _ period: Period) throws(PayFault) -> [TraceNode] {
        guard let earned = periods.first(where: { $0.period == period }),
            let result = earned.results.first(where: { $0.scheme == scheme })
        else { return [] }
        return try pricing.trace(
            booked.subject, result, earned.findings.filter { $0.scheme == scheme }, carriedIn: carriedBefore)
    }

    /// What earlier runs booked of a line's entitlement.
    public func bookedBefore(_ line: BookedLine) -> [PayItem] {
        periods.first { $0.period == line.earned }?.booked.filter { $0.key == line.item.key } ?? []
    }
}

/// The tables of Payroll as a run read them.
private struct Reader {
    let subject: String
    let run: PayRun
    let moment: Timestamp
    let connection: Connection

    func carriedBefore() throws(PostgresError) -> Int64 {
        try connection.query(
            """
            SELECT s.carried_out FROM payroll.statement s JOIN payroll.run r ON r.id = s.run
            WHERE r.institution = $1 AND r.month_first < $2 AND s.subject = $3 ORDER BY r.month_first DESC LIMIT 1
            """, [.text(run.institution), .date(run.month.first), .text(subject)]
        ).first?.int8(0) ?? 0
    }

    func results() throws -> [Period: [ScoredResult]] {
        let rows = try connection.query(
            """
            SELECT DISTINCT ON (period, scheme) period, scheme, version, revision, grade, figures::text
            FROM payroll.input WHERE subject = $1 AND received_at <= $2 ORDER BY period, scheme, revision DESC
            """, [.text(subject), .timestamp(moment)])
        var results: [Period: [ScoredResult]] = [:]
        for row in rows {
            let period = try parsed(try row.text(0), "period") { Period($0) }
            let figures = try JSONDecoder().decode([String: String].self, from: Data(try row.text(5).utf8))
            results[period, default: []].append(
                ScoredResult(
                    scheme: try row.text(1), version: Int(try row.int4(2)), period: period,
                    revision: Int(try row.int4(3)), grade: try row.optionalText(4), figures: figures))
        }
        return results
    }

    func findings() throws -> [Period: [ChargedFinding]] {
        let rows = try connection.query(
            """
            SELECT f.period, f.id, f.scheme, f.version, f.rule, f.clause, f.date, f.amount, f.fund, f.fact, f.text_zh,
                f.text_en
            FROM payroll.finding f
            WHERE f.subject = $1 AND f.amount <> 0 AND f.currency = $3
                AND (SELECT sum(CASE WHEN e.withdrawn THEN -1 ELSE 1 END) FROM payroll.finding_event e
                    WHERE e.finding = f.id AND e.received_at <= $2) > 0
            ORDER BY f.date, f.id
            """, [.text(subject), .timestamp(moment), .text(run.currency.code)])
        var findings: [Period: [ChargedFinding]] = [:]
        for row in rows {
            let period = try parsed(try row.text(0), "period") { Period($0) }
            findings[period, default: []].append(
                ChargedFinding(
                    id: try row.uuid(1), scheme: try row.text(2), version: Int(try row.int4(3)), rule: try row.text(4),
                    clause: try row.text(5), date: try row.date(6), amount: try row.int8(7),
                    fund: try row.optionalText(8), fact: try row.optionalUUID(9),
                    text: BilingualText(zh: try row.text(10), en: try row.text(11))))
        }
        return findings
    }

    func bookedEarlier() throws -> [Period: [PayItem]] {
        let rows = try connection.query(
            """
            SELECT \(StatementStore.lineColumns) FROM payroll.line l JOIN payroll.run r ON r.id = l.run
            WHERE l.subject = $1 AND r.institution = $2 AND r.month_first < $3 ORDER BY l.id
            """, [.text(subject), .text(run.institution), .date(run.month.first)])
        var booked: [Period: [PayItem]] = [:]
        for row in rows {
            let line = try StatementStore.line(row)
            booked[line.earned, default: []].append(line.item)
        }
        return booked
    }
}
