import Domain
import FEEL

// Findings and tasks that follow from the figures of a period, and what becomes of tasks that nobody answers.
extension Evaluator {
    mutating func periodFindings(_ scheme: Scheme) -> [Effect] {
        var effects: [Effect] = []
        for rule in storage.periodFindings
        where rule.every.contains(inputs.period.kind) && rule.head.state != .shadow {
            if let items = rule.items {
                forEach(items) { evaluator, item in
                    guard let finding = evaluator.finding(rule, item, scheme) else { return }
                    effects.append(.finding(evaluator.waived(finding, item.word)))
                }
            } else if let finding = finding(rule, nil, scheme) {
                effects.append(.finding(waived(finding) { _ in nil }))
            }
        }
        return effects
    }

    private func finding(_ rule: PeriodFindingRule, _ item: Item?, _ scheme: Scheme) -> Finding? {
        guard rule.when?.evaluate(frame).asBoolean == true else { return nil }
        let period = inputs.period
        let amount = rule.head.state == .unpaid ? nil : rule.amount?.evaluate(frame).asNumber
        // The amount is part of the name: a revision that changes it withdraws one finding and raises another.
        let parts = [scheme.id, rule.head.name, inputs.subject.description, period.description, amount?.text ?? ""]
        let title = rule.head.title
        return Finding(
            id: DeterministicID.make("finding", parts + [item?.key].compactMap { $0 }), subject: inputs.subject,
            element: rule.head.name, rule: rule.head.clause.rule, clause: rule.head.clause.text, date: period.last,
            period: Period(scheme.basePeriod, containing: period.last),
            amount: amount.flatMap { Money(exact: $0, scheme.currency) }, fund: rule.fund, fact: nil,
            text: item.map { BilingualText(zh: "\(title.zh)（\($0.key)）", en: "\(title.en) (\($0.key))") } ?? title)
    }

    /// Tasks that follow from figures: from the subject's own, or, in the second phase, from a comparison.
    mutating func tasks(_ scheme: Scheme, afterComparison: Bool = false) -> [Effect] {
        var effects: [Effect] = []
        for rule in storage.tasks
        where rule.head.state != .shadow && storage.followsComparison(rule) == afterComparison {
            guard case .period(let kinds, _, _) = rule.trigger, kinds.contains(inputs.period.kind) else { continue }
            if let items = rule.items {
                forEach(items) { evaluator, item in effects += evaluator.tasks(rule, item, scheme) }
            } else {
                effects += tasks(rule, nil, scheme)
            }
        }
        return effects
    }

    private func tasks(_ rule: TaskRule, _ item: Item?, _ scheme: Scheme) -> [Effect] {
        guard case .period(_, let when, let times) = rule.trigger,
            let route = rule.route({ $0.value(frame) }), let start = route.places.first
        else { return [] }
        if let when, when.evaluate(frame).asBoolean != true { return [] }
        var instances = [inputs.period.description]
        if let times {
            let count = times.evaluate(frame).asNumber?.int64(rounding: .floor) ?? 0
            instances = count > 0 ? (1...min(count, 1000)).map { "\(anchor(rule))#\($0)" } : []
        }
        if let item { instances = instances.map { "\($0)#\(item.key)" } }
        return instances.map { .task(task(rule, route, start, $0, item, scheme)) }
    }

    /// The period in which is counted, or the start of the appointment, so that counts begin again with a new one.
    private func anchor(_ rule: TaskRule) -> String {
        if let kind = rule.countsPer { return Period(kind, containing: inputs.period.last).description }
        return if case .text(let text)? = inputs.profile["appointed"] { text } else { "" }
    }

    private func task(
        _ rule: TaskRule, _ route: TaskRoute, _ start: TaskRoute.Place, _ instance: String, _ item: Item?,
        _ scheme: Scheme
    ) -> TaskRequest {
        let step = rule.steps[start.step]
        let title = rule.head.title
        return TaskRequest(
            id: DeterministicID.make(
                "task", scheme.id, rule.head.name, inputs.subject.description, instance, "0"),
            subject: inputs.subject, rule: rule.head.clause.rule, clause: rule.head.clause.text, task: rule.head.name,
            step: start.step, role: start.role, unit: unit,
            dueAt: step.within.moment(after: inputs.period.last, inputs.calendar),
            options: step.options.map(\.name),
            text: item.map { BilingualText(zh: "\(title.zh)（\($0.key)）", en: "\(title.en) (\($0.key))") } ?? title,
            fact: nil,
            context: context(rule, instance, item).merging(route.context) { own, _ in own })
    }

