import DMN
import FEEL
import Testing

@Suite("Boxed expressions")
struct BoxedExpressionTests {
    private func value(_ boxed: String, types: String = "", typeName: String? = nil) throws -> String {
        let reference = typeName.map { " typeRef=\"\($0)\"" } ?? ""
        let model = try DMNModel(
            xml: ModelTests.document(
                """
                \(types)
                <inputData id="i" name="xs"><variable name="xs"/></inputData>
                <decision id="d" name="d"><variable name="d"\(reference)/>
                  <informationRequirement><requiredInput href="#i"/></informationRequirement>\(boxed)</decision>
                """))
        #expect(model.problems.isEmpty, "\(model.problems)")
        return try model.evaluate(decision: "d", inputs: ["xs": [1, 2, 3]]).value.rendered
    }

    private func literal(_ text: String) -> String {
        "<literalExpression><text>\(text)</text></literalExpression>"
    }

    @Test func listsAndRelations() throws {
        #expect(try value("<list>\(literal("1"))\(literal("xs[2]"))</list>") == "[1, 2]")
        let relation = """
            <relation><column name="a"/><column name="b c"/><row>\(literal("1"))\(literal("xs[1]"))</row>
              <row>\(literal("3"))\(literal("4"))</row></relation>
            """
        #expect(try value(relation) == "[{a: 1, b c: 1}, {a: 3, b c: 4}]")
    }

    @Test func aRelationNamesEachColumnOnce() {
        let relation = """
            <relation><column name="a"/><column name="a"/><row>\(literal("1"))\(literal("2"))</row></relation>
            """
        #expect(throws: DMNError.self) { try value(relation) }
    }

    @Test func conditionsAndLoops() throws {
        let conditional = { (condition: String) in
            "<conditional><if>\(literal(condition))</if><then>\(literal("1"))</then>"
                + "<else>\(literal("2"))</else></conditional>"
        }
        #expect(try value(conditional("xs[1] = 1")) == "1")
        #expect(try value(conditional("null")) == "2")
        #expect(try value(conditional("&quot;x&quot;")) == "null")
        let loop =
            "<for iteratorVariable=\"x\"><in>\(literal("xs"))</in>"
            + "<return>\(literal("x * count(partial)"))</return></for>"
        #expect(try value(loop) == "[0, 2, 6]")
        let some =
            "<some iteratorVariable=\"x\"><in>\(literal("xs"))</in><satisfies>\(literal("x &gt; 2"))</satisfies></some>"
        #expect(try value(some) == "true")
        let every = some.replacing("some", with: "every")
        #expect(try value(every) == "false")
    }

    @Test func filtersSeeTheEntriesOfTheElements() throws {
        let list = literal("[{a: 1, b: 2}, {a: 3, b: 4}]")
        #expect(
            try value("<filter><in>\(list)</in><match>\(literal("a &gt; xs[2]"))</match></filter>") == "[{a: 3, b: 4}]")
        let match = "<context><contextEntry>\(literal("item.a = 1"))</contextEntry></context>"
        #expect(try value("<filter><in>\(list)</in><match>\(match)</match></filter>") == "[{a: 1, b: 2}]")
    }

    @Test func contextsHideOuterNamesAndDefineFunctions() throws {
        let context = """
            <context><contextEntry><variable name="xs"/>\(literal("xs[1] + 1"))</contextEntry>
              <contextEntry><variable name="times"/><functionDefinition><formalParameter name="n" typeRef="number"/>
                \(literal("n * xs"))</functionDefinition></contextEntry>
              <contextEntry>\(literal("times(n: 5)"))</contextEntry></context>
            """
        #expect(try value(context) == "10")
    }

    @Test func resultsAreConvertedToTheirType() throws {
        let types = """
            <itemDefinition name="tGrade"><typeRef>string</typeRef><allowedValues><text>"A","B"</text>
              </allowedValues></itemDefinition>
            <itemDefinition name="tGrades" isCollection="true"><typeRef>tGrade</typeRef></itemDefinition>
            """
        #expect(try value(literal("[\"A\"]"), types: types, typeName: "tGrade") == "\"A\"")
        #expect(try value(literal("\"C\""), types: types, typeName: "tGrade") == "null")
        #expect(try value(literal("\"B\""), types: types, typeName: "tGrades") == "[\"B\"]")
        #expect(try value(literal("[\"A\", \"C\"]"), types: types, typeName: "tGrades") == "null")
    }

    @Test func olderVersionsAreRead() throws {
        let xml = """
            <definitions xmlns="http://www.omg.org/spec/DMN/20151101/dmn.xsd"
              xmlns:feel="http://www.omg.org/spec/FEEL/20140401"
              name="old" namespace="urn:old">
              <inputData id="i" name="n"><variable name="n" typeRef="feel:number"/></inputData>
              <decision id="d" name="d"><variable name="d" typeRef="feel:string"/>
                <informationRequirement><requiredInput href="#i"/></informationRequirement>
                <decisionTable hitPolicy="FIRST"><input><inputExpression typeRef="feel:number"><text>n</text>
                  </inputExpression></input>
                  <output name="o"/><rule><inputEntry><text>&lt; 3</text></inputEntry><outputEntry>
                    <text>"low"</text></outputEntry></rule>
                  <rule><inputEntry><text>-</text></inputEntry><outputEntry><text>"high"</text></outputEntry></rule>
                </decisionTable></decision></definitions>
            """
        let model = try DMNModel(xml: Array(xml.utf8))
        #expect(try model.evaluate(decision: "d", inputs: ["n": 2]).value == "low")
        #expect(try model.evaluate(decision: "d", inputs: ["n": 3]).value == "high")
    }
}
