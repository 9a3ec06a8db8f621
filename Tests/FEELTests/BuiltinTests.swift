import Domain
import FEEL
import Testing

@Suite("Built-in functions")
struct BuiltinTests {
    private func check(_ cases: [(String, String)]) throws {
        for (text, expected) in cases {
            let value = try Expression(parsing: text, names: ["list"]).evaluate([[3, 1, 2]])
            #expect(value.rendered == expected, "\(text)")
        }
    }

    @Test func conversions() throws {
        try check([
            ("number(\"1 000,5\", \" \", \",\")", "1000.5"), ("number(\"1,000.5\", \",\", \".\")", "1000.5"),
            ("number(\"1,5\")", "null"), ("number(\"x\")", "null"), ("number(\"1\", \".\", \".\")", "null"),
            ("string(1.10)", "\"1.1\""), ("string(null)", "null"), ("string([1, \"a\"])", "\"[1, \\\"a\\\"]\""),
            ("string(@\"P1DT2H\")", "\"P1DT2H\""), ("string({a: true})", "\"{a: true}\""), ("not(null)", "null"),
            ("is(@\"10:00:00Z\", @\"10:00:00+00:00\")", "true"), ("is(@\"10:00:00Z\", @\"11:00:00+01:00\")", "false"),
            ("range(\"[1..3)\")", "[1..3)"), ("range(\"[3..1]\")", "null"), ("range(\"[x..1]\")", "null"),
        ])
    }

    @Test func texts() throws {
        try check([
            ("substring(\"foobar\", 3)", "\"obar\""), ("substring(\"foobar\", -2, 1)", "\"a\""),
            ("substring(\"foobar\", 0)", "null"), ("substring(\"总分数\", 2, 1)", "\"分\""), ("string length(\"🐎\")", "1"),
            ("upper case(\"aß\")", "\"ASS\""), ("lower case(\"AÄ\")", "\"aä\""),
            ("substring before(\"a-b\", \"-\")", "\"a\""), ("substring after(\"a-b\", \"x\")", "\"\""),
            ("contains(\"abc\", \"\")", "true"), ("starts with(\"abc\", \"ab\")", "true"),
            ("ends with(\"abc\", \"b\")", "false"),
            ("string join([\"a\", null, \"b\"], \", \")", "\"a, b\""), ("string join([])", "\"\""),
            ("split(\"a;b;;\", \";\")", "[\"a\", \"b\", \"\", \"\"]"), ("upper case([\"a\"])", "\"A\""),
        ])
    }

    @Test func patterns() throws {
        try check([
            ("matches(\"abc\", \"^a.c$\")", "true"), ("matches(\"a\\nc\", \"a.c\")", "false"),
            ("matches(\"a\\nc\", \"a.c\", \"s\")", "true"),
            ("matches(\"客户123\", \"^\\p{Lo}+\\d{3}$\")", "true"), ("matches(\"abab\", \"(ab)\\1\")", "true"),
            ("matches(\"x\", \"[a-z-[xy]]\")", "false"), ("matches(\"a\", \"(\")", "null"),
            ("matches(\"a\", \"a{2,1}\")", "null"),
            ("matches(\"a.c\", \"a.c\", \"q\")", "true"), ("matches(\"aXc\", \"a.c\", \"q\")", "false"),
            ("matches(\"É\", \"é\", \"i\")", "true"),
            ("replace(\"2026-11-21\", \"(\\d+)-(\\d+)-(\\d+)\", \"$3.$2.$1\")", "\"21.11.2026\""),
            ("replace(\"aaa\", \"a+?\", \"b\")", "\"bbb\""), ("replace(\"abc\", \"x*\", \"-\")", "null"),
            ("replace(\"abc\", \"b\", \"\\\\$\")", "\"a$c\""), ("replace(\"abc\", \"b\", \"$\")", "null"),
        ])
    }

    @Test func lists() throws {
        try check([
            ("min(list) + max(3, 4)", "5"), ("sum(1, 2, 3)", "6"), ("sum([])", "null"), ("mean(list)", "2"),
            ("median(1, 2, 3, 4)", "2.5"),
            ("mode(1, 2, 2, 1)", "[1, 2]"), ("stddev(2, 4, 7, 5)", "2.081665999466132735282297706979931"),
            ("product(2, 3)", "6"),
            ("all([true, null])", "null"), ("any([null, true])", "true"), ("any([])", "false"), ("all([])", "true"),
            ("sublist([1, 2, 3], 2)", "[2, 3]"), ("sublist([1, 2, 3], -2, 1)", "[2]"),
            ("append([1], 2, 3)", "[1, 2, 3]"),
            ("concatenate([1], [2], 3)", "[1, 2, 3]"), ("insert before([1, 3], 2, 2)", "[1, 2, 3]"),
            ("remove([1, 2, 3], -1)", "[1, 2]"), ("list replace([1, 2], 1, 9)", "[9, 2]"),
            ("list replace([1, 5], function(a, b) a < b, 3)", "[3, 5]"), ("reverse(list)", "[2, 1, 3]"),
            ("index of([1, null, 1], 1)", "[1, 3]"), ("union([1, 2], [2, 3])", "[1, 2, 3]"),
            ("distinct values([1, 1.0, \"1\"])", "[1, \"1\"]"), ("flatten([1, [2, [3]]])", "[1, 2, 3]"),
            ("sort(list, function(a, b) a < b)", "[1, 2, 3]"), ("list contains([1, null], null)", "true"),
            ("count(list)", "3"),
            ("sum(@\"P1D\", @\"PT12H\")", "P1DT12H"), ("max(@\"2024-01-01\", @\"2025-01-01\")", "2025-01-01"),
        ])
    }

