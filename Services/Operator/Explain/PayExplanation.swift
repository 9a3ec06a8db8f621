import Contracts
import Domain
import PayrollCore
import PayrollStores
import Postgres
import SchemeLibrary
import Schemes
import ScoringCore
import ScoringStores

/// A booked statement, worked out again.
struct RecomputedStatement {
    let pay: RecordedPay
    let again: PayStatement?

    init?(of subject: Subject, run: UUID128, _ library: SchemeLibrary, on connection: Connection) throws {
        guard let pay = try RecordedPay(of: subject, run: run, library: library, on: connection) else { return nil }
        self.pay = pay
        again = try pay.recomputed()
    }

    /// What the statement as a whole says otherwise.
    var differences: [Explanation.Difference] {
        let booked = pay.booked
        var found: [Explanation.Difference] = []
        func compare(_ what: String, _ old: Int64, _ new: Int64?) {
            guard old != new ?? 0 else { return }
            found.append(
                .init(
                    what: what, recorded: pay.run.amountText(old), recomputed: new.map(pay.run.amountText) ?? ""))
        }
        compare("total", booked.total, again?.total)
        compare("carried in", booked.carriedIn, pay.carriedBefore)
        compare("payable", booked.payable, again?.payable)
        compare("carried out", booked.carriedOut, again?.carriedOut)
        let known = Set(booked.lines.map(\.id))
        for line in again?.lines ?? [] where !known.contains(line.id) {
            found.append(
                .init(
                    what: "line \(line.item.key.component)", recorded: "",
                    recomputed: pay.run.amountText(line.item.amount)))
        }
        return found
    }

    /// What one line says otherwise.
    func differences(of line: BookedLine) -> [Explanation.Difference] {
        let name = line.item.key.component
        guard let other = again?.lines.first(where: { $0.id == line.id }) else {
            return [.init(what: "line \(name)", recorded: pay.run.amountText(line.item.amount), recomputed: "")]
        }
        var found: [Explanation.Difference] = []
        func compare(_ what: String, _ old: String, _ new: String) {
            if old != new { found.append(.init(what: "\(what) of \(name)", recorded: old, recomputed: new)) }
        }
        compare("amount", pay.run.amountText(line.item.amount), pay.run.amountText(other.item.amount))
        compare("formula", line.item.basis.en, other.item.basis.en)
        compare("clause", line.item.clause, other.item.clause)
        compare("revision", "\(line.item.revision)", "\(other.item.revision)")
        compare("findings", "\(line.item.findings.sorted())", "\(other.item.findings.sorted())")
        compare("facts", "\(line.item.facts.sorted())", "\(other.item.facts.sorted())")
        return found
    }
}

/// Explains statements and their lines from the results behind them.
struct PayExplainer {
    let connection: Connection
    let library: SchemeLibrary
    let depth: Int

    /// The statements' runs of a subject in which something was booked for an earned period.
    func runs(_ subject: Subject, earned: Period) throws -> [UUID128] {
        try connection.query(
            """
            SELECT l.run FROM payroll.line l JOIN payroll.run r ON r.id = l.run
            WHERE l.subject = $1 AND l.earned = $2 GROUP BY l.run, r.month_first ORDER BY r.month_first
            """, [.text(subject.description), .text(earned.description)]
        ).map { try $0.uuid(0) }
    }

    /// The statement with the lines that `isWanted` chooses.
    func statement(
        _ statement: RecomputedStatement, where isWanted: (BookedLine) -> Bool = { _ in true }
    ) throws -> Explanation {
        let pay = statement.pay
        let booked = pay.booked
        let amount = pay.run.amountText
        let month = pay.run.month.description
        var explanation = Explanation(
            .statement, Schemes.BilingualText(zh: "\(month) 工资单", en: "Paid in \(month)"),
            subject: booked.subject.description)
        explanation.id = booked.id.description
        explanation.period = month
        explanation.value = amount(booked.payable)
        explanation.properties = [
            .init(zh: "合计", en: "total", amount(booked.total)),
            .init(zh: "上期结转", en: "carried in", amount(booked.carriedIn)),
            .init(zh: "实发", en: "paid", amount(booked.payable)),
            .init(zh: "结转下期", en: "carried out", amount(booked.carriedOut)),
        ]
        explanation.gaps = booked.gaps.map { gap in
            GapRecord(kind: "missingAmount", rule: "", figure: "", zh: gap.zh, en: gap.en)
        }
        explanation.differences = statement.differences
        explanation.parts = try booked.lines.filter(isWanted).map { try line($0, statement) }
        return explanation
    }

