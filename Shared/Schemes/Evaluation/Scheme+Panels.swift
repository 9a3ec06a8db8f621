public import Domain
import FEEL

extension Scheme {
    /// The step of a task, if several people vote on it; what went to the next higher role is decided by one.
    func panelStep(of task: TaskRequest) -> (panel: PanelRule, step: TaskStep)? {
        guard task.context["escalates"] == nil else { return nil }
        let steps =
            storage.tasks.first { $0.head.name == task.task }?.steps
            ?? storage.allocations.first { $0.head.name == task.task }?.steps ?? []
        guard steps.indices.contains(task.step), let panel = steps[task.step].panel else { return nil }
        return (panel, steps[task.step])
    }

    /// Whether several people vote on a task, so that ``answer(_:to:openTasks:grades:decisions:calendar:)`` needs all
    /// decisions made on it.
    public func hasPanel(_ task: TaskRequest) -> Bool { panelStep(of: task) != nil }

    /// The decision in whose name a task is settled: the votes' last when several vote, whichever of them came last.
    public func decisive(_ decision: Fact, for task: TaskRequest, among decisions: [Fact]) -> Fact {
        guard let (panel, step) = panelStep(of: task) else { return decision }
        return verdict(of: votes(on: task, decisions + [decision]), panel, step)?.decision ?? decision
    }

    /// The votes that count: in time, not undone, each person's first.
    func votes(on task: TaskRequest, _ decisions: [Fact]) -> [Fact] {
        votes(on: task.id, task.options, until: task.dueAt.date(), decisions)
    }

    func votes(on task: UUID128, _ options: [String], until due: CalendarDate, _ decisions: [Fact]) -> [Fact] {
        var seen: Set<UUID128> = []
        let distinct = decisions.filter { $0.type == "decision.made" && seen.insert($0.id).inserted }
        let valid = Evaluator.net(distinct).filter { vote in
            guard case .text(task.description)? = vote.attributes["task"], Self.voter(vote) != nil,
                case .text(let option)? = vote.attributes["decision"]
            else { return false }
            return options.contains(option) && vote.businessDate <= due
        }
        let sorted = valid.sorted {
            ($0.businessDate, $0.occurredAt, $0.id) < ($1.businessDate, $1.occurredAt, $1.id)
        }
        var voters: Set<String> = []
        return sorted.filter { vote in Self.voter(vote).map { voters.insert($0).inserted } ?? false }
    }

    static func voter(_ vote: Fact) -> String? {
        if case .text(let person)? = vote.attributes["by"], !person.isEmpty { person } else { nil }
    }

    /// What the votes come to, as one decision: dated as the last of them, with the average of their amounts.
    func verdict(of votes: [Fact], _ panel: PanelRule, _ step: TaskStep) -> (option: String, decision: Fact)? {
        guard var decision = votes.last else { return nil }
        var tally = Tally()
        for vote in votes {
            guard case .text(let option)? = vote.attributes["decision"] else { continue }
            tally.add(option, vote.amount.map { Decimal128(tenThousandths: $0.tenThousandths) })
        }
        let options = step.options.map(\.name)
        guard let option = panel.verdict(tally, options, named(on: decision.businessDate)) else { return nil }
        let counts = options.map { "\($0) \(tally.counts[$0] ?? 0)" }.joined(separator: ", ")
        decision.attributes["by"] = nil
        decision.attributes["decision"] = .text(option)
        decision.attributes["opinion"] = .text(counts)
        decision.amount = tally.average?.units(scale: 4, rounding: .halfUp).map { Quantity(tenThousandths: $0) }
        return (option, decision)
    }

    /// The parameters of a day by name.
    func named(on day: CalendarDate) -> [String: Value] {
        let names = storage.parameterSlots.map { storage.names.all[$0] }
        return Dictionary(zip(names, storage.parameters(on: day))) { first, _ in first }
    }

    /// Takes a vote: the task is settled when all members have voted, before that it only stays open.
    func vote(
        _ vote: Fact, on task: TaskRequest, _ rule: TaskRule, among decisions: [Fact],
        settle: (String, Fact) -> [Effect]
    ) -> Answer {
        let votes = votes(on: task, decisions + [vote])
        guard votes.contains(where: { $0.id == vote.id }) else { return .refused(refusal(of: vote, on: task)) }
        guard let (panel, step) = panelStep(of: task), let day = votes.last?.businessDate,
            let members = panel.members(named(on: day)), votes.count >= members,
            let verdict = verdict(of: votes, panel, step)
        else { return .effects([]) }
        return .effects(settle(verdict.option, verdict.decision))
    }

    private func refusal(of vote: Fact, on task: TaskRequest) -> BilingualText {
        if Self.voter(vote) == nil { return BilingualText(zh: "须注明表决人", en: "say who votes") }
        if vote.businessDate > task.dueAt.date() {
            return BilingualText(zh: "表决期限已过", en: "the time for voting is over")
        }
        return BilingualText(zh: "该成员已表决", en: "this member has voted already, or the vote was undone")
    }
}

extension Evaluator {
    /// A vote whose time is over is settled by the votes cast if they are enough; if not, the next higher role decides.
    func settledVotes(_ open: TaskRequest, _ scheme: Scheme) -> [Effect]? {
        guard let (panel, step) = scheme.panelStep(of: open),
            let rule = storage.tasks.first(where: { $0.head.name == open.task })
        else { return nil }
        let votes = scheme.votes(on: open, inputs.facts)
        let needed = panel.quorum(scheme.named(on: open.dueAt.date()))
        guard let needed, votes.count >= needed, let verdict = scheme.verdict(of: votes, panel, step)
        else {
            if step.escalatesTo != nil { return nil }
            return [.taskClosed(id: open.id, rule: open.rule, outcome: "no quorum")]
        }
        return scheme.follow(
            rule.steps, rule.head, verdict.option, verdict.decision, open, inputs.grades, inputs.calendar)
    }
}
