import Domain
import FEEL
import Testing

@testable import Schemes

/// What the analysis of units says of formulas over some figures of known units.
struct UnitTests {
    private static let figures = """
        - { measure: sales, clause: R1 x, fact: deal.closed, window: month, unit: CNY }
        - { measure: goal, clause: R1 x, fact: deal.closed, take: last, window: month, unit: CNY }
        - { measure: deals, clause: R1 x, fact: deal.closed, take: count, window: month, unit: count }
        - { measure: marks, clause: R1 x, fact: deal.closed, take: last, window: month, unit: points }
        - { measure: reached, clause: R1 x, fact: deal.closed, take: last, window: month, unit: percent }
        - { measure: first deal, clause: R1 x, fact: deal.closed, take: first date, window: month, unit: date }
        - { measure: each balance, clause: R1 x, fact: deal.closed, take: balance, per: customer, window: to date, unit: CNY }
        - { parameter: rate, clause: R1 x, value: 0.01, unit: ratio }
        - { parameter: price, clause: R1 x, value: 50, unit: CNY/count }
        - { parameter: worth, clause: R1 x, value: 3, unit: CNY/points }
        - { parameter: unit size, clause: R1 x, value: 1000, unit: CNY }
        - { parameter: term, clause: R1 x, value: 3, unit: years }
        - { parameter: anything, clause: R1 x, value: 3 }
        - ladder: grade
          clause: R1 x
          grades: [low, high]
          entry: low
        """

    /// What the check says beside names that nothing uses and numbers without a unit.
    static func faults(_ rules: String) -> [SchemeFault] {
        SchemeCheck.check([Sample.source(rules)]).filter { !["GR-SCHEME-021", "GR-SCHEME-029"].contains($0.code) }
    }

    @Test func warnsOfNumbersWithoutAUnit() {
        func warnings(_ unit: String) -> [String] {
            let rules = """
                - { measure: volume, clause: R1 x, fact: deal.closed, window: month, every: month\(unit) }
                - { measure: deals, clause: R1 x, fact: deal.closed, take: count, window: month, every: month }
                - { parameter: fee, clause: R1 x, value: 5\(unit) }
                - { figure: sum of fees, clause: R1 x, formula: fee * 2, every: month }
                """
            return SchemeCheck.check([Sample.source(rules)]).map { "\($0.severity) \($0.code.suffix(3)) \($0.line)" }
        }
        #expect(warnings("") == ["warning 029 13", "warning 029 15"])
        #expect(warnings(", unit: CNY") == [])
    }

    private func codes(_ formula: String, _ unit: String) -> [String] {
        let rules = Self.figures + "\n- figure: result\n  clause: R2 x\n  formula: '\(formula)'\n  unit: \(unit)"
        return Self.faults(rules).map { String($0.code.suffix(3)) }
    }

    @Test(arguments: [
        ("sales - goal", "CNY"), ("sales + 100", "CNY"), ("0", "CNY"), ("if deals > 3 then sales else 0", "CNY"),
        ("sales * rate", "CNY"), ("deals * price", "CNY"), ("marks * worth", "CNY"), ("sales / goal", "ratio"),
        ("sales / goal * 100", "percent"), ("100 * sales / goal", "percent"), ("reached / 100 * sales", "CNY"),
        ("(2 - sales / goal) * 100", "points"), ("sales / deals", "CNY/count"), ("sales / deals", "CNY"),
        ("max(sales, goal, 0)", "CNY"),
        ("max(deals, floor(sales / unit size))", "count"), ("sum(each balance.value)", "CNY"),
        ("count(each balance[value > 1000])", "count"), ("each balance[customer = \"c\"].value[1]", "CNY"),
        ("sales * anything", "points"), ("sales + anything", "CNY"), ("first deal + duration(\"P1Y\") * term", "date"),
        ("(period end - first deal) / duration(\"P1D\")", "days"),
        ("some x in each balance satisfies x.value > 5", "yes or no"),
        ("grade = \"high\" and sales > goal", "yes or no"), ("sales * period end.month / 12", "CNY"),
        ("if sales = null then null else sales", "CNY"), ("sales ** 2 / goal", "CNY"),
        ("marks in [60..100]", "yes or no"),
    ])
    func takesWhatCanBeMeant(_ formula: String, _ unit: String) {
        #expect(codes(formula, unit) == [])
    }

