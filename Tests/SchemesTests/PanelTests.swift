import Domain
import Testing

@testable import Schemes

/// Steps that several people decide by vote.
struct PanelTests {
    private func scheme(
        _ decides: String, members: String = "3", quorum: String = "2", options: String = "yes: { status: in }, no: end"
    ) throws -> Scheme {
        try Sample.compile(Self.rules(decides, members: members, quorum: quorum, options: options))
    }

    private static func rules(_ decides: String, members: String, quorum: String, options: String) -> String {
        """
        - task: entry
          clause: R1 x
          on: deal.closed
          steps:
            - role: board
              within: 10 days
              panel: { members: \(members), quorum: \(quorum), decides: '\(decides)' }
              options: { \(options) }
        """
    }

    private let majority = "if yes > votes / 2 then \"yes\" else \"no\""

    private func fact(_ type: String, _ date: String, _ id: String, _ attributes: [String: String] = [:]) throws -> Fact
    {
        let day = try #require(CalendarDate(date))
        return Fact(
            id: DeterministicID.make("t", type, date, id), subject: Sample.manager, type: type, businessDate: day,
            occurredAt: Timestamp(startOf: day), source: "t", sourceID: id,
            attributes: attributes.mapValues(AttributeValue.text))
    }

    private func open(_ scheme: Scheme) throws -> TaskRequest {
        var store = MemoryStore(scheme)
        store.add(try fact("deal.closed", "2026-03-02", "1"))
        return try #require(store.openTasks.values.first)
    }

    private func votes(_ task: TaskRequest, _ votes: [(String, String, String)]) throws -> [Fact] {
        try votes.map { person, option, date in
            try fact("decision.made", date, person, ["task": task.id.description, "decision": option, "by": person])
        }
    }

    /// The answers to the votes one after the other, as the store gives them.
    private func answers(_ scheme: Scheme, _ task: TaskRequest, _ votes: [Fact]) -> [Answer] {
        votes.indices.map { index in
            scheme.answer(
                votes[index], to: task, openTasks: [task], grades: [], decisions: Array(votes[...index]))
        }
    }

    @Test func everyOrderOfTheVotesGivesTheSameDecisionOfTheSameDay() throws {
        let scheme = try scheme(majority)
        let task = try open(scheme)
        let cast = try votes(task, [("a", "yes", "2026-03-06"), ("b", "no", "2026-03-03"), ("c", "yes", "2026-03-04")])
        var settled: Set<[Effect]> = []
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let answers = answers(scheme, task, order.map { cast[$0] })
            #expect(Array(answers.prefix(2)) == [.effects([]), .effects([])])
            if case .effects(let effects)? = answers.last { settled.insert(effects) }
        }
        #expect(settled.count == 1)
        guard case .status(let change)? = settled.first?.last else {
            Issue.record("no status")
            return
        }
        #expect(change.from == CalendarDate("2026-03-06"))
        #expect(change.fact == cast[0].id)
    }

    @Test func aVoteThatIsUndoneDoesNotCountAndItsMemberMayVoteAgain() throws {
        let scheme = try scheme(majority)
        let task = try open(scheme)
        let cast = try votes(task, [("a", "no", "2026-03-03"), ("b", "no", "2026-03-03"), ("c", "yes", "2026-03-04")])
        var undone = cast[0]
        undone.id = DeterministicID.make("undo", "a")
        undone.sign = -1
        undone.reverses = cast[0].id
        let again = try votes(task, [("a", "yes", "2026-03-05")])
        let answer = scheme.answer(
            again[0], to: task, openTasks: [task], grades: [], decisions: [undone] + cast + again)
        guard case .effects(let effects) = answer else {
            Issue.record("refused")
            return
        }
        #expect(effects.count == 2)
        guard
            case .refused = scheme.answer(
                cast[0], to: task, openTasks: [task], grades: [], decisions: [undone, cast[0]])
        else {
            Issue.record("an undone vote was taken")
            return
        }
    }

    @Test(arguments: [
        ("if yes > votes / 2 then \"yes\" else \"no\"", 3, 2, []),
        ("if yes > votes / 2 then \"yes\" else if no > votes / 2 then \"no\"", 3, 2, ["007"]),
        ("if yes > votes / 2 then \"yes\" else if no > votes / 2 then \"no\" else null", 3, 2, ["013"]),
        ("if yes = votes then \"yes\" else \"nay\"", 3, 2, ["013"]),
        ("if average amount > 60 then \"yes\" else \"no\"", 3, 4, ["004"]),
        ("if agreed > 1 then \"yes\" else \"no\"", 3, 2, ["007"]),
    ])
    func everyVoteHasToLeadToAnOption(_ decides: String, _ members: Int, _ quorum: Int, _ codes: [String]) {
        let rules = Self.rules(
            decides, members: "\(members)", quorum: "\(quorum)", options: "yes: { status: in }, no: end")
        #expect(Sample.codes(rules) == codes)
    }
}
