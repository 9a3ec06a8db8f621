import Domain
import Testing

@testable import Schemes

/// Exceptions to rules that hold in principle, and the limit of deductions.
struct WaiverTests {
    private static let head = """
        scheme: bank/rules
        version: 1
        effective: { from: 2026-01-01 }
        title: { zh: 规定, en: Rules }
        subject: manager
        net pay: { deductions up to: 20 % }
        facts:
          lateness.found: { shift: text }
          exception.asked: { shift: text, approver: text, reason: text, until: date }
        chapters:
          - title: { zh: 一, en: One }
            rules:

        """

    private let fine = """
        - finding: late
          clause: R1 x
          on: lateness.found
          amount: 30
        """

    private func compile(_ rules: String) throws -> Scheme {
        let body = rules.split(separator: "\n", omittingEmptySubsequences: false).map { "      " + $0 }
        let text = Self.head + body.joined(separator: "\n") + "\n"
        return try Scheme(compiling: [SchemeSource(file: "scheme.yaml", text: text)])
    }

    private func fact(
        _ type: String, _ date: String, id: String = "", _ attributes: [String: String] = [:]
    ) throws -> Fact {
        let day = try #require(CalendarDate(date))
        return Fact(
            id: DeterministicID.make("t", type, date, id), subject: Sample.manager, type: type, businessDate: day,
            occurredAt: Timestamp(startOf: day), source: "t", sourceID: "1",
            attributes: attributes.mapValues(AttributeValue.text))
    }

    private func findings(_ scheme: Scheme, _ facts: [Fact]) throws -> [Finding] {
        var store = MemoryStore(scheme)
        for fact in facts { store.add(fact) }
        _ = store.close(try Sample.month("2026-03"))
        return store.findings.values.sorted { ($0.date, $0.id) < ($1.date, $1.id) }
    }

    private let granted = ["shift": "night", "approver": "head", "reason": "move", "until": "2026-03-20"]

    @Test func aWaivedFineIsReportedWithWhoAllowedItUntilWhenAndWhyAndCostsNothing() throws {
        let waiver = "\n- waiver: excused\n  clause: R2 x\n  on: exception.asked\n  of: late\n  same: shift"
        let facts = [
            try fact("lateness.found", "2026-03-09", ["shift": "night"]),
            try fact("exception.asked", "2026-03-10", granted),
            try fact("lateness.found", "2026-03-10", ["shift": "night"]),
            try fact("lateness.found", "2026-03-11", ["shift": "day"]),
            try fact("lateness.found", "2026-03-21", ["shift": "night"]),
        ]
        let scheme = try compile(fine + waiver)
        let found = try findings(scheme, facts)
        #expect(found.map { $0.amount?.amountText ?? "-" } == ["30.00", "-", "30.00", "30.00"])
        #expect(found.map(\.waiver) == [nil, "excused", nil, nil])
        #expect(found[1].text.en == "late (waived by head until 2026-03-20: move)")
        #expect(found[1].fact == facts[1].id)
        #expect(try findings(scheme, facts.reversed()) == found)
    }

    @Test func whatAWaiverCoversIsJudgedAtTheCloseUnderTheSameIdentifier() throws {
        let waiver = "\n- waiver: excused\n  clause: R2 x\n  on: exception.asked\n  of: late"
        let late = try fact("lateness.found", "2026-03-09", ["shift": "night"])
        let deferred = try compile(fine + waiver)
        #expect(deferred.arrivals(of: late).isEmpty)
        let atOnce = try compile(fine).arrivals(of: late)
        #expect(try findings(deferred, [late]).map { Effect.finding($0) } == atOnce)
    }

    private let steps = """

        - waiver: excused
          clause: R2 x
          on: exception.asked
          of: late
          steps:
            - { role: office, options: { agree: next, refuse: end } }
            - role: board
              panel: { members: 2, decides: 'if grant = votes then "grant" else "refuse"' }
              options: { grant: waive, refuse: end }
        """

