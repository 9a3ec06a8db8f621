import Domain
import FEEL

extension TaskRule {
    /// Whether an answer can charge money, which a reversal of the fact has to take back.
    var charges: Bool {
        steps.contains { step in
            step.options.contains { if case .charge = $0.outcome { true } else { false } }
        }
    }
}

extension Scheme {
    /// The finding of an approved charge is named after what the task is about: a share, a fact, or the task itself.
    func chargeID(_ rule: String, _ subject: Subject, _ cause: UUID128) -> UUID128 {
        DeterministicID.make("charge", id, rule, subject.description, cause.description)
    }

    /// The amount approved: the decision's own, or the one proposed.
    func charge(_ fund: String?, _ head: RuleHead, _ decision: Fact, _ task: TaskRequest) -> Effect? {
        let proposed = task.context["amount"].flatMap { Decimal128($0) }
        let decided = decision.amount.map { Decimal128(tenThousandths: $0.tenThousandths) }
        guard head.state != .unpaid, let exact = decided ?? proposed, let amount = Money(exact: exact, currency) else {
            return nil
        }
        let cause = task.context["charge"].flatMap { UUID128($0) } ?? task.fact ?? task.id
        return .finding(
            Finding(
                id: chargeID(task.task, task.subject, cause), subject: task.subject,
                element: head.name, rule: task.rule, clause: task.clause, date: decision.businessDate,
                period: Period(basePeriod, containing: decision.businessDate), amount: amount, fund: fund,
                fact: task.fact, text: head.title))
    }

    /// Why a person may not answer: somebody has to be named, and nobody may sign for two parties.
    func refusal(_ rule: TaskRule, _ decision: Fact, _ task: TaskRequest) -> BilingualText? {
        guard rule.needsDistinctPeople else { return nil }
        guard case .text(let person)? = decision.attributes["by"], !person.isEmpty else {
            return BilingualText(zh: "须注明签字人", en: "say who signs")
        }
        let signed = task.context.contains { $0.key.hasPrefix("signed ") && $0.value == person }
        return signed ? BilingualText(zh: "各方须由不同的人签字", en: "each party has to be another person") : nil
    }
}
