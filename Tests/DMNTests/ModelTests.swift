import DMN
import FEEL
import Testing

@Suite("Decision models")
struct ModelTests {
    static func document(_ content: String, namespace: String = "urn:test") -> [UInt8] {
        Array(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="test" namespace="\(namespace)">
            \(content)
            </definitions>
            """.utf8)
    }

    private static let bonus = """
        <itemDefinition name="tManager"><itemComponent name="base pay"><typeRef>number</typeRef></itemComponent>
          <itemComponent name="grade"><typeRef>string</typeRef><allowedValues><text>"A","B"</text>
            </allowedValues></itemComponent>
        </itemDefinition>
        <inputData id="i" name="Manager"><variable name="Manager" typeRef="tManager"/></inputData>
        <businessKnowledgeModel id="k" name="Bonus"><variable name="Bonus"/>
          <encapsulatedLogic><formalParameter name="pay" typeRef="number"/>
            <formalParameter name="rate" typeRef="number"/>
            <literalExpression><text>pay * rate</text></literalExpression></encapsulatedLogic>
              </businessKnowledgeModel>
        <decision id="r" name="Rate"><variable name="Rate" typeRef="number"/>
          <informationRequirement><requiredInput href="#i"/></informationRequirement>
          <decisionTable hitPolicy="UNIQUE"><input><inputExpression><text>Manager.grade</text>
            </inputExpression></input><output/>
            <rule><inputEntry><text>"A"</text></inputEntry><outputEntry><text>0.2</text></outputEntry></rule>
            <rule><inputEntry><text>"B"</text></inputEntry><outputEntry><text>0.1</text></outputEntry></rule>
          </decisionTable></decision>
        <decision id="d" name="Pay"><variable name="Pay" typeRef="number"/>
          <informationRequirement><requiredInput href="#i"/></informationRequirement>
          <informationRequirement><requiredDecision href="#r"/></informationRequirement>
          <knowledgeRequirement><requiredKnowledge href="#k"/></knowledgeRequirement>
          <context><contextEntry><variable name="bonus"/>
            <invocation><literalExpression><text>Bonus</text></literalExpression>
              <binding><parameter name="pay"/><literalExpression><text>Manager.base pay</text>
                </literalExpression></binding>
              <binding><parameter name="rate"/><literalExpression><text>Rate</text></literalExpression>
                </binding></invocation>
            </contextEntry>
            <contextEntry><literalExpression><text>Manager.base pay + bonus</text></literalExpression></contextEntry>
          </context></decision>
        <decisionService id="s" name="Pay service"><variable name="Pay service"/><outputDecision href="#d"/>
          <inputDecision href="#r"/><inputData href="#i"/></decisionService>
        """

    @Test func decisionsFollowTheirRequirements() throws {
        let model = try DMNModel(xml: Self.document(Self.bonus))
        #expect(model.problems.isEmpty)
        #expect(model.decisions == ["Pay", "Rate"] && model.inputs == ["Manager"] && model.services == ["Pay service"])
        let manager = Value.context(["base pay": 1000, "grade": "A"])
        #expect(try model.evaluate(decision: "Pay", inputs: ["Manager": manager]).value == 1200)
        let service = try model.evaluate(service: "Pay service", inputs: ["Manager": manager, "Rate": 1])
        #expect(service.value == 2000)
        #expect(try model.evaluate(knowledge: "Bonus", inputs: ["pay": 10, "rate": 3]).value == 30)
    }

    @Test func anInputThatIsNotAllowedIsNullWithAReason() throws {
        let model = try DMNModel(xml: Self.document(Self.bonus))
        let result = try model.evaluate(
            decision: "Pay", inputs: ["Manager": .context(["base pay": 1000, "grade": "X"])])
        #expect(result.value == .null)
        #expect(result.diagnostics.contains { $0.message.contains("Manager") })
    }

    @Test func importedElementsStandUnderTheImportsName() throws {
        let library = Self.document(
            """
            <inputData id="i" name="n"><variable name="n" typeRef="number"/></inputData>
            <decision id="d" name="double"><variable name="double"/>
              <informationRequirement><requiredInput href="#i"/></informationRequirement>
              <literalExpression><text>n * 2</text></literalExpression></decision>
            """, namespace: "urn:library")
        let main = Self.document(
            """
            <import name="lib" namespace="urn:library" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>
            <decision id="m" name="main"><variable name="main"/>
              <informationRequirement><requiredDecision href="urn:library#d"/></informationRequirement>
              <literalExpression><text>lib.double + 1</text></literalExpression></decision>
            """)
        let model = try DMNModel(xml: main, imports: [library])
        #expect(try model.evaluate(decision: "main", inputs: ["n": 4]).value == 9)
        #expect(throws: DMNError.missing(element: "main", reference: "d")) { try DMNModel(xml: main) }
    }

    @Test func requirementsMustNotGoRoundInACircle() {
        let decision = { (id: String, other: String) in
            """
            <decision id="\(id)" name="\(id)"><variable name="\(id)"/>
              <informationRequirement><requiredDecision href="#\(other)"/></informationRequirement>
              <literalExpression><text>1</text></literalExpression></decision>
            """
        }
        #expect(throws: DMNError.cycle(element: "a")) {
            try DMNModel(xml: Self.document(decision("a", "b") + decision("b", "a")))
        }
    }

    @Test func anUnreadableExpressionIsAProblemOfItsElementOnly() throws {
        let model = try DMNModel(
            xml: Self.document(
                """
                <decision id="a" name="a"><variable name="a"/><literalExpression><text>1 +</text>
                  </literalExpression></decision>
                <decision id="b" name="b"><variable name="b"/><literalExpression><text>2</text>
                  </literalExpression></decision>
                """))
        #expect(model.problems.count == 1)
        #expect(try model.evaluate(decision: "a", inputs: [:]).value == .null)
        #expect(try model.evaluate(decision: "b", inputs: [:]).value == 2)
        #expect(throws: DMNError.unknown(name: "c")) { try model.evaluate(decision: "c", inputs: [:]) }
    }
}