    @Test func numbers() throws {
        try check([
            ("decimal(2.5, 0)", "2"), ("floor(-1.56, 1)", "-1.6"), ("ceiling(1.51)", "2"), ("round up(-1.1, 0)", "-2"),
            ("round down(1.99, 1)", "1.9"), ("round half up(2.5, 0)", "3"), ("round half down(-2.5, 0)", "-2"),
            ("abs(-3)", "3"),
            ("modulo(-12, 5)", "3"), ("sqrt(16)", "4"), ("odd(3)", "true"), ("even(1.5)", "null"), ("log(0)", "null"),
            ("decimal(1, 7000)", "null"), ("abs(@\"-P1D\")", "P1D"), ("exp(0)", "1"),
        ])
    }

    @Test func datesAndTimes() throws {
        try check([
            ("date(2024, 2, 29) + @\"P1Y\"", "2025-02-28"), ("date(2023, 2, 29)", "null"),
            ("day of year(@\"2024-12-31\")", "366"),
            ("day of week(@\"2026-11-21\")", "\"Saturday\""), ("month of year(@\"2026-11-21\")", "\"November\""),
            ("week of year(@\"2021-01-03\")", "53"), ("time(@\"2024-01-01T10:20:30Z\")", "10:20:30Z"),
            ("time(10, 20, 30.5, @\"PT8H\")", "10:20:30.5+08:00"),
            ("date and time(@\"2024-01-01\", @\"10:00:00\")", "2024-01-01T10:00:00"),
            ("date and time(\"2024-06-01T00:00:00@Europe/Paris\").time offset", "PT2H"),
            ("years and months duration(@\"2024-01-31\", @\"2024-02-29\")", "P0M"), ("duration(\"P1Y2M\") / 2", "P7M"),
            ("@\"2024-03-01T00:00:00Z\" - @\"2024-02-28T22:00:00Z\"", "P1DT2H"),
            ("@\"23:00:00\" + @\"PT2H\"", "01:00:00"),
            ("@\"2024-01-01\" < @\"2024-01-01T00:00:01\"", "true"), ("@\"P1Y\" < @\"P13M\"", "true"),
            ("@\"P1M\" < @\"P40D\"", "null"),
            ("now()", "null"), ("@\"-2024-01-01\".year", "-2024"), ("duration(\"P1Y2D\")", "null"),
            ("@\"PT90M\".minutes", "30"),
        ])
    }

    @Test func intervals() throws {
        try check([
            ("before([1..5), 5)", "true"), ("after(6, [1..5])", "true"), ("meets([1..5], [5..9])", "true"),
            ("overlaps([1..5], [5..9])", "true"), ("overlaps before([1..5], [3..9])", "true"),
            ("finishes(5, [1..5])", "true"),
            ("finished by([1..5], [3..5])", "true"), ("includes([1..5], 3)", "true"), ("during(5, [1..5))", "false"),
            ("starts([1..3], [1..5])", "true"), ("started by([1..5], 1)", "true"),
            ("coincides([1..5], [1..5])", "true"),
            ("before(1, \"a\")", "null"),
        ])
    }

    @Test func contexts() throws {
        try check([
            ("get value({a: 1}, \"a\")", "1"), ("get entries({a: 1})", "[{key: \"a\", value: 1}]"),
            ("context([{key: \"a\", value: 1}])", "{a: 1}"), ("context put({a: 1}, \"b\", 2)", "{a: 1, b: 2}"),
            ("context put({a: {b: 1}}, [\"a\", \"b\"], 2)", "{a: {b: 2}}"),
            ("context merge([{a: 1}, {a: 2, b: 3}])", "{a: 2, b: 3}"),
        ])
    }

    @Test func theClockIsGivenByTheHost() throws {
        var dialect = Expression.Dialect()
        dialect.library = Library { FEELDateTime(secondsSince1970: 1_000_000_000) }
        let expression = try Expression(parsing: "[today(), now()]", names: [], dialect: dialect)
        #expect(expression.evaluate([]).rendered == "[2001-09-09, 2001-09-09T01:46:40Z]")
    }

    @Test func businessDatesPassBothWays() throws {
        let date = try #require(CalendarDate(year: 2026, month: 11, day: 21))
        #expect(Value.date(date).rendered == "2026-11-21")
        #expect(Value.date(year: 2026, month: 11, day: 21)?.asDate?.calendarDate == date)
    }
}