    /// One line: its formula, the figures behind it, the facts of a fine and what a correction is due to.
    func line(_ line: BookedLine, _ statement: RecomputedStatement) throws -> Explanation {
        let pay = statement.pay
        let item = line.item
        var explanation = Explanation(
            line.isCorrection ? .correction : .payLine, Schemes.BilingualText(zh: item.title.zh, en: item.title.en),
            subject: pay.booked.subject.description)
        explanation.id = line.id.description
        explanation.period = line.earned.description
        explanation.scheme = item.key.scheme
        explanation.version = item.version
        explanation.revision = item.revision
        explanation.value = pay.run.amountText(item.amount)
        explanation.clause = item.clause
        explanation.properties = [.init(zh: item.basis.zh, en: item.basis.en, "")]
        if line.isCorrection { explanation.properties += correction(line, pay) }
        explanation.differences = statement.differences(of: line)
        let facts = item.facts + (line.isCorrection ? line.causes.filter { !item.facts.contains($0) } : [])
        explanation.facts = try RecordedFacts.find(facts, on: connection).map { ExplainedFact($0) }
        let trace = try pay.trace(item.key.scheme, line.earned)
        guard item.key.finding == nil, !trace.isEmpty, depth > 0 else { return explanation }
        try explain(&explanation, line, pay, trace)
        return explanation
    }

    private func correction(_ line: BookedLine, _ pay: RecordedPay) -> [Explanation.Property] {
        let before = pay.bookedBefore(line).reduce(0) { $0 + $1.amount }
        return [
            .init(zh: "应得", en: "due now", pay.run.amountText(before + line.item.amount)),
            .init(zh: "已记", en: "booked before", pay.run.amountText(before)),
        ]
    }

    /// The result that the line was computed from, worked out again too.
    private func explain(
        _ explanation: inout Explanation, _ line: BookedLine, _ pay: RecordedPay, _ trace: [TraceNode]
    ) throws {
        let wish = RecordedResult.Wish(
            period: line.earned.description, scheme: line.item.key.scheme, revision: Int32(line.item.revision))
        guard let place = try RecordedInputs(connection, library).place(of: pay.booked.subject),
            let recorded = try RecordedResult.find(wish, of: place.numbered.number, on: connection).first
        else {
            return explanation.differences.append(
                .init(
                    what: "result behind \(line.item.key.component)", recorded: "revision \(line.item.revision)",
                    recomputed: ""))
        }
        let result = try RecomputedResult(recorded, place, library, on: connection)
        explanation.differences += result.differences
        explanation.differences += received(line, recorded, pay)
        explanation.figures = result.forest.adding(trace).trees([line.item.key.component], depth: depth)
        explanation.gaps = recorded.gaps
    }

    /// Whether Payroll was sent what Scoring has.
    private func received(
        _ line: BookedLine, _ recorded: RecordedResult, _ pay: RecordedPay
    ) -> [Explanation.Difference] {
        let earned = pay.periods.first { $0.period == line.earned }
        guard let input = earned?.results.first(where: { $0.scheme == recorded.scheme }),
            input.revision == recorded.revision
        else { return [] }
        let sent = recorded.figures.merging(recorded.across) { own, _ in own }
        return Set(sent.keys).union(input.figures.keys).sorted().compactMap { name in
            guard sent[name] != input.figures[name] else { return nil }
            return .init(
                what: "\(name) as Payroll received it", recorded: input.figures[name] ?? "",
                recomputed: sent[name] ?? "")
        }
    }
}
