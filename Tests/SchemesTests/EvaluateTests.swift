import Domain
import FEEL
import Testing

@testable import Schemes

struct EvaluateTests {
    private func fact(
        _ type: String, _ date: String, amount: String? = nil, customer: String? = nil,
        subject: Subject = Sample.manager,
        _ attributes: [String: AttributeValue] = [:]
    ) throws -> Fact {
        let day = try #require(CalendarDate(date))
        return Fact(
            id: DeterministicID.make("t", type, date, amount ?? "", customer ?? "", subject.description),
            subject: subject,
            type: type, businessDate: day, occurredAt: Timestamp(startOf: day), amount: amount.flatMap(Quantity.init),
            customer: customer, source: "t", sourceID: "1", attributes: attributes)
    }

    private func evaluate(_ rules: String, _ facts: [Fact], _ period: String = "2026-03") throws -> Schemes.Evaluation {
        var store = MemoryStore(try Sample.compile(rules))
        for fact in facts { store.add(fact) }
        return store.scheme.evaluate(store.inputs(for: Sample.manager, try Sample.month(period)), tracing: true)
    }

    private func measure(_ take: String, _ window: String, _ more: String = "") -> String {
        """
        - measure: seen
          clause: R1 x
          fact: deal.closed
          take: \(take)
          window: \(window)
          \(more)
        - figure: result
          clause: R1 x
          formula: seen
        """
    }

    @Test(arguments: [
        ("sum", "month", "70"), ("count", "month", "2"), ("last", "month", "30"), ("least", "quarter", "10"),
        ("greatest", "quarter", "40"), ("sum", "previous month", "10"), ("sum", "before this month", "15"),
        ("balance", "to date", "85"), ("sum", "quarter", "80"), ("sum", "year", "80"), ("sum", "week", "30"),
        ("sum", "day", "30"), ("distinct customers", "month", "2"),
    ])
    func measuresCoverTheirWindow(_ take: String, _ window: String, _ expected: String) throws {
        let facts = [
            try fact("deal.closed", "2025-12-31", amount: "5", customer: "a"),
            try fact("deal.closed", "2026-02-28", amount: "10", customer: "a"),
            try fact("deal.closed", "2026-03-01", amount: "40", customer: "a"),
            try fact("deal.closed", "2026-03-31", amount: "30", customer: "b"),
            try fact("deal.closed", "2026-04-01", amount: "99", customer: "c"),
        ]
        #expect(try evaluate(measure(take, window), facts).text(of: "result") == expected)
        #expect(try evaluate(measure(take, window), facts.reversed()).text(of: "result") == expected)
    }

    @Test func theAverageDailyBalanceWeighsEveryDay() throws {
        let facts = [
            try fact("deal.closed", "2026-02-10", amount: "310"),
            try fact("deal.closed", "2026-03-01", amount: "31"),
            try fact("deal.closed", "2026-03-31", amount: "62"),
            try fact("deal.closed", "2026-03-16", amount: "-31"),
        ]
        let monthly = try evaluate(measure("average daily balance", "month"), facts)
        // 310 + 31 on 31 days, −31 on 16 days, 62 on one day: 310 + 31 − 16 + 2
        #expect(monthly.text(of: "result") == "327")
    }

    @Test func aReversalLeavesEveryMeasureAsIfTheFactHadNeverBeen() throws {
        let kept = try fact("deal.closed", "2026-03-02", amount: "10")
        let undone = try fact("deal.closed", "2026-03-03", amount: "99")
        var reversal = undone
        reversal.id = DeterministicID.make("reversal", "1")
        reversal.sign = -1
        reversal.reverses = undone.id
        for take in ["sum", "count", "last", "least", "greatest", "balance"] {
            let plain = try evaluate(measure(take, "month"), [kept]).text(of: "result")
            for order in [[kept, undone, reversal], [reversal, undone, kept], [undone, kept, reversal]] {
                #expect(try evaluate(measure(take, "month"), order).text(of: "result") == plain)
            }
        }
    }

    private let scorecard = """
        - measure: sold
          clause: R1 x
          fact: deal.closed
          where: product = "loan"
          window: month
        - measure: goal
          clause: R1 x
          fact: deal.closed
          where: product = "fund"
          take: last
          window: month
        - indicator: growth
          clause: R2 x
          actual: sold
          target: goal
          score: ratio * 100
          cap: 120
          weight: 60 %
        - indicator: care
          clause: R3 x
          actual: 80
          score: actual
          weight: 40 %
        - scorecard: total
          clause: R4 x
          of: [growth, care]
        """

    @Test func anIndicatorComparesWithItsTargetAndIsCapped() throws {
        let goal = try fact("deal.closed", "2026-03-01", amount: "200", ["product": .text("fund")])
        let half = try fact("deal.closed", "2026-03-02", amount: "100", ["product": .text("loan")])
        let much = try fact("deal.closed", "2026-03-02", amount: "1000", ["product": .text("loan")])
        #expect(try evaluate(scorecard, [goal, half]).score == 62)
        #expect(try evaluate(scorecard, [goal, much]).score == 104)
    }

    @Test func aMissingTargetIsReportedAndItsWeightSharedOut() throws {
        let result = try evaluate(scorecard, [try fact("deal.closed", "2026-03-02", ["product": .text("loan")])])
        #expect(result.score == 80)
        #expect(result.gaps.map(\.kind) == [.missingTarget])
        #expect(result.gaps.first?.figure == "growth")
    }