    @Test func aWaiverThatAPanelGrantsIsReadFromItsVotesInAnyOrder() throws {
        let scheme = try compile(fine + steps)
        let asked = try fact("exception.asked", "2026-03-02", granted)
        let first = DeterministicID.make(
            "task", [scheme.id, "excused", Sample.manager.description, asked.id.description, "0"])
        let second = DeterministicID.make("task-step", scheme.id, first.description, "1")
        func decide(_ task: UUID128, _ option: String, _ date: String, _ by: String) throws -> Fact {
            try fact(
                "decision.made", date, id: by, ["task": task.description, "decision": option, "by": by])
        }
        let yes = try decide(second, "grant", "2026-03-05", "b")
        let decisions = [
            try decide(first, "agree", "2026-03-03", "office"), try decide(second, "grant", "2026-03-04", "a"), yes,
        ]
        let late = [
            try fact("lateness.found", "2026-03-04", ["shift": "x"]),
            try fact("lateness.found", "2026-03-05", ["shift": "x"]),
        ]
        let found = try findings(scheme, [asked] + decisions + late)
        #expect(found.map(\.waiver) == [nil, "excused"])
        #expect(try findings(scheme, late + decisions.reversed() + [asked]) == found)
        var undone = yes
        undone.id = DeterministicID.make("undo", yes.id.description)
        undone.sign = -1
        undone.reverses = yes.id
        #expect(try findings(scheme, [undone, asked] + decisions + late).map(\.waiver) == [nil, nil])
        #expect(try findings(scheme, [asked] + decisions.dropLast() + late).map(\.waiver) == [nil, nil])
    }

    @Test(arguments: [
        ("of: nothing\n  on: exception.asked", "005"),
        ("of: late\n  on: lateness.found", "005"),
        ("of: late\n  on: exception.asked\n  steps: [{ role: office, options: { agree: end } }]", "004"),
        ("of: late\n  on: exception.asked\n  steps: [{ role: a, silence: yes, options: { yes: waive } }]", "004"),
    ])
    func aWaiverThatWaivesNothingOrNamesNobodyIsAFault(_ keys: String, _ code: String) throws {
        do {
            _ = try compile("\(fine)\n- waiver: excused\n  clause: R2 x\n  \(keys)")
            Issue.record("compiled")
        } catch let faults as SchemeFaults {
            #expect(Set(faults.faults.map(\.code)) == ["GR-SCHEME-\(code)"])
        }
    }

    @Test(arguments: [("1000", 300, 0), ("1000", 50, -30), ("0", 40, -10), ("10.07", 10, -5), ("500", 0, 0)])
    func noMoreThanTheLimitIsTakenAndTheRestStaysDue(_ gross: String, _ fine: Int64, _ carry: Int64) throws {
        let rules = """
            - measure: earned
              clause: R1 x
              fact: lateness.found
              window: month
            - pay: base
              clause: R1 x
              formula: earned
            - pay: fines
              clause: R2 x
              deducts: findings
            """
        let day = try #require(CalendarDate("2026-03-05"))
        let finding = PayFinding(
            id: UUID128(high: 0, low: 1), rule: "R2", clause: "R2 x", date: day,
            amount: Money(minorUnits: fine * 100, .cny), text: BilingualText(zh: "罚", en: "fine"))
        let pay = try compile(rules).pay(
            PayInputs(
                subject: Sample.manager, period: try Sample.month("2026-03"), figures: ["earned": gross],
                findings: [finding], carryIn: Money(minorUnits: carry * 100, .cny)))
        let balance = pay.gross.minorUnits - pay.deductions.minorUnits + carry * 100
        #expect(balance == pay.net.minorUnits + pay.carryOut.minorUnits)
        let taken = pay.gross.minorUnits - pay.net.minorUnits
        #expect(taken * 5 <= pay.gross.minorUnits)
        #expect(pay.carryOut.minorUnits <= 0)
        #expect(pay.carryOut.minorUnits == 0 || (taken + 1) * 5 > pay.gross.minorUnits)
        #expect((pay.trace?.nodes.last?.figure == "deductions up to") == (pay.carryOut.minorUnits < 0))
    }
}
