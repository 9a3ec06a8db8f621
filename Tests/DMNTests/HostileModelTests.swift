import DMN
import FEEL
import Testing

/// Damaged models are refused or evaluate to something; they never stop the process.
@Suite("Hostile models")
struct HostileModelTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    private static let model = ModelTests.document(
        """
        <itemDefinition name="t" isCollection="true"><typeRef>number</typeRef><allowedValues>
          <text>[0..9]</text></allowedValues></itemDefinition>
        <inputData id="i" name="n"><variable name="n" typeRef="number"/></inputData>
        <businessKnowledgeModel id="k" name="f"><encapsulatedLogic><formalParameter name="a"/>
          <literalExpression><text>a * 2</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>
        <decision id="d" name="d"><variable name="d"/><informationRequirement><requiredInput href="#i"/>
          </informationRequirement>
          <knowledgeRequirement><requiredKnowledge href="#k"/></knowledgeRequirement>
          <decisionTable hitPolicy="COLLECT" aggregation="SUM"><input><inputExpression><text>f(n)</text>
            </inputExpression></input>
            <output name="o"><outputValues><text>1, 2</text></outputValues></output>
            <rule><inputEntry><text>&lt; 5</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>
            <rule><inputEntry><text>-</text></inputEntry><outputEntry><text>2</text></outputEntry></rule>
              </decisionTable></decision>
        """)

    @Test func mutatedModelsNeverStopTheProcess() throws {
        let seed = UInt64.random(in: 1...UInt64.max)
        print("mutatedModelsNeverStopTheProcess seed \(seed)")
        var random = Generator(state: seed)
        for _ in 0..<2_000 {
            var bytes = Self.model
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes.remove(at: place)
                case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
                default: bytes.insert(contentsOf: bytes[..<place].suffix(20), at: place)
                }
            }
            guard let model = try? DMNModel(xml: bytes) else { continue }
            for decision in model.decisions { _ = try model.evaluate(decision: decision, inputs: ["n": 2]) }
        }
        #expect(try DMNModel(xml: Self.model).evaluate(decision: "d", inputs: ["n": 2]).value == 3)
    }
}
