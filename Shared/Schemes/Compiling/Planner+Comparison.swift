import Domain
import FEEL

extension SchemeStorage {
    /// Whether something is known only after people were compared.
    func followsComparison(_ reads: [Int]) -> Bool { reads.contains(where: acrossSlots.contains) }

    func followsComparison(_ rule: TaskRule) -> Bool { followsComparison(rule.reads) }

    func followsComparison(_ plan: NoticePlan) -> Bool {
        followsComparison((plan.condition?.reads ?? []) + plan.figures)
    }

    /// A published figure, or an attribute of the profile, as it was published.
    func value(of slot: Int, published text: String?) -> Value {
        guard let text else { return .null }
        if let shape = profileSlots.first(where: { $0.slot == slot })?.shape { return shape.form.value(.text(text)) }
        return Value(published: text, unit: figure(slot).unit)
    }
}

extension Planner {
    /// What tasks and notices that follow from a comparison read: it has to be published to be known by then.
    ///
    /// Money and grades may not follow from a comparison alone, because a later fact of somebody else would change them
    /// behind a person's back: a task has somebody decide.
    func readAfterComparison() -> Set<Int> {
        let storage = compiler.storage
        var reads: Set<Int> = []
        for task in storage.tasks where storage.followsComparison(task) {
            if case .period(_, _, .some) = task.trigger { report(task.head, "`times`") }
            if task.items != nil { report(task.head, "`for each`") }
            reads.formUnion(task.reads + storage.ladderSlots)
        }
        for plan in storage.notices where storage.followsComparison(plan) {
            reads.formUnion((plan.condition?.reads ?? []) + plan.figures)
        }
        for plan in storage.notices {
            if case .across = plan.notice.trigger { reads.formUnion(plan.condition?.reads ?? []) }
        }
        for rule in storage.periodFindings where storage.followsComparison(rule.reads) {
            report(rule.head, "a finding")
        }
        for rule in storage.gradings where rule.quotas.isEmpty && storage.followsComparison(rule.grade.reads) {
            report(rule.head, "a grade without `quotas`")
        }
        return reads
    }

    private func report(_ head: RuleHead, _ what: String) {
        compiler.faults.report(
            .wrongKind, at: head.place, "\(what) of `\(head.name)` cannot follow from a comparison of people",
            "let a task with `when` have somebody decide")
    }
}
