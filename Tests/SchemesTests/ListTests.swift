import Domain
import Testing

@testable import Schemes

/// Lists kept by attributes, and rules applied to each of their entries.
struct ListTests {
    private static let head = """
        scheme: bank/lists
        version: 1
        effective: { from: 2026-01-01 }
        title: { zh: 清单, en: Lists }
        subject: manager
        facts:
          hours.spent: { module: text, method: text }
          visit.made: { by: text }
        chapters:
          - title: { zh: 一, en: One }
            rules:

        """

    private func compile(_ rules: String) throws -> Scheme {
        let body = rules.split(separator: "\n", omittingEmptySubsequences: false).map { "      " + $0 }
        let text = Self.head + body.joined(separator: "\n") + "\n"
        return try Scheme(compiling: [SchemeSource(file: "scheme.yaml", text: text)])
    }

    private func fact(
        _ type: String, _ date: String, amount: String? = nil, customer: String? = nil, id: String = "",
        _ attributes: [String: String] = [:]
    ) throws -> Fact {
        let day = try #require(CalendarDate(date))
        return Fact(
            id: DeterministicID.make("t", type, date, id, attributes.values.sorted().joined()),
            subject: Sample.manager, type: type, businessDate: day,
            occurredAt: Timestamp(startOf: day).adding(seconds: 36_000), amount: amount.flatMap(Quantity.init),
            customer: customer, source: "t", sourceID: "1", attributes: attributes.mapValues(AttributeValue.text))
    }

    private func undo(_ original: Fact) -> Fact {
        var fact = original
        fact.id = DeterministicID.make("undo", original.id.description)
        fact.sign = -1
        fact.reverses = original.id
        return fact
    }

    private func measure(_ take: String, per: String = "[module, method]") -> String {
        """
        - measure: spent
          clause: R1 x
          fact: hours.spent
          per: \(per)
          take: \(take)
          window: quarter
        - figure: seen
          clause: R1 x
          formula: spent
        """
    }

    @Test(arguments: [
        (
            "sum",
            "[{module: \"a\", method: \"x\", value: 3, since: 2026-01-01}, "
                + "{module: \"a\", method: \"y\", value: 4, since: 2026-03-01}]"
        ),
        (
            "count",
            "[{module: \"a\", method: \"x\", value: 2, since: 2026-01-01}, "
                + "{module: \"a\", method: \"y\", value: 1, since: 2026-03-01}]"
        ),
        (
            "last",
            "[{module: \"a\", method: \"x\", value: 2, since: 2026-01-01}, "
                + "{module: \"a\", method: \"y\", value: 4, since: 2026-03-01}]"
        ),
        (
            "greatest",
            "[{module: \"a\", method: \"x\", value: 2, since: 2026-01-01}, "
                + "{module: \"a\", method: \"y\", value: 4, since: 2026-03-01}]"
        ),
    ])
    func aListIsKeptByEachCombinationOfAttributes(_ take: String, _ expected: String) throws {
        let wrong = try fact("hours.spent", "2026-03-08", amount: "9", ["module": "b", "method": "x"])
        let facts = [
            try fact("hours.spent", "2026-01-05", amount: "1", ["module": "a", "method": "x"]),
            try fact("hours.spent", "2026-03-05", amount: "2", ["module": "a", "method": "x"]),
            try fact("hours.spent", "2026-03-06", amount: "4", ["module": "a", "method": "y"]),
            try fact("hours.spent", "2026-03-07", amount: "8", ["module": "a"]), wrong, undo(wrong),
        ]
        for order in [facts, facts.reversed()] {
            var store = MemoryStore(try compile(measure(take)))
            for fact in order { store.add(fact) }
            let close = store.close(try Sample.month("2026-03"))
            #expect(close.evaluations[Sample.manager]?.text(of: "seen") == expected)
        }
    }

