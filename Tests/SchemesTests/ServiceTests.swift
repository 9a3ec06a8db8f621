import Domain
import FEEL
import Testing

@testable import Schemes

/// Joiners and leavers, rows that hold from a day on, and people who are left out.
struct ServiceTests {
    private func share(
        _ proration: Proration, _ period: String, appointed: String?, left: String?, holidays: [String] = []
    ) throws -> String {
        let scheme = try Sample.compile("- figure: x\n  clause: R1 x\n  formula: 1")
        var inputs = SubjectInputs(subject: Sample.manager, period: try Sample.month(period))
        if let appointed { inputs.profile["appointed"] = .text(appointed) }
        if let left { inputs.profile["left"] = .text(left) }
        inputs.calendar = WorkCalendar(holidays: Set(holidays.compactMap { CalendarDate($0) }))
        return Evaluator(scheme.storage, inputs, tracing: false).served(proration).text
    }

    private static let cases: [(Proration, String, String?, String?, String)] = [
        (.calendarDays, "2026-03", "2026-03-12", nil, "20 / 31 (2026-03-12–2026-03-31)"),
        (.calendarDays, "2026-03", nil, "2026-03-01", "1 / 31 (2026-03-01–2026-03-01)"),
        (.workingDays, "2026-03", "2026-03-12", "2026-03-13", "2 / 22 (2026-03-12–2026-03-13)"),
        (.wholeMonths, "2026-Q1", "2026-01-02", nil, "2 / 3 (2026-01-02–2026-03-31)"),
        (.monthsBegun, "2026-Q1", "2026-01-31", "2026-02-01", "2 / 3 (2026-01-31–2026-02-01)"),
        (.calendarDays, "2026-03", "2026-04-01", nil, "0 / 31 (2026-04-01–2026-03-31)"),
        (.wholeMonths, "2026", nil, nil, "12 / 12 (2026-01-01–2026-12-31)"),
    ]

    @Test(arguments: cases)
    func countsTheServedPartByTheConventionNamed(
        _ proration: Proration, _ period: String, _ appointed: String?, _ left: String?, _ expected: String
    ) throws {
        #expect(try share(proration, period, appointed: appointed, left: left) == expected)
    }

    @Test func aHolidayIsNoWorkingDay() throws {
        let text = try share(.workingDays, "2026-03", appointed: "2026-03-12", left: nil, holidays: ["2026-03-13"])
        #expect(text.hasPrefix("13 / 21 "))
    }

    private static let prorated = """
        - pay: base salary
          clause: R1 x
          formula: "3100"
          prorate: calendar days
        """

    @Test func theTraceShowsHowTheShareWasCounted() throws {
        var inputs = SubjectInputs(subject: Sample.manager, period: try Sample.month("2026-03"))
        inputs.profile["appointed"] = .text("2026-03-12")
        let scheme = try Sample.compile(Self.prorated)
        let evaluation = scheme.evaluate(inputs, tracing: true)
        let text = evaluation.trace?.render(.en) ?? ""
        #expect(text.contains("Share of the period served, in calendar days"))
        #expect(text.contains("20 / 31 (2026-03-12–2026-03-31)"))
        var pay = PayInputs(
            subject: Sample.manager, period: inputs.period, figures: [:], carryIn: .zero(scheme.currency))
        for figure in evaluation.figures { pay.figures[figure.name] = figure.text }
        #expect(scheme.pay(pay).lines.first?.amount.amountText == "2000.00")
        #expect(scheme.pay(pay).lines.first?.basis.en.hasPrefix("(3100) * share served in calendar days") == true)
    }

    @Test func aConventionThatNobodyKnowsIsAFault() {
        #expect(Sample.codes(Self.prorated.replacing("calendar days", with: "moons")).contains("010"))
    }

    private func dated(_ later: String) -> String {
        """
        - measure: volume
          clause: R1 x
          fact: deal.closed
          window: month
        - table: bonus
          clause: R2 x
          inputs: [volume]
          row sets:
            - { from: 2026-01-01, rows: [["< 10", "1"], [">= 10", "2"]] }
            - { from: 2026-07-01, rows: [\(later)] }
        - figure: result
          clause: R3 x
          formula: bonus
          every: month
        """
    }

    @Test func rowsHoldFromTheirDayOn() throws {
        let scheme = try Sample.compile(dated(#"["< 10", "5"], [">= 10", "6"]"#))
        for (period, expected) in [("2025-12", nil as String?), ("2026-06", "1"), ("2026-07", "5")] {
            var inputs = SubjectInputs(subject: Sample.manager, period: try Sample.month(period))
            inputs.series = scheme.series.map { _ in [] }
            var evaluator = Evaluator(scheme.storage, inputs, tracing: false)
            evaluator.compute(scheme.storage.plans[PlanKey(subject: .manager, period: .month)]?.own ?? [])
            let slot = try #require(scheme.storage.names.all.firstIndex(of: "result"))
            #expect(evaluator.frame[slot].asNumber?.text == expected)
        }
    }

    @Test(arguments: [
        (#"["< 10", "5"]"#, ["013"]), (#"["<= 10", "5"], [">= 10", "6"]"#, ["012"]),
        (#"["< 10", "5"], [">= 10", "6"]"#, []),
    ])
    func everySetOfRowsIsCheckedByItself(_ later: String, _ codes: [String]) {
        #expect(Sample.codes(dated(later)) == codes)
    }

    @Test func whoIsLeftOutIsReportedAndNotPaid() throws {
        let scheme = try Sample.compile(
            """
            - exclusion: other rules apply
              clause: R1 x
              when: rank = "low"
            - pay: base salary
              clause: R2 x
              formula: "100"
            """)
        var store = MemoryStore(scheme)
        let day = try #require(CalendarDate("2026-01-05"))
        store.add(
            Fact(
                id: DeterministicID.make("p", "1"), subject: Sample.manager, type: "manager.profile",
                businessDate: day, occurredAt: Timestamp(startOf: day), amount: nil, customer: nil, source: "t",
                sourceID: "1", attributes: ["rank": .text("low")]))
        let close = store.close(try Sample.month("2026-01"))
        let evaluation = try #require(close.evaluations[Sample.manager])
        #expect(evaluation.gaps.map(\.kind) == [.excluded])
        #expect(evaluation.trace?.render(.en).contains("R1 x") == true)
        #expect(close.pay[Sample.manager]?.lines.isEmpty == true)
        #expect(close.pay[Sample.manager]?.gaps.isEmpty == true)
        let before = store.close(try Sample.month("2025-12"))
        #expect(before.evaluations.isEmpty)
    }
}
