import Domain
import Testing

@testable import Schemes

/// Small schemes, one mistake each.
enum Sample {
    static let head = """
        scheme: bank/plan
        version: 1
        effective: { from: 2026-01-01 }
        title: { zh: 计划, en: Plan }
        subject: manager
        facts:
          deal.closed: { product: [loan, fund], first: flag }
          complaint.judged: { justified: ["yes", "no"] }
        profile: { unit: text, status: text, rank: [low, high] }
        chapters:
          - title: { zh: 一, en: One }
            rules:

        """

    /// A scheme with the given rules, written without indentation.
    static func source(_ rules: String) -> SchemeSource {
        let body = rules.split(separator: "\n", omittingEmptySubsequences: false).map { "      " + $0 }
        return SchemeSource(file: "scheme.yaml", text: head + body.joined(separator: "\n") + "\n")
    }

    static func compile(_ rules: String) throws(SchemeFaults) -> Scheme { try Scheme(compiling: [source(rules)]) }

    static func codes(_ rules: String) -> [String] {
        // What these samples count has no unit; the warnings of it have a test of their own.
        SchemeCheck.check([source(rules)]).filter { $0.code != "GR-SCHEME-029" }.map {
            $0.code.replacing("GR-SCHEME-", with: "")
        }
    }

    static func month(_ text: String) throws -> Period { try #require(Period(text)) }

    static let manager = Subject(institution: "bank", kind: .manager, id: "rm-1")
}

struct CompileTests {
    @Test func reportsEveryFaultOfADocumentAtOnceWithItsPlace() {
        let rules = """
            - figure: double
              clause: R1 x
              formula: sales * 2
            - measure: sales
              clause: R2 x
              fact: deal.cloesd
              window: month
            - figure: broken
              clause: R3 x
              formula: 1 +
              colour: red
            """
        do throws(SchemeFaults) {
            _ = try Sample.compile(rules)
            Issue.record("the scheme compiled")
        } catch {
            #expect(error.faults.map(\.code) == ["GR-SCHEME-009", "GR-SCHEME-007", "GR-SCHEME-003"])
            #expect(error.faults.map(\.line) == [18, 22, 23])
            #expect(error.faults.first?.remedy.contains("deal.closed") == true)
        }
    }

    @Test(arguments: [
        ("scheme: a/b\n  bad: [", "001"),
        ("version: 1", "002"),
        ("scheme: a/b\nscheme: a/b", "001"),
    ])
    func refusesWhatIsNotAScheme(_ text: String, _ code: String) {
        let faults = SchemeCheck.check([SchemeSource(file: "scheme.yaml", text: text)])
        #expect(faults.contains { $0.code == "GR-SCHEME-\(code)" })
    }

    @Test func refusesAPackWithoutADocument() {
        #expect(throws: SchemeFaults.self) { try Scheme(compiling: []) }
    }

    @Test(arguments: [
        ("- figure: a\n  clause: R1 x\n  formula: b + 1\n- figure: b\n  clause: R2 x\n  formula: a + 1", "008"),
        ("- figure: a\n  clause: R1 x\n  formula: 1\n- figure: a\n  clause: R2 x\n  formula: 2", "006"),
        ("- figure: a\n  clause: R1 x\n  formula: c + 1", "007"),
        ("- figure: a\n  formula: 1", "002"),
        ("- measure: a\n  clause: R1 x\n  fact: deal.closed\n  window: fortnight", "010"),
        ("- measure: a\n  clause: R1 x\n  fact: deal.closed\n  take: most\n  window: month", "010"),
        ("- rule: a\n  clause: R1 x", "002"),
        ("- task: a\n  clause: R1 x\n  when: true", "002"),
    ])
    func namesTheMistake(_ rules: String, _ code: String) {
        #expect(Sample.codes(rules).contains(code))
    }

    @Test func anElementThatMeansTheSameSharesItsSeries() throws {
        let scheme = try Sample.compile(
            """
            - measure: this month
              clause: R1 x
              fact: deal.closed
              window: month
            - measure: this year
              clause: R1 x
              fact: deal.closed
              window: year
            - measure: loans
              clause: R1 x
              fact: deal.closed
              where: product = "loan"
              window: month
            - figure: all
              clause: R1 x
              formula: this month + this year + loans
            """)
        #expect(
            scheme.series.map(\.key) == [
                "deal.closed | whole | per month",
                "deal.closed | where product = \"loan\" | whole | per month",
            ])
    }

    @Test func theDigestChangesWithTheRulesAndNotWithTheTests() throws {
        let one = Sample.source("- figure: a\n  clause: R1 x\n  formula: 1")
        let other = Sample.source("- figure: a\n  clause: R1 x\n  formula: 2")
        let test = SchemeSource(file: "tests/a.yaml", text: "tests: []")
        let digest = try Scheme(compiling: [one]).digest
        #expect(try Scheme(compiling: [one, test]).digest == digest)
        #expect(try Scheme(compiling: [other]).digest != digest)
        #expect(digest.count == 64)
    }
}