    @Test func theNameOfASeriesPerCustomerIsWhatItAlwaysWas() throws {
        #expect(
            try compile(measure("sum", per: "customer")).series.map(\.key) == ["hours.spent | by customer | per month"])
        #expect(
            try compile(measure("sum")).series.map(\.key) == ["hours.spent | by module, method | per month"])
    }

    private let rules = """
        - measure: assets
          clause: R1 x
          fact: hours.spent
          per: customer
          take: last
          window: to date
        - table: takes part
          clause: R2 x
          for each: assets
          with: { assets of the customer: value }
          hit: collect
          partial: nobody below one
          outputs: [by]
          inputs: [assets of the customer]
          rows:
            - [">= 1", '"clerk"']
            - [">= 5", '"head"']
        - obligation: contact
          clause: R2 x
          for each: by
          due: quarter
          fact: visit.made
          same: [customer, by]
          where: by != "nobody"
          deadline: { after: 0 days, at: "24:00" }
        - finding: large
          clause: R3 x
          for each: assets
          with: { size: value }
          when: size >= 5
        - task: tell
          clause: R4 x
          for each: assets
          with: { size: value }
          when: size >= 5
          steps: [{ role: office, within: 1 working day, rolls over: 2, escalate: board, options: { done: end } }]
        """

    @Test func eachEntryOfAListHasItsOwnRowsFindingsAndTasks() throws {
        let facts = [
            try fact("hours.spent", "2025-12-05", amount: "9", customer: "c-1"),
            try fact("hours.spent", "2025-12-05", amount: "2", customer: "c-2", id: "2"),
            try fact("hours.spent", "2025-12-05", amount: "0.5", customer: "c-3", id: "3"),
            try fact("visit.made", "2026-03-05", customer: "c-1", ["by": "head"]),
            try fact("visit.made", "2026-03-06", customer: "c-2", ["by": "head"]),
        ]
        for order in [facts, facts.reversed()] {
            var store = MemoryStore(try compile(rules))
            for fact in order { store.add(fact) }
            _ = store.close(try Sample.month("2026-03"))
            let texts = store.findings.values.map(\.text.en).sorted()
            #expect(
                texts == [
                    "contact (2026-01-01–2026-03-31, c-1, clerk)", "contact (2026-01-01–2026-03-31, c-2, clerk)",
                    "large (c-1)",
                ])
            #expect(store.openTasks.values.map(\.text.en) == ["tell (c-1)"])
            #expect(store.openTasks.values.first?.context["customer"] == "c-1")
        }
    }

    @Test func whatNobodyAnswersIsAskedAgainAsOftenAsTheRuleSaysAndThenOfTheNext() throws {
        var store = MemoryStore(try compile(rules))
        store.add(try fact("hours.spent", "2026-02-05", amount: "9", customer: "c-1"))
        var roles: [String] = []
        for period in ["2026-02", "2026-03", "2026-04", "2026-05"] {
            let close = store.close(try Sample.month(period))
            for case .task(let task) in close.evaluations[Sample.manager]?.effects ?? []
            where task.instance == "2026-02#c-1" {
                roles.append("\(period) \(task.role) \(task.dueAt.date())")
            }
        }
        #expect(
            roles == [
                "2026-02 office 2026-03-02", "2026-03 office 2026-04-02", "2026-04 office 2026-05-04",
                "2026-05 board 2026-06-01",
            ])
    }

    @Test func undoingAFactTakesBackWhatItsTasksHaveBecome() throws {
        let scheme = try compile(
            """
            - task: call
              clause: R1 x
              on: visit.made
              steps:
                - { role: manager, within: 0 days, rolls over: 1, escalate: head, options: { done: next } }
                - { role: office, within: 1 day, options: { noted: end } }
            """)
        let visit = try fact("visit.made", "2026-02-27", ["by": "x"])
        let options = [nil, "done"]
        for (closes, answer) in [(0, options[1]), (1, options[0]), (1, options[1]), (2, options[0]), (2, options[1])] {
            var store = MemoryStore(scheme)
            store.add(visit)
            for period in ["2026-02", "2026-03"].prefix(closes) { _ = store.close(try Sample.month(period)) }
            if let answer {
                _ = store.answer("call", with: try fact("decision.made", "2026-03-01", ["decision": answer]))
            }
            #expect(!store.openTasks.isEmpty)
            store.add(undo(visit))
            #expect(store.openTasks.isEmpty)
        }
    }

    @Test(arguments: [
        ("assets of the customer: value", "assets of the customer: worth", "005"),
        ("with: { size: value }", "with: { size: customers }", "005"),
        ("same: [customer, by]", "same: [customer, module]", "005"), ("due: quarter", "due: hours.spent", "004"),
    ])
    func namesThatNoEntryHasAreFaults(_ right: String, _ wrong: String, _ code: String) {
        let text = Self.head + rules.split(separator: "\n").map { "      " + $0 }.joined(separator: "\n") + "\n"
        func errors(_ text: String) -> Set<String> {
            let faults = SchemeCheck.check([SchemeSource(file: "scheme.yaml", text: text)])
            return Set(faults.filter { $0.severity == .error }.map(\.code))
        }
        #expect(errors(text) == [])
        #expect(errors(text.replacing(right, with: wrong)) == ["GR-SCHEME-\(code)"])
    }

    @Test func anEntryMayNotTakeTheNameOfAFigure() {
        let clash = rules.replacing("size", with: "assets")
        #expect(throws: SchemeFaults.self) { try compile(clash) }
    }
}

extension TaskRequest {
    fileprivate var instance: String? { context["instance"] }
}