    @Test func theTraceSaysHowTheScoreCameAboutInBothLanguages() throws {
        let goal = try fact("deal.closed", "2026-03-01", amount: "200", ["product": .text("fund")])
        let half = try fact("deal.closed", "2026-03-02", amount: "100", ["product": .text("loan")])
        let trace = try #require(try evaluate(scorecard, [goal, half]).trace)
        #expect(trace.nodes.map(\.figure) == ["sold", "goal", "growth", "care", "total"])
        #expect(trace.nodes[2].filled == "0.5 × 100")
        #expect(trace.nodes[4].filled == "50 × 0.6 + 80 × 0.4")
        #expect(trace.nodes[0].sources.first?.facts == 1)
        #expect(trace.render(.en).contains("total = 62"))
        #expect(trace.render(.zh).contains("依据: R4 x"))
        #expect(try Trace(json: trace.json) == trace)
    }

    @Test func parametersFollowTheirDates() throws {
        let rules = """
            - parameter: rate
              clause: R1 x
              values: [{ from: 2026-02-01, value: 2 }, { from: 2026-01-01, value: 1 }]
            - figure: result
              clause: R2 x
              formula: rate * 10
            """
        #expect(try evaluate(rules, [], "2026-01").text(of: "result") == "10")
        #expect(try evaluate(rules, [], "2026-03").text(of: "result") == "20")
    }

    @Test func aSubjectThatTheSchemeDoesNotCoverIsLeftAlone() throws {
        let rules = "- figure: result\n  clause: R1 x\n  formula: 1"
        let text = Sample.source(rules).text.replacing(
            "subject: manager", with: "subject: manager\ncovers: rank = \"high\"")
        let scheme = try Scheme(compiling: [SchemeSource(file: "scheme.yaml", text: text)])
        var inputs = SubjectInputs(subject: Sample.manager, period: try Sample.month("2026-03"))
        #expect(!scheme.evaluate(inputs).applies)
        inputs.profile["rank"] = .text("high")
        #expect(scheme.evaluate(inputs).applies)
        inputs.period = try Sample.month("2025-12")
        #expect(!scheme.evaluate(inputs).applies)
    }

    @Test func ranksAndSharesAreOverTheWholePopulationOrTheUnit() throws {
        let rules = """
            - measure: sold
              clause: R1 x
              fact: deal.closed
              window: month
              every: month
            - comparison: place
              clause: R2 x
              of: sold
              take: rank
            - comparison: part of the unit
              clause: R3 x
              of: sold
              take: share
              among: unit
            - figure: prize
              clause: R4 x
              formula: if place = 1 then 100 else 0
            """
        let scheme = try Sample.compile(rules)
        let members = ["30", "50", "50", "20"].enumerated().map { number, sold in
            PopulationMember(
                subject: Subject(institution: "bank", kind: .manager, id: "rm-\(number)"),
                unit: number < 2 ? "north" : "south", figures: ["sold": sold])
        }
        let across = scheme.evaluateAcross(try Sample.month("2026-03"), members)
        let figures = members.map { member in
            across.figures[member.subject].map { $0.map { $0.text ?? "" }.joined(separator: " ") } ?? ""
        }
        #expect(figures[0].hasPrefix("3 0.375"))
        #expect(figures[1] == "1 0.625 100")
        #expect(figures[3].hasSuffix(" 0"))
        #expect(scheme.evaluateAcross(try Sample.month("2026-03"), members.reversed()).figures.count == 4)
    }

    @Test func aShadowRuleCalculatesAndDoesNothing() throws {
        func rules(_ state: String) -> String {
            "- finding: late\n  clause: R1 x\n  state: \(state)\n  on: deal.closed\n  amount: 10"
        }
        let deal = try fact("deal.closed", "2026-03-02")
        #expect(try Sample.compile(rules("shadow")).arrivals(of: deal).isEmpty)
        guard case .finding(let unpaid)? = try Sample.compile(rules("unpaid")).arrivals(of: deal).first,
            case .finding(let active)? = try Sample.compile(rules("active")).arrivals(of: deal).first
        else {
            Issue.record("no finding")
            return
        }
        #expect(unpaid.amount == nil)
        #expect(active.amount == Money(minorUnits: 1000, .cny))
        #expect(unpaid.id == active.id)
    }

    @Test func theFiguresOfAPeriodMayRaiseAFindingThatAReplayRaisesAgainUnchanged() throws {
        let rules = """
            - measure: sold
              clause: R1 x
              fact: deal.closed
              window: month
            - finding: too little
              clause: R2 x
              when: sold < 100
              amount: (100 - sold) * 0.5
              fund: pool
            """
        let facts = [try fact("deal.closed", "2026-03-02", amount: "30")]
        let effects = try evaluate(rules, facts).effects
        guard case .finding(let finding)? = effects.first else {
            Issue.record("no finding")
            return
        }
        #expect(finding.amount == Money(minorUnits: 3500, .cny))
        #expect(finding.date == CalendarDate("2026-03-31"))
        #expect(finding.fund == "pool")
        #expect(try evaluate(rules, facts).effects == effects)
        #expect(try evaluate(rules, [try fact("deal.closed", "2026-03-02", amount: "100")]).effects.isEmpty)
    }
}
