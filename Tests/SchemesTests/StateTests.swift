import Domain
import Testing

@testable import Schemes

/// What an element brings about in each `state` it may have.
struct StateTests {
    /// One element of each kind that has a state, with what it needs; `STATE` stands for the line that is tried.
    private static let samples: [ElementKind: String] = [
        .finding: """
        - finding: wrong
          clause: R1 x
          on: complaint.judged
          amount: 30
          STATE
        """,
        .liability: """
        - liability: wrong
          clause: R1 x
          on: deal.closed
          amount: amount
          bands: [{ shares: { seller: 1 }, residual: seller }]
          STATE
        """,
        .obligation: """
        - obligation: wrong
          clause: R1 x
          due: month
          fact: report.filed
          amount: 30
          STATE
        """,
        .task: """
        - task: wrong
          clause: R1 x
          on: complaint.judged
          amount: 30
          steps: [{ role: head, options: { fine: charge, drop: end } }]
          STATE
        """,
        .status: """
        - status: wrong
          clause: R1 x
          on: complaint.judged
          STATE
        """,
        .notice: """
        - notice: wrong
          clause: R1 x
          on: complaint.judged
          STATE
        - notice: told
          clause: R2 x
          STATE
        """,
        .grading: """
        - ladder: grade
          clause: R1 x
          grades: [low, high]
          entry: low
        - grading: wrong
          clause: R1 x
          ladder: grade
          grade: '"high"'
          approver: head
          STATE
        """,
        .allocation: """
        - allocation: wrong
          clause: R1 x
          subject: unit
          every: month
          on: slot.requested
          resource: [slot]
          order: seq
          to: who
          steps: [{ role: head, options: { agreed: end } }]
          STATE
        """,
        .indicator: """
        - indicator: wrong
          clause: R1 x
          actual: "40"
          score: actual
          weight: 50 %
          STATE
        - indicator: right
          clause: R1 x
          actual: "80"
          score: actual
          weight: 50 %
        - scorecard: score
          clause: R1 x
          of: [wrong, right]
        """,
        .pay: """
        - pay: wrong
          clause: R1 x
          formula: "100"
          STATE
        - pay: right
          clause: R1 x
          formula: wrong + 1
        """,
        .exclusion: """
        - exclusion: wrong
          clause: R1 x
          when: "true"
          STATE
        - pay: right
          clause: R1 x
          formula: "1"
        """,
        .waiver: """
        - finding: late
          clause: R1 x
          on: complaint.judged
          amount: 30
        - waiver: wrong
          clause: R2 x
          on: waiver.granted
          of: late
          STATE
        """,
        .constraint: """
        - parameter: limit
          clause: R1 x
          value: 1
        - constraint: wrong
          clause: R1 x
          that: limit > 1
          STATE
        """,
    ]

    private static let head = """
        scheme: bank/plan
        version: 1
        effective: { from: 2026-01-01 }
        title: { zh: 计划, en: Plan }
        subject: manager
        facts:
          deal.closed: { seller: text }
          complaint.judged: {}
          report.filed: {}
          slot.requested: { slot: text, seq: number, who: text }
          waiver.granted: { approver: text, reason: text, until: date }
        chapters:
          - title: { zh: 一, en: One }
            rules:

        """

    private func source(_ kind: ElementKind, _ state: RuleState) throws -> SchemeSource {
        let rules = try #require(Self.samples[kind]).replacing("STATE", with: "state: \(state.rawValue)")
        let body = rules.split(separator: "\n").map { "      " + $0 }.joined(separator: "\n")
        return SchemeSource(file: "scheme.yaml", text: Self.head + body + "\n")
    }

