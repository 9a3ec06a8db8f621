import Domain
import FEEL
import Testing

/// Whatever is typed or sent, the engine answers within its bounds and never stops the process.
@Suite("Hostile input")
struct HostileInputTests {
    private let names: Names = ["x", "list", "a-b", "total amount", "总分"]
    private let values: [Value] = [5, [1, 2, 3], 7, .context(["a": 1]), "text"]

    @Test(arguments: [
        String(repeating: "(", count: 50_000), String(repeating: "[", count: 50_000),
        String(repeating: "-", count: 50_000),
        String(repeating: "{a:", count: 15_000), String(repeating: "not(", count: 12_000),
        String(repeating: "if true then ", count: 4_000), String(repeating: "1+", count: 25_000) + "1",
        String(repeating: "x in (", count: 8_000), String(repeating: "function() ", count: 5_000) + "1",
        String(repeating: "a", count: 70_000), "1" + String(repeating: "[1]", count: 15_000),
        "[" + String(repeating: "1,", count: 20_000) + "1]",
    ])
    func textThatIsTooLargeIsRefused(_ text: String) {
        #expect(throws: FEELError.self) { try Expression(parsing: text, names: names) }
    }

    @Test(arguments: [
        "for i in 1..1000000000000 return i", "for i in 1..100000, j in 1..100000 return i * j",
        "for i in 1..1000 return if i = 1 then \"ab\" else partial[-1] + partial[-1]",
        "for i in 1..1000 return if i = 1 then [1] else concatenate(partial[-1], partial[-1])",
        "for i in 1..100000 return [partial[-1]]", "for i in 1..200 return [partial[-1], partial[-1]]",
        "(function(f) f(f))(function(f) f(f))", "(function(f, n) f(f, n + 1))(function(f, n) f(f, n + 1), 0)",
        "matches(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\", \"(a*)*c\")",
        "matches(\"a\", \"((a{999}){999}){999}\")",
        "every i in 1..10000000 satisfies some j in 1..10000000 satisfies i = j + 20000000",
        "count(for i in 1..4999999 return i) + count(for i in 1..4999999 return i)",
        "sum(for i in 1..3000 return count(flatten(for j in 1..3000 return j)))",
    ])
    func workWithoutEndIsStoppedWithAReason(_ text: String) throws {
        var diagnostics: [Diagnostic] = []
        var dialect = Expression.Dialect()
        dialect.limits.steps = 400_000
        let expression = try Expression(parsing: text, names: names, dialect: dialect)
        #expect(expression.evaluate(values, diagnostics: &diagnostics) == .null)
        #expect(!diagnostics.isEmpty)
    }

    @Test func sharedPartsDoNotMultiplyTheWork() throws {
        // Sixty doublings: written out, the last entry would have 2⁶⁰ elements.
        let letters = (0..<60).map { "v\($0)" }
        let entries = letters.indices.map { $0 == 0 ? "v0: [1]" : "v\($0): [v\($0 - 1), v\($0 - 1)]" }.joined(
            separator: ", ")
        for use in ["count(flatten(%))", "string(%)", "% = %", "distinct values([%, %])", "%.a", "list contains(%, %)"]
        {
            let text = "{" + entries + ", result: " + use.replacing("%", with: "v59") + "}.result"
            var dialect = Expression.Dialect()
            dialect.limits.steps = 400_000
            let value = try Expression(parsing: text, names: names, dialect: dialect).evaluate(values)
            #expect(value.rendered.utf8.count < 5_000_000, "\(use)")
        }
    }

    @Test(arguments: [
        "9 ** 999999999", "1e6000 * 1e6000", "9e6144", "(-1) ** 0.5", "exp(1e30)", "log(1e-6000)", "sqrt(1e-6175)",
        "@\"999999999-12-31\" + @\"P1D\"", "@\"P999999999999999Y\" * 1e30",
        "@\"-P99999999999999D\" - @\"P99999999999999D\"",
        "date(1e30, 1, 1)", "decimal(1, 1e30)", "substring(\"abc\", -9223372036854775808)", "list[9223372036854775807]",
        "list[-9223372036854775808]", "remove(list, 1e18)", "@\"2024-01-01\" + @\"P9999999999Y\"", "modulo(1e6000, 7)",
        "time(23, 59, 59.9999999999)", "abs(@\"-P99999999999999D\")", "number(\"1e99999\")", "0.1 ** 999999",
    ])
    func extremeNumbersGiveAnAnswerOrNull(_ text: String) throws {
        let value = try? Expression(parsing: text, names: names).evaluate(values)
        #expect((value ?? .null).rendered.utf8.count < 10_000)
    }

    private static let seeds = [
        "score >= 95 and months = 3", "for i in [1, 2], j in 1..3 return i * j", "{a: 1, \"b c\": a + 1}.b c",
        "some x in list satisfies x > 2", "if x > 3 then \"a\\u0041\" else null", "list[item > 1 and x < 3]",
        "date(\"2024-01-31\") + @\"P1M\" - duration(\"PT2H\")", "(function(a: number, b) a + b)(1, b: 2)",
        "x in (1, [2..3), > 4, not(5))", "replace(\"abc\", \"(a)|b\", \"$1\")", "1.5e3 ** -2 between ]1..2[ and (1..2]",
        "sort(list, function(a, b) a < b) instance of list<number>", "总分 + total amount.a - a-b /* note */ // end",
        "@\"2024-01-31T00:00:00@Europe/Paris\".time offset", "range(\"[1..2]\").start included", "< 5, > 7, not(x)",
    ]
    private static let pieces = [
        "(", ")", "[", "]", "{", "}", "..", ".", ",", ":", "\"", "@", "-", "**", "<", ">=", "!=", "?", "not(", " and ",
        " in ",
        "for ", " return ", "function(", "null", "1e", "\\u", "\u{0}", "é", "🐎", "\n", "//", "/*", "item", "partial",
        "instance of ",
    ]

    @Test func mutatedTextNeverStopsTheProcess() {
        let seed = UInt64.random(in: 1...UInt64.max)
        print("mutatedTextNeverStopsTheProcess seed \(seed)")
        var random = SeededGenerator(state: seed)
        var dialect = Expression.Dialect()
        dialect.limits.steps = 20_000
        for _ in 0..<5_000 {
            let text = Self.mutated(using: &random)
            if let expression = try? Expression(parsing: text, names: names, dialect: dialect) {
                _ = expression.evaluate(values).rendered
                _ = expression.explain(values)
            }
            if let tests = try? UnaryTests(parsing: text, names: names) { _ = tests.matches(5, values) }
        }
    }

    private static func mutated(using random: inout SeededGenerator) -> String {
        var scalars = Array((seeds.randomElement(using: &random) ?? "").unicodeScalars)
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let place = Int.random(in: 0...scalars.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0 where place < scalars.count: scalars.remove(at: place)
            case 1 where place < scalars.count:
                scalars[place] = Unicode.Scalar(UInt8.random(in: 0...255, using: &random))
            case 2:
                let other = Array((seeds.randomElement(using: &random) ?? "").unicodeScalars)
                let from = Int.random(in: 0...other.count, using: &random)
                scalars.insert(contentsOf: other[from...].prefix(12), at: place)
            default: scalars.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").unicodeScalars, at: place)
            }
        }
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text
    }
}

/// A random number generator that gives the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
