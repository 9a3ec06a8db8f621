import Domain
import Testing

@testable import Schemes

/// Money kept back for each loan.
struct ReserveTests {
    private static func rules(
        rate: String = "rate", gives: String = "{ withheld: kept, released: freed, charged: used, balance: left }",
        per: String = "loan"
    )
        -> String
    {
        """
        scheme: bank/reserve
        version: 1
        effective: { from: 2026-01-01 }
        title: { zh: 准备金, en: Reserve }
        subject: manager
        facts:
          pay.credited: { loan: text }
          loan.repaid: { loan: text, other: text }
          loss.confirmed: { loan: text }
        chapters:
          - title: { zh: 一, en: One }
            rules:
              - { parameter: rate, clause: R1 x, unit: ratio, values: [{ from: 2026-01-01, value: 0.2 }, { from: 2026-03-01, value: 0.3333 }] }
              - { measure: earned, clause: R1 x, fact: pay.credited, per: loan, window: month, unit: CNY }
              - { measure: closed, clause: R1 x, fact: loan.repaid, per: \(per), take: count, window: month }
              - { measure: lost, clause: R1 x, fact: loss.confirmed, per: loan, window: month, unit: CNY }
              - reserve: fund
                clause: R1 x
                of: earned
                rate: \(rate)
                released by: closed
                charged by: lost
                gives: \(gives)
        """
    }

    private func compile(_ text: String) throws -> Scheme {
        try Scheme(compiling: [SchemeSource(file: "scheme.yaml", text: text)])
    }

    private func fact(_ number: Int, _ type: String, _ day: CalendarDate, _ loan: String, _ amount: Int64?) -> Fact {
        Fact(
            id: DeterministicID.make("reserve", String(number)), subject: Sample.manager, type: type, businessDate: day,
            occurredAt: Timestamp(startOf: day), amount: amount.map { Quantity(tenThousandths: $0) }, source: "t",
            sourceID: String(number), attributes: ["loan": .text(loan), "other": .text(loan)])
    }

    /// Facts of half a year, some of them undone.
    private func facts(_ seed: UInt64) throws -> [Fact] {
        var random = seed
        func next(_ bound: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((random >> 33) % UInt64(bound))
        }
        let start = try #require(CalendarDate("2026-01-01"))
        var facts: [Fact] = []
        for number in 0..<80 {
            let type = ["pay.credited", "pay.credited", "pay.credited", "loss.confirmed", "loan.repaid"][next(5)]
            let amount = type == "loan.repaid" ? nil : Int64(next(9_000_000)) - (type == "pay.credited" ? 500_000 : 0)
            let original = fact(number, type, start.adding(days: next(181)), "l-\(next(5))", amount)
            facts.append(original)
            guard next(6) == 0 else { continue }
            var undone = original
            undone.id = DeterministicID.make("reserve-undo", String(number))
            undone.sign = -1
            undone.reverses = original.id
            facts.append(undone)
        }
        return facts
    }

    private func states(_ scheme: Scheme, _ facts: [Fact]) throws -> [[String: Decimal128]] {
        var store = MemoryStore(scheme)
        for fact in facts { store.add(fact) }
        return try (1...6).map { month in
            let close = store.close(try Sample.month("2026-0\(month)"))
            var state: [String: Decimal128] = [:]
            for name in ["kept", "freed", "used", "left"] {
                state[name] = close.evaluations[Sample.manager]?.text(of: name).flatMap { Decimal128($0) }
            }
            return state
        }
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5])
    func whatIsKeptBackIsReleasedOrUsedOrStillThere(_ seed: UInt64) throws {
        let scheme = try compile(Self.rules())
        let all = try facts(seed)
        let states = try states(scheme, all)
        var balance = Decimal128.zero
        for state in states {
            let kept = try #require(state["kept"])
            let freed = try #require(state["freed"])
            let used = try #require(state["used"])
            balance = balance + kept - freed - used
            #expect(state["left"] == balance)
            #expect(!balance.isNegative && !freed.isNegative && !used.isNegative)
        }
        #expect(states.contains { $0["used"] != .zero } && states.contains { $0["freed"] != .zero })
        #expect(try self.states(scheme, all.reversed()) == states)
        let undone = Set(all.compactMap(\.reverses))
        #expect(try self.states(scheme, all.filter { $0.sign > 0 && !undone.contains($0.id) }) == states)
    }

    @Test func theRateOfEachMonthIsTheOneThatWasInForceAndTheTraceTellsTheHistory() throws {
        let day = try #require(CalendarDate("2026-02-10"))
        var store = MemoryStore(try compile(Self.rules()))
        store.add(fact(1, "pay.credited", day, "a", 1_000_000))
        store.add(fact(2, "pay.credited", day.adding(days: 28), "a", 1_000_000))
        store.add(fact(3, "pay.credited", day.adding(days: -90), "a", 1_000_000))
        let close = store.close(try Sample.month("2026-03"))
        let evaluation = close.evaluations[Sample.manager]
        #expect(evaluation?.text(of: "left") == "53.33")
        #expect(evaluation?.text(of: "fund") == "[{loan: \"a\", value: 53.33}]")
        let node = evaluation?.trace?.nodes.first { $0.figure == "left" }
        #expect(node?.filled == "2026-02: +20, = 20; 2026-03: +33.33, = 53.33")
    }

    @Test(arguments: [
        (Self.rules(rate: "rate * count(lost)"), "011"), (Self.rules(per: "other"), "011"),
        (Self.rules(per: "[loan, other]"), "011"), (Self.rules(gives: "{}"), "002"),
        (Self.rules(gives: "{ withheld: lost }"), "006"), (Self.rules(gives: "{ kept: x }"), "003"),
    ])
    func aReserveThatCannotBeMeantIsAFault(_ text: String, _ code: String) throws {
        do {
            _ = try compile(text)
            Issue.record("compiled")
        } catch let faults as SchemeFaults {
            #expect(faults.faults.map(\.code).contains("GR-SCHEME-\(code)"))
        }
    }
}
