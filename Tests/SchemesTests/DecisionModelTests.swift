import Domain
import Testing

@testable import Schemes

struct DecisionModelTests {
    private let model = SchemeSource(
        file: "bonus.dmn",
        text: """
            <?xml version="1.0" encoding="UTF-8"?>
            <definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" id="d" name="bonus" namespace="urn:bonus">
              <inputData id="i" name="volume"><variable name="volume" typeRef="number"/></inputData>
              <decision id="b" name="bonus">
                <variable name="bonus" typeRef="number"/>
                <informationRequirement><requiredInput href="#i"/></informationRequirement>
                <decisionTable hitPolicy="UNIQUE">
                  <input><inputExpression typeRef="number"><text>volume</text></inputExpression></input>
                  <output name="bonus" typeRef="number"/>
                  <rule><inputEntry><text>&lt; 100</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>
                  <rule><inputEntry><text>&gt;= 100</text></inputEntry><outputEntry><text>2</text></outputEntry></rule>
                </decisionTable>
              </decision>
            </definitions>
            """)

    private func scheme(_ more: String) throws(SchemeFaults) -> Scheme {
        let source = Sample.source(
            """
            - measure: sold
              clause: R1 x
              fact: deal.closed
              window: month
            - table: bonus
              clause: R2 x
              dmn: bonus.dmn
              \(more)
            - figure: result
              clause: R3 x
              formula: bonus * 10
            """)
        return try Scheme(compiling: [source, model])
    }

    @Test(arguments: [(99, "10"), (100, "20")])
    func aTableMayBeADecisionModelOfThePack(_ sold: Int64, _ expected: String) throws {
        let scheme = try scheme("decision: bonus\n  inputs: { volume: sold }")
        var inputs = SubjectInputs(subject: Sample.manager, period: try Sample.month("2026-03"))
        inputs.series = [[SeriesRow(bucket: 2026 * 12 + 2, count: 1, sum: sold * 10_000)]]
        let result = scheme.evaluate(inputs, tracing: true)
        #expect(result.text(of: "result") == expected)
        #expect(result.trace?.nodes[1].filled == "volume = \(sold)")
    }

    /// What the check says of a model in which one text is replaced.
    private func codes(_ text: String, with other: String, _ more: String = "", input: String = "sold") -> [String] {
        let changed = SchemeSource(file: "bonus.dmn", text: model.text.replacing(text, with: other))
        let source = Sample.source(
            """
            - { measure: sold, clause: R1 x, fact: deal.closed, window: month, every: month, unit: points }
            - { ladder: grade, clause: R1 x, grades: [low, high], entry: low }
            - table: bonus
              clause: R2 x
              unit: CNY
              dmn: bonus.dmn
              decision: bonus
              inputs: { volume: \(input) }
              \(more)
            - { pay: award, clause: R3 x, formula: bonus }
            """)
        return SchemeCheck.check([source, changed]).map { String($0.code.suffix(3)) }
    }

    @Test func everyCaseOfAModelGivesSomething() {
        #expect(codes("", with: "") == [])
        #expect(codes("&gt;= 100", with: "&gt; 100") == ["013"])
        #expect(codes("&lt; 100", with: "&lt;= 100") == ["013"])
        #expect(codes("&gt;= 100", with: "&gt; 100", "partial: decided by hand") == [])
    }

    @Test func aModelThatPaysKnowsEveryGrade() {
        let words = codes("&lt; 100", with: "\"low\"", input: "grade")
        #expect(words.contains("017"))
    }

    @Test func aModelWithoutTheDecisionIsRefused() {
        #expect(throws: SchemeFaults.self) { try scheme("decision: bonsu\n  inputs: { volume: sold }") }
        #expect(throws: SchemeFaults.self) { try scheme("decision: bonus") }
    }
}
