import Domain
import Testing

@testable import Schemes

/// Shares that somebody approves, several approvers, several signers.
struct ApprovalTests {
    private static let head = """
        scheme: bank/loans
        version: 1
        effective: { from: 2026-01-01 }
        title: { zh: 贷款, en: Loans }
        subject: manager
        facts:
          loan.lost: { officer: text, head: text, voters: text }
          post.applied: { grade: [low, middle, high] }
          points.given: {}
        chapters:
          - title: { zh: 一, en: One }
            rules:

        """

    private func store(_ rules: String) throws -> MemoryStore {
        let body = rules.split(separator: "\n", omittingEmptySubsequences: false).map { "      " + $0 }
        let text = Self.head + body.joined(separator: "\n") + "\n"
        return MemoryStore(try Scheme(compiling: [SchemeSource(file: "scheme.yaml", text: text)]))
    }

    private func fact(
        _ type: String, _ date: String, amount: String? = nil, subject: Subject = Sample.manager,
        _ attributes: [String: String] = [:]
    ) throws -> Fact {
        let day = try #require(CalendarDate(date))
        return Fact(
            id: DeterministicID.make("t", type, date, amount ?? ""), subject: subject, type: type, businessDate: day,
            occurredAt: Timestamp(startOf: day), amount: amount.flatMap(Quantity.init), source: "t", sourceID: "1",
            attributes: attributes.mapValues(AttributeValue.text))
    }

    private func decide(
        _ option: String, by person: String? = nil, amount: String? = nil, on date: String = "2026-03-10"
    ) throws -> Fact {
        var attributes = ["decision": option]
        attributes["by"] = person
        return try fact("decision.made", date, amount: amount, attributes)
    }

    private func undo(_ original: Fact) -> Fact {
        var fact = original
        fact.id = DeterministicID.make("undo", original.id.description)
        fact.sign = -1
        fact.reverses = original.id
        return fact
    }

    private let liability = """
        - liability: loss
          clause: R1 x
          on: loan.lost
          amount: amount
          bands:
            - when: voters != null
              shares: { head: 0.3, officer: 0.3, voters: 0.4 }
              residual: head
            - shares: { officer: 1 }
              residual: officer
          steps:
            - { role: board, within: 1 month, options: { approve: charge, drop: end } }
        """

    @Test(arguments: ["10000", "0.01", "0.03", "99.99", "123456.78"])
    func theSharesOfAllPersonsAddUpToTheAmount(_ amount: String) throws {
        var store = try store(liability)
        store.add(
            try fact(
                "loan.lost", "2026-03-05", amount: amount, ["officer": "a", "head": "b", "voters": "c d e"]))
        let shares = store.openTasks.values.compactMap { $0.context["amount"].flatMap { Decimal128($0) } }
        #expect(shares.reduce(.zero, +) == Decimal128(amount))
        let voters = store.openTasks.values.filter { $0.context["holder"] == "voters" }
        #expect(Set(voters.map { $0.context["amount"] ?? "" }).count <= 1)
    }

    @Test func aShareIsChargedOnlyWhenItIsApprovedAndInTheMonthOfTheApproval() throws {
        var store = try store(liability)
        store.add(try fact("loan.lost", "2026-01-31", amount: "500", ["officer": Sample.manager.id]))
        #expect(store.findings.isEmpty)
        let task = try #require(store.openTasks.values.first)
        #expect(task.dueAt.date() == CalendarDate("2026-02-28"))
        #expect(store.answer("loss", with: try decide("approve")) != nil)
        let finding = try #require(store.findings.values.first)
        #expect(finding.amount?.amountText == "500.00")
        #expect(finding.period == (try Sample.month("2026-03")))
    }

    @Test func theDecisionMaySetAnotherAmount() throws {
        var store = try store(liability)
        store.add(try fact("loan.lost", "2026-03-05", amount: "500", ["officer": Sample.manager.id]))
        _ = store.answer("loss", with: try decide("approve", amount: "120.5"))
        #expect(store.findings.values.map(\.amount?.amountText) == ["120.50"])
    }

