import DMN
import FEEL
import Testing

@Suite("Decision tables")
struct DecisionTableTests {
    private let names: Names = ["score", "level"]

    private func table(
        _ policy: HitPolicy, allowed: String? = nil, defaultValue: String? = nil
    ) throws -> DecisionTable {
        try DecisionTable(
            inputs: [.init("score"), .init("level")],
            outputs: [.init(allowedValues: allowed, defaultValue: defaultValue)],
            rules: [
                .init([">= 90", "-"], ["3"]), .init([">= 60", "\"A\", \"B\""], ["1"]), .init(["[60..70)", "-"], ["2"]),
            ], hitPolicy: policy, names: names)
    }

    @Test func everyHitPolicyAnswers() throws {
        let both: [Value] = [65, "A"]
        #expect(try table(.unique).evaluate(both) == .null)
        #expect(try table(.unique).evaluate([75, "A"]) == 1)
        #expect(try table(.first).evaluate(both) == 1)
        #expect(try table(.any).evaluate(both) == .null)
        #expect(try table(.priority, allowed: "2, 1, 3").evaluate(both) == 2)
        #expect(try table(.outputOrder, allowed: "2, 1, 3").evaluate(both) == [2, 1])
        #expect(try table(.ruleOrder).evaluate(both) == [1, 2])
        #expect(try table(.collect(nil)).evaluate(both) == [1, 2])
        #expect(try table(.collect(.sum)).evaluate(both) == 3)
        #expect(try table(.collect(.min)).evaluate(both) == 1)
        #expect(try table(.collect(.max)).evaluate([95, "A"]) == 3)
        #expect(try table(.collect(.count)).evaluate(both) == 2)
        #expect(try table(.collect(.count)).evaluate([1, "A"]) == 0)
    }

    @Test func theDefaultStandsInWhenNoRuleMatches() throws {
        #expect(try table(.unique).evaluate([1, "A"]) == .null)
        #expect(try table(.unique, defaultValue: "score + 1").evaluate([1, "A"]) == 2)
    }

    @Test func anOutcomeNamesTheRulesAndTheReason() throws {
        let outcome = try table(.unique).outcome([65, "A"])
        #expect(outcome.value == .null)
        #expect(outcome.matched == [1, 2])
        #expect(outcome.diagnostics.map(\.message) == ["rules 2 and 3 match, but only one may"])
        #expect(try table(.collect(nil)).outcome([65, "A"]).matched == [1, 2])
    }

    @Test func severalOutputsMakeAContext() throws {
        let table = try DecisionTable(
            inputs: [.init("score")], outputs: [.init(name: "grade"), .init(name: "pay")],
            rules: [.init(["< 60"], ["\"C\"", "0"]), .init(["-"], ["\"A\"", "score * 10"])], hitPolicy: .first,
            names: names)
        #expect(table.evaluate([70, .null]) == .context(["grade": "A", "pay": 700]))
        #expect(table.references == [0])
    }

    @Test func aValueThatIsNotAllowedGivesNothing() throws {
        let table = try DecisionTable(
            inputs: [.init("level", allowedValues: "\"A\", \"B\"")], outputs: [.init()], rules: [.init(["-"], ["1"])],
            hitPolicy: .unique, names: names)
        #expect(table.evaluate([0, "A"]) == 1)
        #expect(table.outcome([0, "X"]).diagnostics.count == 1)
    }

    @Test func mistakesNameRowAndColumn() throws {
        #expect(
            throws: DMNError.expression(
                element: "rule 2, input 1", message: "line 1, column 3: expected a value but the text ends")
        ) {
            try DecisionTable(
                inputs: [.init("score")], outputs: [.init()], rules: [.init(["1"], ["1"]), .init(["> "], ["2"])],
                hitPolicy: .unique, names: names)
        }
        #expect(throws: DMNError.table(message: "rule 1 does not have 1 conditions and 1 results")) {
            try DecisionTable(
                inputs: [.init("score")], outputs: [.init()], rules: [.init(["1", "2"], ["1"])], hitPolicy: .unique,
                names: names)
        }
        #expect(HitPolicy("C+") == .collect(.sum) && HitPolicy("RULE ORDER") == .ruleOrder && HitPolicy("X") == nil)
    }
}