    @Test(arguments: [
        ("sales + marks", "CNY", "016"), ("sales - deals", "CNY", "016"), ("sales < deals", "yes or no", "016"),
        ("max(sales, deals)", "CNY", "016"), ("if deals > 3 then sales else marks", "CNY", "016"),
        ("sum([sales, marks])", "CNY", "016"), ("deals * 50", "CNY", "016"), ("sales * deals", "CNY", "016"),
        ("sales / goal", "percent", "016"), ("sales / goal * 100", "ratio", "016"), ("reached * sales", "CNY", "016"),
        ("deals / deals", "count", "016"), ("sales / deals", "points", "016"), ("sales", "points", "016"),
        ("max(deals, floor(sales / 1000))", "count", "016"),
        ("sales between 0 and marks", "yes or no", "016"), ("sales in (marks, goal)", "yes or no", "016"),
        ("count(each balance[value > marks])", "count", "016"),
        ("sum(append(each balance.value, deals))", "CNY", "016"),
        ("some x in each balance satisfies x.value > deals", "yes or no", "016"),
        ("first deal + duration(\"P1M\") * term", "date", "016"),
        ("(period end - first deal) / duration(\"P1D\")", "months", "016"),
        ("sales > \"high\"", "yes or no", "011"), ("sales", "yes or no", "011"), ("first deal", "CNY", "011"),
        ("sales and deals > 1", "yes or no", "011"), ("first deal + 3", "date", "011"), ("grade", "points", "011"),
        ("grade = \"hihg\"", "yes or no", "010"), ("grade in (\"top\")", "yes or no", "010"),
        ("sales", "CNY/bushels", "016"),
    ])
    func findsWhatCannotBeMeant(_ formula: String, _ unit: String, _ code: String) {
        let found = codes(formula, unit)
        #expect(found.first == code, "\(formula): \(found)")
    }

    @Test func namesTheTwoThatDifferAtTheirPlace() throws {
        let faults = Self.faults(
            Self.figures + "\n- figure: result\n  clause: R2 x\n  formula: goal + marks\n  unit: CNY")
        let fault = try #require(faults.first)
        #expect(fault.what == "`goal` is in CNY and `marks` is in points: they cannot be added")
        #expect(fault.line == 32)
        #expect(fault.column == 18)
        #expect(faults.count == 1)
    }

    private func codes(ofRule rule: String) -> [String] {
        Self.faults(Self.figures + "\n" + rule).map { String($0.code.suffix(3)) }
    }

    @Test func aPayLineIsPaidInTheCurrency() {
        #expect(codes(ofRule: "- pay: award\n  clause: R2 x\n  formula: marks") == ["016"])
        #expect(codes(ofRule: "- pay: award\n  clause: R2 x\n  formula: deals * 50") == ["016"])
        #expect(codes(ofRule: "- pay: award\n  clause: R2 x\n  formula: grade") == ["011"])
        #expect(codes(ofRule: "- pay: award\n  clause: R2 x\n  formula: marks * worth") == [])
    }

    @Test func aFineIsInTheCurrency() {
        let fine = "- finding: late\n  clause: R2 x\n  on: deal.closed\n  amount: "
        #expect(codes(ofRule: fine + "unit size * rate") == [])
        #expect(codes(ofRule: fine + "rate") == ["016"])
        #expect(codes(ofRule: "- finding: few\n  clause: R2 x\n  when: deals < 3\n  amount: deals") == ["016"])
    }

    private func indicator(_ lines: String) -> String {
        "- indicator: part\n  clause: R2 x\n" + lines
    }

