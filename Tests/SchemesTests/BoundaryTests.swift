import Domain
import Testing

@testable import Schemes

/// The cases on both sides of every threshold.
struct BoundaryTests {
    private func report(_ rules: String) throws -> BoundaryReport {
        try SchemeBoundaries.report([Sample.source(rules)])
    }

    /// `below 99.99 → …` for each case of the boundaries of an element.
    private func cases(_ report: BoundaryReport, _ element: String) -> [String] {
        report.boundaries.filter { $0.element == element }.flatMap { boundary in
            boundary.cases.map { "\(boundary.quantity) \($0.side.rawValue) \($0.value): \($0.outcome)" }
        }
    }

    @Test(arguments: Packs.all)
    func theCasesOfAPackComeOutTheSameAgain(_ pack: String) throws {
        let sources = try Packs.read(pack)
        let report = try SchemeBoundaries.report(sources)
        let again = SchemeTests.run(sources.filter { !$0.file.contains("tests/") } + [report.tests])
        #expect(again.faults.isEmpty, "\(again.faults.map(\.description).joined(separator: "\n"))")
        for test in again.cases {
            #expect(test.failures.isEmpty, "\(test.name): \(test.failures.joined(separator: "; "))")
        }
        #expect(report.boundaries.allSatisfy { $0.cases.count > 1 && $0.line > 0 && !$0.clause.isEmpty })
    }

    @Test func theSamePackGivesTheSameReport() throws {
        let sources = try Packs.read("baiyin-tobacco/customer-manager")
        let first = try SchemeBoundaries.report(sources)
        let second = try SchemeBoundaries.report(sources.reversed())
        #expect(first.boundaries == second.boundaries)
        #expect(first.tests == second.tests)
    }

    @Test(arguments: ["baiyin-tobacco/customer-manager", "dongguan-post/big-customer-centre"])
    func theBoundariesKeptInAPackAreThoseOfItsRules(_ pack: String) throws {
        let sources = try Packs.read(pack)
        let kept = sources.first { $0.file == "tests/boundaries.yaml" }
        #expect(kept?.text == (try SchemeBoundaries.report(sources)).tests.text, "run gradus scheme boundaries --write")
    }

