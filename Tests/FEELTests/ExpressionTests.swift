import Domain
import FEEL
import Testing

@Suite("Expressions")
struct ExpressionTests {
    private let names: Names = ["score", "months", "customer count", "总分", "x", "list", "a-b", "loan", "start"]
    private let values: [Value] = [
        97, 3, 12, 88, 5, [1, 2, 3], 7, .context(["amount": 100, "pre tax": 5]), .null,
    ]

    private func value(_ text: String) throws -> Value {
        try Expression(parsing: text, names: names).evaluate(values)
    }

    @Test(arguments: [
        ("score >= 95 and months = 3", "true"), ("customer count * 2", "24"), ("总分 + 1", "89"), ("a-b - 1", "6"),
        ("if x > 3 then \"a\" else \"b\"", "\"a\""), ("-2 ** 2", "4"), ("2 * -x", "-10"), ("10 - 2 - 3", "5"),
        ("loan.pre tax + loan.amount", "105"), ("[1, 2, 3][item > 1]", "[2, 3]"), ("list[-1]", "3"),
        ("[{a: 1, b c: 2}, {a: 3, b c: 5}][b c > 2].a", "[3]"), ("x in (1, 2, > 4)", "true"), ("x in (1..5]", "true"),
        ("{a: 1, b: a + 1}.b", "2"), ("some y in list satisfies y > 2", "true"), ("1 + /* two */ 2 // end", "3"),
        ("for i in 1..3, j in [i] return i * j", "[1, 4, 9]"), ("(function(a: number) a + x)(1)", "6"),
        ("sort(list, function(a, b) a > b)", "[3, 2, 1]"), ("date(\"2024-01-31\") + @\"P1M\"", "2024-02-29"),
        ("@\"2026-03-31\" - @\"2026-01-01\"", "P89D"), ("substring(from: 1)", "error"), ("0.1 + 0.2", "0.3"),
        ("decimal(2.345, 2)", "2.34"), ("string(1.50)", "\"1.5\""), ("x between 1 and 5", "true"),
    ])
    func evaluate(_ text: String, _ expected: String) throws {
        if expected == "error" {
            #expect(try value(text) == .null)
        } else {
            #expect(try value(text).rendered == expected)
        }
    }

    @Test func logicHasThreeValues() throws {
        #expect(try value("false and start") == false)
        #expect(try value("true and start") == .null)
        #expect(try value("true or start") == true)
        #expect(try value("start = null") == true)
        #expect(try value("x = \"5\"") == .null)
    }

    @Test func everyNullHasAReason() throws {
        var diagnostics: [Diagnostic] = []
        let expression = try Expression(parsing: "1 + start", names: names)
        #expect(expression.evaluate(values, diagnostics: &diagnostics) == .null)
        #expect(diagnostics == [Diagnostic(message: "“+” has no result for number and null", offset: 0)])
    }

    @Test(arguments: [
        ("score >= ", 1, 9), ("(1 + 2", 1, 7), ("score\n+ foo", 2, 3), ("[1, 2", 1, 6), ("\"open", 1, 1), ("1 2", 1, 3),
    ])
    func mistakesCarryTheirPlace(_ text: String, _ line: Int, _ column: Int) {
        #expect(throws: FEELError.self) { try Expression(parsing: text, names: names) }
        do {
            _ = try Expression(parsing: text, names: names)
        } catch {
            #expect(error.line == line && error.column >= column, "\(error)")
        }
    }

    @Test func anExpressionKnowsWhatItUses() throws {
        let expression = try Expression(parsing: "if score > 1 then x else months", names: names)
        #expect(expression.referencedNames == ["score", "months", "x"])
    }

    @Test func anExplanationShowsTheValues() throws {
        let names: Names = ["balance", "base", "rate"]
        let expression = try Expression(parsing: "(balance - base) * rate", names: names)
        let rate = try #require(Decimal128("0.001"))
        #expect(expression.explain([32_500_000, 31_000_000, .number(rate)]) == "(32500000 - 31000000) × 0.001")
    }

    @Test func theHostAddsFunctions() throws {
        let double = Function(name: "twice the", parameters: ["n"]) { values in
            values[0].asNumber.map { .number($0 * 2) } ?? .null
        }
        let dialect = Expression.Dialect(functions: [double])
        let expression = try Expression(parsing: "twice the(x) + twice the(n: 1)", names: names, dialect: dialect)
        #expect(expression.evaluate(values) == 12)
    }

    @Test(arguments: [
        ("< 100", 99, true), ("< 100", 100, false), ("[18..21]", 21, true), ("1, 2, 3", 2, true),
        ("not(1, 2)", 2, false),
        ("not(1, 2)", 3, true), ("-", 1, true), ("? * 2 > x", 3, true), ("? * 2 > x", 2, false), ("x", 5, true),
        ("> x", 6, true),
    ])
    func unaryTestsMatch(_ text: String, _ input: Int, _ expected: Bool) throws {
        let tests = try UnaryTests(parsing: text, names: names)
        #expect(tests.matches(.number(input), values) == expected)
    }
}