    @Test func undoingTheLossTakesBackProposalsAndCharges() throws {
        let loss = try fact("loan.lost", "2026-03-05", amount: "500", ["officer": Sample.manager.id])
        var open = try store(liability)
        open.add(loss)
        open.add(undo(loss))
        #expect(open.openTasks.isEmpty)
        var charged = try store(liability)
        charged.add(loss)
        _ = charged.answer("loss", with: try decide("approve"))
        charged.add(undo(loss))
        #expect(charged.findings.isEmpty)
    }

    @Test func aGradeTakesEffectWhenTheLastOfSeveralApproversAgreed() throws {
        var store = try store(
            """
            - ladder: post
              clause: R1 x
              grades: [low, middle, high]
              entry: low
            - measure: points
              clause: R2 x
              fact: points.given
              take: sum
              window: month
            - grading: review
              clause: R2 x
              ladder: post
              grade: if points > 5 then "high" else "low"
              approver: [office, board]
            """)
        store.add(try fact("points.given", "2026-03-05", amount: "9"))
        _ = store.close(try Sample.month("2026-03"))
        _ = store.answer("review", with: try decide("approve", on: "2026-04-02"))
        #expect(store.grades(of: Sample.manager) == [])
        #expect(store.openTasks.values.map(\.role) == ["board"])
        _ = store.answer("review", with: try decide("approve", on: "2026-04-03"))
        #expect(store.grades(of: Sample.manager).map(\.grade) == ["high"])
        #expect(store.openTasks.isEmpty)
    }

    @Test func anApplicationLeadsToTheGradeItNames() throws {
        var store = try store(
            """
            - ladder: post
              clause: R1 x
              grades: [low, middle, high]
              entry: low
            - task: application
              clause: R2 x
              on: post.applied
              people: distinct
              steps:
                - { role: office, options: { agree: next } }
                - { role: board, options: { appoint: { ladder: post, to: grade } } }
            """)
        store.add(try fact("post.applied", "2026-03-05", ["grade": "high"]))
        func answer(_ option: String, _ person: String?) throws -> Bool {
            if case .effects? = store.answer("application", with: try decide(option, by: person)) {
                true
            } else {
                false
            }
        }
        #expect(try !answer("agree", nil))
        #expect(try answer("agree", "u-1"))
        #expect(try !answer("appoint", "u-1"))
        #expect(try answer("appoint", "u-2"))
        #expect(store.grades(of: Sample.manager).map { "\($0.grade) \($0.from)" } == ["high 2026-04-01"])
    }

    @Test func sharesThatDoNotMakeUpTheWholeAreAFault() {
        #expect(throws: SchemeFaults.self) { try store(liability.replacing("head: 0.3", with: "head: 0.35")) }
    }

    @Test func theFirstAndTheLastDayForgetWhatWasUndone() throws {
        let rules = """
            - measure: begun
              clause: R1 x
              fact: points.given
              take: first date
              window: to date
              unit: date
            - measure: latest
              clause: R1 x
              fact: points.given
              take: last date
              window: to date
              unit: date
            - figure: span
              clause: R1 x
              formula: (latest - begun) / duration("P1D")
            """
        var store = try store(rules)
        let wrong = try fact("points.given", "2026-03-30", amount: "1")
        for given in [wrong, undo(wrong), try fact("points.given", "2026-03-20", amount: "1")] { store.add(given) }
        store.add(try fact("points.given", "2026-01-05", amount: "1"))
        let close = store.close(try Sample.month("2026-03"))
        #expect(close.evaluations[Sample.manager]?.text(of: "span") == "74")
    }

    @Test func aFineThatARevisionChangesIsAnotherFinding() throws {
        let rules = """
            - measure: points
              clause: R1 x
              fact: points.given
              take: sum
              window: month
            - finding: too many
              clause: R1 x
              when: points > 0
              amount: points
            """
        func finding(_ days: [String]) throws -> Finding? {
            var store = try store(rules)
            for day in days { store.add(try fact("points.given", day, amount: "1")) }
            _ = store.close(try Sample.month("2026-03"))
            return store.findings.values.first
        }
        let first = try #require(try finding(["2026-03-01"]))
        let revised = try #require(try finding(["2026-03-01", "2026-03-02"]))
        #expect(first.amount?.amountText == "1.00")
        #expect(revised.amount?.amountText == "2.00")
        #expect(first.id != revised.id)
        #expect(try finding(["2026-03-01"]) == first)
    }
}