    /// Everything that follows from one fact of each type and the close of the month, in words.
    private func outcome(_ kind: ElementKind, _ state: RuleState) throws -> String {
        let scheme = try Scheme(compiling: [try source(kind, state)])
        var store = MemoryStore(scheme)
        let day = try #require(CalendarDate("2026-01-05"))
        var effects: [Effect] = []
        for (number, type) in ["deal.closed", "complaint.judged", "slot.requested", "waiver.granted"].enumerated() {
            let unit = type == "slot.requested"
            let attributes: [String: AttributeValue] = [
                "seller": .text("rm-2"), "slot": .text("a"), "seq": .number("1"), "who": .text("rm-1"),
                "approver": .text("head"), "reason": .text("ill"), "until": .text("2026-01-31"),
            ]
            effects += store.add(
                Fact(
                    id: DeterministicID.make("state", type),
                    subject: unit ? Subject(institution: "bank", kind: .unit, id: "u") : Sample.manager, type: type,
                    businessDate: day, occurredAt: Timestamp(startOf: day), amount: Quantity("30"), customer: nil,
                    source: "t", sourceID: String(number), attributes: attributes))
        }
        let close = store.close(try Sample.month("2026-01"))
        effects += close.evaluations.keys.sorted().flatMap { close.evaluations[$0]?.effects ?? [] }
        let evaluation = close.evaluations[Sample.manager]
        var words = effects.map(word).sorted()
        words += (close.pay[Sample.manager]?.lines ?? []).map { "pay \($0.component) \($0.amount.amountText)" }
        if let score = evaluation?.score { words.append("score \(score.text)") }
        if let gap = evaluation?.gaps.first { words.append("gap \(gap.figure)") }
        words += scheme.brokenConstraints(on: day).map { _ in "may not be published" }
        return words.joined(separator: ", ")
    }

    private func word(_ effect: Effect) -> String {
        switch effect {
        case .finding(let finding): "finding \(finding.amount?.amountText ?? "without amount")"
        case .task(let task): "task \(task.role)"
        case .status(let change): "status \(change.status)"
        case .notice(let notice): "notice \(notice.notice)"
        case .grade(let change): "grade \(change.to)"
        default: "other"
        }
    }

    private static let expected: [ElementKind: [RuleState: String]] = [
        .finding: [.active: "finding 30.00", .shadow: "", .unpaid: "finding without amount"],
        .liability: [.active: "finding 30.00", .shadow: "", .unpaid: "finding without amount"],
        .obligation: [.active: "finding 30.00", .shadow: "", .unpaid: "finding without amount"],
        .task: [.active: "task head", .shadow: "", .unpaid: "task head"],
        .status: [.active: "status wrong", .shadow: ""],
        .notice: [.active: "notice told, notice wrong", .shadow: ""],
        .grading: [.active: "grade high, task head", .shadow: ""],
        .allocation: [.active: "task head", .shadow: ""],
        .indicator: [.active: "score 60", .shadow: "score 80"],
        .pay: [.active: "pay wrong 100.00, pay right 101.00", .shadow: "pay right 1.00"],
        .exclusion: [.active: "gap wrong", .shadow: "pay right 1.00"],
        .waiver: [.active: "finding without amount", .shadow: "finding 30.00"],
        .constraint: [.active: "may not be published", .shadow: ""],
    ]

    @Test(arguments: ElementKind.allCases.filter { !$0.states.isEmpty })
    func eachStateLetsFollowWhatItMay(_ kind: ElementKind) throws {
        for state in kind.states {
            let wanted = try #require(Self.expected[kind]?[state], "say what \(kind) does when it is \(state)")
            #expect(try outcome(kind, state) == wanted, "\(kind) \(state)")
        }
    }

    @Test func anApprovedChargeOfAnUnpaidTaskCostsNothing() throws {
        for (state, amount) in [(RuleState.active, "30.00"), (.unpaid, "nothing")] {
            var store = MemoryStore(try Scheme(compiling: [try source(.task, state)]))
            let day = try #require(CalendarDate("2026-01-05"))
            func fact(_ type: String, _ attributes: [String: AttributeValue]) -> Fact {
                Fact(
                    id: DeterministicID.make("charge", type), subject: Sample.manager, type: type, businessDate: day,
                    occurredAt: Timestamp(startOf: day), amount: nil, customer: nil, source: "t", sourceID: "1",
                    attributes: attributes)
            }
            store.add(fact("complaint.judged", [:]))
            _ = store.answer("wrong", with: fact("decision.made", ["decision": .text("fine")]))
            #expect((store.findings.values.first?.amount?.amountText ?? "nothing") == amount)
        }
    }

    @Test(arguments: [
        ("- parameter: a\n  clause: R1 x\n  value: 1\n  state: shadow", "003"),
        ("- finding: a\n  clause: R1 x\n  on: deal.closed\n  state: sleeping", "010"),
        ("- status: a\n  clause: R1 x\n  on: deal.closed\n  state: unpaid", "010"),
    ])
    func aStateThatMeansNothingIsAFault(_ rules: String, _ code: String) {
        #expect(Sample.codes(rules).contains(code))
    }
}
