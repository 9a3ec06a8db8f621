import Domain

/// What settled a step.
private struct Settled {
    let decision: Fact
    let task: UUID128
    let outcome: TaskOutcome
}

extension Scheme {
    /// The decision that granted what a fact asks for, followed through all steps; `nil` when nobody did, or not yet.
    ///
    /// Everything is read from the decisions themselves, so that neither their order of arrival nor a decision that
    /// was undone matters.
    func grant(
        of approval: TaskRule, for fact: Fact, among facts: [Fact], _ calendar: WorkCalendar
    ) -> (decision: Fact, role: String)? {
        var task = DeterministicID.make(
            "task", [id, approval.head.name, fact.subject.description, fact.id.description, "0"])
        var day = fact.businessDate
        for (number, step) in approval.steps.enumerated() {
            let due = step.within.moment(after: day, calendar)
            let settled =
                step.panel == nil ? answer(step, task, facts) : vote(step, task, facts, due: due)
            switch settled?.outcome {
            case .waive?: return settled.map { ($0.decision, step.role) }
            case .next?:
                guard let settled else { return nil }
                task = DeterministicID.make("task-step", id, settled.task.description, "\(number + 1)")
                day = settled.decision.businessDate
            default: return nil
            }
        }
        return nil
    }

    /// The first answer to a task, or to what it became when nobody answered in time.
    private func answer(_ step: TaskStep, _ task: UUID128, _ facts: [Fact]) -> Settled? {
        let names = Dictionary(uniqueKeysWithValues: forms(of: task, step).map { ($0.description, $0) })
        let answers = facts.compactMap { decision -> Settled? in
            guard decision.type == "decision.made", case .text(let name)? = decision.attributes["task"],
                let task = names[name], case .text(let option)? = decision.attributes["decision"],
                let outcome = step.options.first(where: { $0.name == option })?.outcome
            else { return nil }
            return Settled(decision: decision, task: task, outcome: outcome)
        }
        return answers.min {
            ($0.decision.businessDate, $0.decision.occurredAt, $0.decision.id)
                < ($1.decision.businessDate, $1.decision.occurredAt, $1.decision.id)
        }
    }

    /// A task and what it becomes when nobody answers in time.
    private func forms(of task: UUID128, _ step: TaskStep) -> [UUID128] {
        var forms = [task]
        var last = task
        for _ in 0..<step.rollsOver {
            last = DeterministicID.make("task-rollover", last.description)
            forms.append(last)
        }
        if step.escalatesTo != nil { forms.append(DeterministicID.make("task-escalation", last.description)) }
        return forms
    }

    /// Every task that a chain of steps may have come to, whoever answered what and when.
    func tasks(from first: UUID128, _ steps: [TaskStep]) -> [UUID128] {
        var all: [UUID128] = []
        var current = [first]
        for (number, step) in steps.enumerated() {
            let asked = current.flatMap { forms(of: $0, step) }
            all += asked
            guard step.options.contains(where: { $0.outcome == .next }) else { break }
            current = asked.map { DeterministicID.make("task-step", id, $0.description, "\(number + 1)") }
        }
        return all
    }

    /// What a panel came to, once all have voted.
    private func vote(_ step: TaskStep, _ task: UUID128, _ facts: [Fact], due: Timestamp) -> Settled? {
        let votes = votes(on: task, step.options.map(\.name), until: due.date(), facts)
        guard let panel = step.panel, let day = votes.last?.businessDate,
            let members = panel.members(named(on: day)), votes.count >= members,
            let verdict = verdict(of: votes, panel, step),
            let outcome = step.options.first(where: { $0.name == verdict.option })?.outcome
        else { return nil }
        return Settled(decision: verdict.decision, task: task, outcome: outcome)
    }
}
