import Domain
import Testing

@testable import Schemes

struct CheckTests {
    @Test(arguments: Packs.all)
    func thePackMayBePublished(_ pack: String) throws {
        let faults = SchemeCheck.check(try Packs.read(pack))
        #expect(faults.isEmpty, "\(faults.map(\.description).joined(separator: "\n"))")
    }

    private func table(_ rows: String, input: String = "volume", more: String = "") -> String {
        """
        - measure: volume
          clause: R1 x
          fact: deal.closed
          window: month
          unit: points
        - ladder: grade
          clause: R2 x
          grades: [low, high]
          entry: low
        - table: bonus
          clause: R3 x
          unit: CNY
          inputs: [\(input)]
          \(more)
          rows: [\(rows)]
        - pay: award
          clause: R4 x
          formula: bonus
        - figure: seen
          clause: R5 x
          formula: volume
          every: month
        """
    }

    @Test(arguments: [
        ("['< 10', '1'], ['>= 10', '2']", []),
        ("['< 10', '1'], ['> 10', '2']", ["013"]),
        ("['<= 10', '1'], ['>= 10', '2']", ["012"]),
        ("['< 10', '1'], ['>= 10', '2'], ['> 10 and < 5', '3']", ["007"]),
        ("['< 10', '1'], ['>= 10', '2'], ['[7..3]', '3']", ["014"]),
        ("['[0..10)', '1'], ['[10..20)', '2']", ["013"]),
    ])
    func findsGapsAndOverlapsOfBands(_ rows: String, _ codes: [String]) {
        #expect(Sample.codes(table(rows)) == codes)
    }

    @Test func showsTheCaseThatNoRowCovers() throws {
        let faults = SchemeCheck.check([Sample.source(table("['< 10', '1'], ['> 10', '2']"))])
        #expect(faults.first?.what == "no row of `bonus` applies to volume = 10")
        #expect(faults.first?.line == 22)
    }

    @Test func aPartialTableMaySayWhy() {
        #expect(Sample.codes(table("['< 10', '1']", more: "partial: the rest is decided by hand")).isEmpty)
    }

    @Test func everyGradeNeedsItsPay() {
        #expect(Sample.codes(table("['\"low\"', '1']", input: "grade")) == ["017"])
        #expect(Sample.codes(table("['\"low\"', '1'], ['\"high\"', '2']", input: "grade")).isEmpty)
        #expect(Sample.codes(table("['\"low\"', '1'], ['\"hihg\"', '2']", input: "grade")) == ["017", "010", "014"])
    }

    private func scorecard(_ first: String, _ second: String) -> String {
        ["a": first, "b": second].sorted { $0.key < $1.key }.map { name, weight in
            """
            - measure: points \(name)
              clause: R1 x
              fact: deal.closed
              window: month
            - indicator: part \(name)
              clause: R1 x
              actual: points \(name)
              score: actual
              weight: \(weight)
            """
        }.joined(separator: "\n") + "\n- scorecard: total\n  clause: R2 x\n  of: [part a, part b]"
    }

    @Test func weightsAddUpToTheWhole() {
        #expect(Sample.codes(scorecard("60 %", "40 %")).isEmpty)
        #expect(Sample.codes(scorecard("60 %", "45 %")) == ["015"])
        #expect(Sample.codes(scorecard("0.7", "30 %")).isEmpty)
    }

    @Test(arguments: [
        ("product = \"loan\"", []),
        ("product = \"laon\"", ["010", "019"]),
        ("product = \"loan\" and product = \"fund\"", ["019"]),
        ("amount > 10 and amount < 5", ["019"]),
        ("amount > 5 or amount <= 5 or amount = null", ["019"]),
        ("first = true and amount >= 100", []),
    ])
    func findsConditionsThatCannotBeMeant(_ condition: String, _ codes: [String]) {
        let rules = """
            - finding: late deal
              clause: R1 x
              on: deal.closed
              when: \(condition)
              amount: 10
            """
        #expect(Sample.codes(rules) == codes)
    }

    @Test func nobodyPromotesHimself() {
        let rules = """
            - ladder: grade
              clause: R1 x
              grades: [low, high]
              entry: low
            - task: promotion
              clause: R2 x
              when: grade = "low"
              steps:
                - role: manager
                  within: 5 working days
                  options: { apply: { ladder: grade, move: 1 } }
            """
        #expect(Sample.codes(rules) == ["018"])
    }

    @Test func unitsAreThoseOfTheScheme() {
        #expect(Sample.codes("- figure: a\n  clause: R1 x\n  formula: 1\n  every: month\n  unit: USD") == ["016"])
        #expect(Sample.codes("- figure: a\n  clause: R1 x\n  formula: 1\n  every: month\n  unit: bushels") == ["016"])
        #expect(Sample.codes("- figure: a\n  clause: R1 x\n  formula: 1\n  every: month\n  unit: CNY").isEmpty)
    }

    @Test func warnsOfWhatNothingUses() throws {
        let faults = SchemeCheck.check([
            Sample.source("- parameter: idle\n  clause: R1 x\n  value: 1\n  unit: CNY")
        ])
        #expect(faults.map(\.code) == ["GR-SCHEME-021"])
        #expect(faults.map(\.severity) == [.warning])
    }

    @Test func versionsMayNotOverlap() throws {
        func version(_ number: Int, _ from: String, _ to: String? = nil) throws -> Scheme {
            let end = to.map { ", to: \($0)" } ?? ""
            let text = Sample.source("- figure: a\n  clause: R1 x\n  formula: \(number)").text
                .replacing("version: 1", with: "version: \(number)")
                .replacing("{ from: 2026-01-01 }", with: "{ from: \(from)\(end) }")
            return try Scheme(compiling: [SchemeSource(file: "scheme.yaml", text: text)])
        }
        let calendar = try SchemeCalendar([version(2, "2026-04-01"), version(1, "2026-01-01")])
        #expect(calendar.scheme("bank/plan", for: try Sample.month("2026-03"))?.version == 1)
        #expect(calendar.scheme("bank/plan", for: try Sample.month("2026-04"))?.version == 2)
        #expect(calendar.scheme("bank/plan", for: try Sample.month("2025-12")) == nil)
        #expect(throws: SchemeFaults.self) { try SchemeCalendar([version(1, "2026-01-01"), version(2, "2026-01-01")]) }
        #expect(throws: SchemeFaults.self) {
            try SchemeCalendar([version(1, "2026-01-01", "2026-06-30"), version(2, "2026-06-01")])
        }
    }
}