    @Test func anIndicatorMeasuresActualAndTargetAlike() {
        #expect(codes(ofRule: indicator("  actual: sales\n  target: goal\n  score: ratio * 100")) == [])
        #expect(codes(ofRule: indicator("  actual: sales\n  target: marks\n  score: ratio * 100")) == ["016"])
        #expect(codes(ofRule: indicator("  actual: sales\n  target: goal\n  score: actual")) == ["016"])
        #expect(codes(ofRule: indicator("  actual: marks\n  score: actual\n  cap: unit size")) == ["016"])
        #expect(codes(ofRule: indicator("  actual: marks\n  score: actual\n  floor: 0\n  cap: 100")) == [])
    }

    @Test func aScorecardAddsPartsOfOneScale() {
        func card(_ second: String) -> String {
            """
            - { indicator: one, clause: R2 x, actual: marks, score: actual, weight: 50 % }
            - { indicator: two, clause: R2 x, actual: sales, target: goal, score: \(second), weight: 50 % }
            - { scorecard: total, clause: R2 x, of: [one, two] }
            """
        }
        #expect(codes(ofRule: card("ratio * 100")) == [])
        #expect(codes(ofRule: card("ratio")) == ["016"])
    }

    @Test func aTableGivesWhatItsUnitSays() {
        func table(_ input: String, _ rows: String) -> String {
            "- table: bonus\n  clause: R2 x\n  unit: CNY\n  inputs: [\(input)]\n  rows: [\(rows)]"
        }
        #expect(codes(ofRule: table("sales", "['< unit size', '1'], ['>= unit size', 'sales * rate']")) == [])
        #expect(codes(ofRule: table("deals", "['< unit size', '1'], ['>= unit size', '2']")) == ["016", "016"])
        #expect(codes(ofRule: table("sales", "['< 5', 'deals'], ['>= 5', '2']")) == ["016"])
        #expect(codes(ofRule: table("sales", "['< 5', '\"a\"'], ['>= 5', '2']")) == ["011"])
    }

    @Test func aMeasureTakesWhatItsUnitSays() {
        #expect(
            codes(ofRule: "- { measure: m, clause: R2 x, fact: deal.closed, take: count, window: month, unit: CNY }")
                == ["016"])
        #expect(
            codes(
                ofRule: "- { measure: m, clause: R2 x, fact: deal.closed, take: last date, window: month, unit: days }")
                == ["016"])
        #expect(
            codes(ofRule: "- { measure: m, clause: R2 x, fact: deal.closed, where: amount, window: month, unit: CNY }")
                .contains("011"))
        let results =
            "- { figure: f, clause: R2 x, formula: sales, unit: CNY }\n- { measure: m, clause: R2 x, results: f, take: mean, window: 2 months before, unit: "
        #expect(codes(ofRule: results + "CNY }") == [])
        #expect(codes(ofRule: results + "points }") == ["016"])
    }

    @Test func aComparisonKeepsTheUnit() {
        func comparison(_ take: String, _ unit: String) -> [String] {
            codes(ofRule: "- { comparison: c, clause: R2 x, of: sales, take: \(take), unit: \(unit) }")
        }
        #expect(comparison("rank", "rank") == [])
        #expect(comparison("average", "CNY") == [])
        #expect(comparison("average", "points") == ["016"])
        #expect(comparison("share", "CNY") == ["016"])
    }
}

struct DimensionTests {
    @Test(arguments: [
        ("CNY", "CNY"), ("ratio", "ratio"), ("%", "percent"), ("CNY/count", "CNY/count"), ("CNY*days", "CNY*days"),
        ("CNY * days / days", "CNY"), ("1/count", "1/count"), ("points/CNY/count", "points/CNY/count"),
    ])
    func readsProductsAndQuotients(_ text: String, _ canonical: String) {
        #expect(Dimension(text, currency: .cny)?.text == canonical)
    }

    @Test(arguments: ["USD", "bushels", "", "CNY/", "CNY//count", "CNY count"])
    func refusesWhatIsNoUnit(_ text: String) {
        #expect(Dimension(text, currency: .cny) == nil)
    }
}