    @Test func aFineOnAFactIsTriedWithFactsACentApart() throws {
        let found = try report(
            """
            - { parameter: limit, clause: R1 x, value: 100, unit: CNY }
            - finding: small deal
              clause: R2 x
              on: deal.closed
              when: product = "loan" and amount < limit
              amount: limit
            """)
        #expect(
            cases(found, "small deal") == [
                "amount of deal.closed below 99.99: findings R2 1; fines R2 100",
                "amount of deal.closed at 100: findings R2 0; fines R2 0",
                "amount of deal.closed above 100.01: findings R2 0; fines R2 0",
            ])
        #expect(found.boundaries.first?.unit == "CNY")
        #expect(found.boundaries.first?.evidence == .facts)
    }

    private static let bonus = """
        - { measure: deals, clause: R1 x, fact: deal.closed, where: product = "fund", take: count, window: month, unit: count }
        - table: bonus
          clause: R2 x
          unit: CNY
          inputs: [deals]
          rows: [["< 3", "0"], [">= 3", "50"]]
        - { pay: award, clause: R3 x, formula: bonus }
        """

    @Test func aTableIsTriedThroughFactsUpToThePay() throws {
        #expect(
            cases(try report(Self.bonus), "bonus") == [
                "deals below 2: bonus 0; net 0.00", "deals at 3: bonus 50; net 50.00",
                "deals above 4: bonus 50; net 50.00",
            ])
    }

    @Test func aChangedLimitChangesTheCases() throws {
        let other = try report(Self.bonus.replacing("3\"", with: "5\""))
        #expect(cases(other, "bonus").first == "deals below 4: bonus 0; net 0.00")
    }

    @Test func theCapOfAnIndicatorIsFoundThroughItsTarget() throws {
        let found = try report(
            """
            - { measure: sales, clause: R1 x, fact: deal.closed, where: product = "fund", window: month, unit: CNY }
            - { measure: goal, clause: R1 x, fact: deal.closed, where: product = "loan", take: last, window: month, unit: CNY }
            - { indicator: reached, clause: R2 x, actual: sales, target: goal, score: ratio * 100, cap: 120 }
            """)
        #expect(
            cases(found, "reached") == [
                "reached below 119.99999 (sales 119999.99): reached 119.99999",
                "reached at 120 (sales 120000): reached 120", "reached above 120 (sales 120000.01): reached 120",
            ])
    }

    @Test func whatExceedsATargetIsPaidFromTheFirstPieceOn() throws {
        let found = try report(
            """
            - { measure: sold, clause: R1 x, fact: deal.closed, where: product = "fund", window: month, unit: count }
            - { measure: goal, clause: R1 x, fact: deal.closed, where: product = "loan", take: last, window: month, unit: count }
            - { parameter: price, clause: R1 x, value: 50, unit: CNY/count }
            - { pay: bonus, clause: R2 x, formula: "max(0, sold - goal) * price" }
            """)
        #expect(
            cases(found, "bonus") == [
                "sold below 9: sold 9; net 0.00; pay bonus 0", "sold at 10: sold 10; net 0.00; pay bonus 0",
                "sold above 11: sold 11; net 50.00; pay bonus 50",
            ])
    }

    @Test func consecutivePeriodsAreClosedOneByOne() throws {
        let found = try SchemeBoundaries.report(try Packs.read("baiyin-tobacco/customer-manager"))
        #expect(
            cases(found, "符合淘汰条件").filter { $0.hasPrefix("number of") } == [
                "number of 前两季得分 below 1: 符合淘汰条件 false; tasks none",
                "number of 前两季得分 at 2: 符合淘汰条件 true; tasks 末位淘汰: district-bureau",
            ])
        #expect(cases(found, "符合晋级条件").contains { $0.hasPrefix("月度得分 at 95 ") && $0.contains("符合晋级条件 true") })
        #expect(cases(found, "符合晋级条件").contains { $0.hasPrefix("月度得分 below 94.99 ") && $0.contains("符合晋级条件 false") })
    }

    @Test func aDeadlineIsTriedASecondApart() throws {
        let found = try report(
            """
            - obligation: report
              clause: R1 x
              due: month
              fact: report.filed
              instance: for
              deadline: { after: 3 days, at: "12:00" }
            """.replacing("report.filed", with: "deal.closed"))
        #expect(
            cases(found, "report") == [
                "deadline below 2026-03-03 11:59:59: findings R1 0; fines R1 0",
                "deadline at 2026-03-03 12:00:00: findings R1 0; fines R1 0",
                "deadline above 2026-03-03 12:00:01: findings R1 1; fines R1 0",
            ])
    }

    @Test func wholeUnitsChangeAtTheSecondOne() throws {
        let found = try report(
            """
            - { measure: lost, clause: R1 x, fact: deal.closed, window: month, unit: CNY }
            - { parameter: size, clause: R1 x, value: 50, unit: CNY }
            - { figure: pieces, clause: R2 x, formula: floor(lost / size), unit: count, every: month }
            """)
        #expect(
            cases(found, "pieces") == [
                "lost below 49.99: pieces 0", "lost at 50: pieces 1", "lost above 50.01: pieces 1",
                "lost below 99.99: pieces 1", "lost at 100: pieces 2", "lost above 100.01: pieces 2",
            ])
    }

    @Test func aLiabilityIsSharedByTheBandOfItsAmount() throws {
        let found = try report(
            """
            - liability: loss
              clause: R1 x
              on: deal.closed
              amount: amount
              bands:
                - { when: amount < 100, shares: { product: 1 }, residual: product }
                - { shares: { product: 0.5, first: 0.5 }, residual: product }
            """)
        #expect(
            cases(found, "loss") == [
                "amount of deal.closed below 99.99: shares u-product: 99.99",
                "amount of deal.closed at 100: shares u-first: 50; u-product: 50",
                "amount of deal.closed above 100.01: shares u-first: 50.01; u-product: 50",
            ])
    }

    @Test func aGradingIsTriedFromTheGradeInWhichItMatters() throws {
        let found = try report(
            """
            - { ladder: grade, clause: R1 x, grades: [low, high], entry: low }
            - { measure: volume, clause: R1 x, fact: deal.closed, window: month, unit: points }
            - grading: monthly
              clause: R2 x
              ladder: grade
              grade: 'if volume >= 60 then "high" else "low"'
              approver: head
            """)
        #expect(
            cases(found, "monthly") == [
                "volume below 59.99: tasks none", "volume at 60: tasks monthly: head",
                "volume above 60.01: tasks monthly: head",
            ])
    }

    @Test func whoIsLeftOutIsAGap() throws {
        let found = try report(
            """
            - { measure: volume, clause: R1 x, fact: deal.closed, window: month, unit: points, every: month }
            - { exclusion: too small, clause: R2 x, when: volume < 10 }
            """)
        let outcomes = cases(found, "too small")
        #expect(outcomes.count == 3)
        #expect(outcomes.count == 3)
        #expect(outcomes.first?.contains("gaps too small") == true)
        #expect(outcomes.last?.contains("gaps none") == true)
    }

    @Test func anAnswerEscalatesFromTheCloseOnAtWhichItIsOverdue() throws {
        let found = try report(
            """
            - task: reply
              clause: R1 x
              on: deal.closed
              steps: [{ role: desk, within: 3 working days, options: { done: end }, escalate: head }]
            """)
        #expect(
            cases(found, "reply") == [
                "answer below due 2026-02-27: tasks reply: head", "answer above due 2026-03-02: tasks none",
            ])
    }

    @Test func figuresAreGivenWhereNoFactLeadsToThem() throws {
        let found = try report(
            """
            - { measure: last deal, clause: R1 x, fact: deal.closed, take: last date, window: to date, unit: date }
            - { figure: age, clause: R1 x, formula: (period end - last deal) / duration("P1D"), unit: days }
            - { figure: stale, clause: R2 x, formula: age > 90, unit: yes or no, every: month }
            """)
        #expect(
            cases(found, "stale") == [
                "age below 89: stale false", "age at 90: stale false", "age above 91: stale true",
            ])
        #expect(found.boundaries.first?.evidence == .figures)
        #expect(found.tests.text.contains("given: { age: 91 }"))
    }

    @Test func aTestMayGiveFigures() {
        func run(_ expected: String) -> TestReport {
            let tests = "tests:\n  - test: given\n    given: { deals: 3 }\n    gives: { bonus: \(expected) }\n"
            return SchemeTests.run([Sample.source(Self.bonus), SchemeSource(file: "tests/a.yaml", text: tests)])
        }
        #expect(run("50").passed)
        #expect(run("0").cases.map(\.failures) == [["bonus: expected 0, got 50"]])
        #expect(run("50").notReached == ["row 1 of the table `bonus`"])
    }

    @Test func saysForWhatItHasNoCase() throws {
        let found = try report(
            """
            - finding: never
              clause: R1 x
              on: deal.closed
              when: amount > 5 and amount > 3
            """)
        #expect(found.boundaries.map(\.threshold) == ["5"])
        #expect(found.untried.count == 1)
        #expect(found.untried.first?.contains("`never` at amount of deal.closed = 3") == true)
    }
}
