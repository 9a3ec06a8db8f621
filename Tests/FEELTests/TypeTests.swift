import FEEL
import Testing

@Suite("Types")
struct TypeTests {
    @Test(arguments: [
        ("1 instance of number", true), ("null instance of Any", false), ("[1, 2] instance of list<number>", true),
        ("[1, \"a\"] instance of list<number>", false), ("{a: 1, b: 2} instance of context<a: number>", true),
        ("{b: 2} instance of context<a: number>", false), ("[1..2] instance of range<number>", true),
        ("@\"P1Y\" instance of years and months duration", true),
        ("@\"PT1H\" instance of days and time duration", true),
        ("(function(a: number) \"x\") instance of function<number> -> string", true),
        ("(function(a: string) \"x\") instance of function<number> -> string", false),
    ])
    func instanceOf(_ text: String, _ expected: Bool) throws {
        #expect(try Expression(parsing: text, names: []).evaluate([]) == .boolean(expected))
    }

    @Test func argumentsAreConvertedToTheParametersType() throws {
        let call = { (argument: String) in
            try Expression(parsing: "(function(n: number) n + 1)(\(argument))", names: []).evaluate([])
        }
        #expect(try call("1") == 2)
        #expect(try call("[1]") == 2)
        #expect(try call("\"1\"") == .null)
        #expect(FEELType.list(.number).converting(1) == [1])
        #expect(FEELType.number.converting("x") == nil)
    }

    @Test func unknownTypesAreMistakes() {
        #expect(throws: FEELError.self) { try Expression(parsing: "1 instance of tUnknown", names: []) }
    }

    @Test func namesMayBeginWithDigitsAndHoldSigns() throws {
        let names: Names = ["30天存款", "完成率%", "存款（万元）", "non-performing ratio", "a", "a b"]
        let values: [Value] = [1, 2, 3, 4, 5, 6]
        let cases = [
            ("30天存款 + 1", 2), ("完成率% * 2", 4), ("存款（万元） - 1", 2), ("non-performing ratio", 4), ("a b - a", 1),
            ("a  b", 6),
        ]
        for (text, expected) in cases {
            #expect(try Expression(parsing: text, names: names).evaluate(values) == .number(expected), "\(text)")
        }
    }

    @Test func aKeyOfDigitsDoesNotHideNumbers() throws {
        let expression = try Expression(parsing: "[{\"1\": 2}, 1 + 1]", names: [])
        #expect(expression.evaluate([]).rendered == "[{\"1\": 2}, 2]")
    }

    @Test func hiddenNamesAndScopes() throws {
        let names: Names = ["x", "items"]
        let values: [Value] = [10, [.context(["x": 1, "item": 7]), .context(["y": 2])]]
        let cases = [
            ("items[x = 1].item", "[7]"), ("items[x = 10].y", "[2]"), ("items[item = 7].x", "[1]"),
            ("for x in [1] return x", "[1]"),
            ("{x: 1, y: x}.y", "1"), ("(function(x) x)(3) + x", "13"), ("[1, 2][item + x = 11]", "[1]"),
        ]
        for (text, expected) in cases {
            #expect(try Expression(parsing: text, names: names).evaluate(values).rendered == expected, "\(text)")
        }
    }
}
