import Domain
import Testing

@testable import Schemes

/// What a change of rules is put down to, and which facts a figure is put down to.
struct OutcomeTests {
    private static func rules(rate: String = "0.1", sales: String = "deal.closed", extra: String = "") -> String {
        """
        - measure: sales
          clause: R1 all sales
          fact: \(sales)
          take: sum
          window: month
          unit: CNY
        - parameter: rate
          clause: R2 a tenth
          value: \(rate)
          unit: ratio
        - figure: commission
          clause: R2 a tenth
          formula: sales * rate
          unit: CNY
        - figure: unrelated
          clause: R3 nothing to do with pay
          formula: rate * 1000
          unit: ratio
        - pay: bonus
          clause: R4 the commission
          formula: commission\(extra)
        """
    }

    private func side(_ scheme: Scheme, sales: Int64) -> (
        scheme: Scheme, outcome: SubjectOutcome, nodes: [TraceNode]
    ) {
        let period = Period.month(year: 2026, month: 3)
        let subject = Subject(institution: "bank", kind: .manager, id: "m")
        var inputs = SubjectInputs(subject: subject, period: period)
        inputs.series = scheme.series.map { _ in
            [SeriesRow(bucket: Int32(2026 * 12 + 2), count: 1, sum: sales * 10_000)]
        }
        let evaluation = scheme.evaluate(inputs, tracing: true)
        var figures: [String: String] = [:]
        for figure in evaluation.figures { figures[figure.name] = figure.text }
        let pay = scheme.pay(PayInputs(subject: subject, period: period, figures: figures, carryIn: .zero(.cny)))
        var outcome = SubjectOutcome()
        outcome.add(pay)
        return (scheme, outcome, (evaluation.trace?.nodes ?? []) + (pay.trace?.nodes ?? []))
    }

    @Test func theParameterIsTheCauseAndWhatFollowsFromItIsNot() throws {
        let old = try Sample.compile(Self.rules())
        let new = try Sample.compile(Self.rules(rate: "0.2"))
        let causes = OutcomeCause.causes(
            side(old, sales: 500), side(new, sales: 500), edits: SchemeDifference.between(old, new))
        #expect(causes.map(\.element) == ["rate"])
        #expect(
            causes.first?.before == "0.1" && causes.first?.after == "0.2" && causes.first?.edit == "value: 0.1 → 0.2")
        #expect(causes.first?.clause == "R2 a tenth")
    }

    @Test func aChangedFormulaIsACauseBesideTheFiguresThatItReads() throws {
        let old = try Sample.compile(Self.rules())
        let new = try Sample.compile(Self.rules(rate: "0.2", extra: " + 1"))
        let causes = OutcomeCause.causes(
            side(old, sales: 500), side(new, sales: 500), edits: SchemeDifference.between(old, new))
        #expect(causes.map(\.element) == ["rate", "bonus"])
        let only = try Sample.compile(Self.rules(extra: " + 1"))
        let single = OutcomeCause.causes(
            side(old, sales: 500), side(only, sales: 500), edits: SchemeDifference.between(old, only))
        #expect(single.map(\.element) == ["bonus"])
    }

    @Test func aFigureIsPutDownToTheFactsOfItsWindowThatWereNotUndone() throws {
        let scheme = try Sample.compile(Self.rules())
        let subject = Subject(institution: "bank", kind: .manager, id: "m")
        func fact(_ number: Int, on day: String, sign: Int = 1, reverses: UUID128? = nil) throws -> Fact {
            let date = try #require(CalendarDate(day))
            return Fact(
                id: DeterministicID.make("fact", "\(number)"), subject: subject, type: "deal.closed",
                businessDate: date,
                occurredAt: Timestamp(startOf: date), sign: sign, reverses: reverses,
                amount: Quantity(tenThousandths: Int64(number) * 10_000), unit: "CNY", source: "s",
                sourceID: "\(number)")
        }
        let undone = try fact(2, on: "2026-03-02")
        let facts = [
            try fact(1, on: "2026-03-09"), undone, try fact(3, on: "2026-03-02", sign: -1, reverses: undone.id),
            try fact(4, on: "2026-02-28"), try fact(5, on: "2026-03-01"), try fact(6, on: "2026-04-01"),
        ]
        let inputs = SubjectInputs(subject: subject, period: .month(year: 2026, month: 3))
        let counted = scheme.countedFacts(of: "sales", inputs, among: facts)
        #expect(counted.map(\.fact.sourceID) == ["5", "1"])
        #expect(counted.map(\.amount.text) == ["5", "1"])
        #expect(scheme.countedFacts(of: "commission", inputs, among: facts).isEmpty)
    }
}