    private func context(_ rule: TaskRule, _ instance: String, _ item: Item?) -> [String: String] {
        var context = ["period": inputs.period.description, "instance": instance]
        for (name, word) in item?.words ?? [] { context[name] = word }
        for case .move(let name, _) in rule.steps.flatMap(\.options).map(\.outcome) {
            guard let slot = storage.ladderSlots.first(where: { storage.names.all[$0] == name }) else { continue }
            context["grade"] = frame[slot].asString
        }
        for slot in rule.figures where !frame[slot].isNull { context[storage.names.all[slot]] = frame[slot].text }
        return context
    }

    var unit: String? {
        if case .text(let text)? = inputs.profile["unit"] { text } else { nil }
    }

    /// Tasks that nobody answered in time are settled by the votes cast, asked again, or go to the next higher role.
    func escalations(_ scheme: Scheme) -> [Effect] {
        let end = Timestamp(startOf: inputs.period.last.adding(days: 1))
        var effects: [Effect] = []
        for open in inputs.openTasks.sorted(by: { $0.id < $1.id }) where open.dueAt < end {
            if let settled = settledVotes(open, scheme) {
                effects += settled
                continue
            }
            guard let rule = storage.tasks.first(where: { $0.head.name == open.task }),
                rule.steps.indices.contains(open.step)
            else { continue }
            let step = rule.steps[open.step]
            effects += again(open, step) ?? silence(open, step, rule, scheme) ?? escalated(open, step)
        }
        return effects
    }

    /// The same task with a new deadline that begins to run on the next working day; `nil` when it was asked often enough.
    private func again(_ open: TaskRequest, _ step: TaskStep) -> [Effect]? {
        let times = open.context["rolled over"].flatMap { Int($0) } ?? 0
        guard times < step.rollsOver, open.context["escalates"] == nil else { return nil }
        let day = inputs.calendar.workingDay(onOrAfter: inputs.period.last.adding(days: 1))
        var context = open.context
        context["rolled over"] = String(times + 1)
        return [
            .taskClosed(id: open.id, rule: open.rule, outcome: "rolled over"),
            .task(
                open.again(
                    DeterministicID.make("task-rollover", open.id.description), role: open.role,
                    dueAt: step.within.moment(after: day, inputs.calendar), context)),
        ]
    }

    /// What follows when nobody answers, for a step that says what that means.
    private func silence(_ open: TaskRequest, _ step: TaskStep, _ rule: TaskRule, _ scheme: Scheme) -> [Effect]? {
        guard let option = step.silence else { return nil }
        let decision = Fact(
            id: DeterministicID.make("silence", open.id.description), subject: open.subject, type: "decision.made",
            businessDate: open.dueAt.date(), occurredAt: open.dueAt, amount: nil, customer: nil, source: "",
            sourceID: "", attributes: ["decision": .text(option)])
        return scheme.follow(rule.steps, rule.head, option, decision, open, inputs.grades, inputs.calendar)
    }

    private func escalated(_ open: TaskRequest, _ step: TaskStep) -> [Effect] {
        guard let role = step.escalatesTo, open.role != role else { return [] }
        // What was rolled over was asked anew, and its end may lie long before this close.
        let start = step.rollsOver > 0 ? max(open.dueAt.date(), inputs.period.last) : open.dueAt.date()
        var context = open.context
        context["escalates"] = open.id.description
        return [
            .task(
                open.again(
                    DeterministicID.make("task-escalation", open.id.description), role: role,
                    dueAt: step.within.moment(after: start, inputs.calendar), context))
        ]
    }
}

extension TaskRequest {
    /// The task asked of somebody once more.
    fileprivate func again(
        _ id: UUID128, role: String, dueAt: Timestamp, _ context: [String: String]
    ) -> TaskRequest {
        TaskRequest(
            id: id, subject: subject, rule: rule, clause: clause, task: task, step: step, role: role, unit: unit,
            dueAt: dueAt, options: options, text: text, fact: fact, context: context)
    }
}
