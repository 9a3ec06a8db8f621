public import Domain

extension Scheme {
    /// What a decision on an open task brings about.
    ///
    /// - Parameters:
    ///   - decision: a `decision.made` fact whose attribute `decision` is one of the task's options.
    ///   - openTasks: all tasks about the same subject that are open, because one may hold up another.
    ///   - grades: the subject's decided grades, because a grade moves from the one in force.
    ///   - decisions: all decisions made on the task so far, reversals included, when ``hasPanel(_:)``.
    public func answer(
        _ decision: Fact, to task: TaskRequest, openTasks: [TaskRequest], grades: [GradeHold],
        decisions: [Fact] = [], calendar: WorkCalendar = WorkCalendar()
    ) -> Answer {
        guard case .text(let option)? = decision.attributes["decision"], task.options.contains(option) else {
            return .refused(
                BilingualText(
                    zh: "请选择：\(task.options.joined(separator: "、"))",
                    en: "choose one of \(task.options.joined(separator: ", "))"))
        }
        if let grading = storage.gradings.first(where: { $0.head.name == task.task }) {
            return .effects(answer(grading, option, decision, task, grades, calendar))
        }
        if let rule = storage.tasks.first(where: { $0.head.name == task.task }) {
            if let holder = rule.suspendedBy, openTasks.contains(where: { $0.task == holder }) {
                return .refused(BilingualText(zh: "“\(holder)”未结，暂停办理", en: "on hold until “\(holder)” is decided"))
            }
            if let reason = refusal(rule, decision, task) { return .refused(reason) }
            if hasPanel(task) {
                return vote(decision, on: task, rule, among: decisions) { option, decision in
                    follow(rule.steps, rule.head, option, decision, task, grades, calendar)
                }
            }
            return .effects(follow(rule.steps, rule.head, option, decision, task, grades, calendar))
        }
        if let rule = storage.allocations.first(where: { $0.head.name == task.task }) {
            return .effects(follow(rule.steps, rule.head, option, decision, task, grades, calendar))
        }
        return .refused(BilingualText(zh: "本版制度没有此事项", en: "this version of the rules knows no such task"))
    }

    func follow(
        _ steps: [TaskStep], _ head: RuleHead, _ option: String, _ decision: Fact, _ task: TaskRequest,
        _ grades: [GradeHold], _ calendar: WorkCalendar
    ) -> [Effect] {
        let closed = Effect.taskClosed(id: task.id, rule: task.rule, outcome: option)
        guard task.step < steps.count,
            let outcome = steps[task.step].options.first(where: { $0.name == option })?.outcome
        else { return [closed] }
        switch outcome {
        case .end, .waive: return [closed]
        case .charge(let fund): return [closed] + [charge(fund, head, decision, task)].compactMap { $0 }
        case .grade(let ladder, let attribute):
            return [closed] + appoint(ladder, to: task.context[attribute], head, decision, task, grades)
        case .next: return [closed] + next(steps, decision, task, calendar)
        case .status(let status):
            return [
                closed,
                .status(
                    StatusChange(
                        id: DeterministicID.make("status", id, task.id.description, status), subject: task.subject,
                        status: status, from: decision.businessDate, rule: task.rule, clause: task.clause,
                        fact: decision.id)),
            ]
        case .move(let ladder, let steps):
            return [closed] + move(ladder, by: steps, head, decision, task, grades)
        }
    }

    private func next(
        _ steps: [TaskStep], _ decision: Fact, _ task: TaskRequest, _ calendar: WorkCalendar
    ) -> [Effect] {
        let route = TaskRoute(task.context)
        let next =
            route.map { route in route.places.first { $0.step > task.step } }
            ?? (task.step + 1 < steps.count
                ? TaskRoute.Place(step: task.step + 1, role: steps[task.step + 1].role) : nil)
        guard let next, next.step < steps.count else { return [] }
        // A task is named after its place on the way, so that undoing the first finds all that came of it.
        let number = route.map { route in route.places.count { $0.step <= task.step } } ?? next.step
        let step = steps[next.step]
        var context = task.context
        context["after"] = task.id.description
        if case .text(let person)? = decision.attributes["by"] { context["signed \(task.step)"] = person }
        if case .text(let opinion)? = decision.attributes["opinion"] { context["opinion \(task.role)"] = opinion }
        return [
            .task(
                TaskRequest(
                    id: DeterministicID.make("task-step", id, task.id.description, String(number)),
                    subject: task.subject, rule: task.rule, clause: task.clause, task: task.task, step: next.step,
                    role: next.role, unit: task.unit,
                    dueAt: step.within.moment(after: decision.businessDate, calendar),
                    options: step.options.map(\.name), text: task.text, fact: task.fact, context: context))
        ]
    }

    /// A decided grade takes effect on the first day after the period that was judged (catalogue C5).
    private func effectiveDate(_ task: TaskRequest, _ decision: Fact, _ ladder: LadderPlan) -> CalendarDate {
        if let text = task.context["period"], let period = Period(text) { return period.next.first }
        return Period(ladder.startsWith, containing: decision.businessDate).next.first
    }

    private func move(
        _ name: String, by steps: Int, _ head: RuleHead, _ decision: Fact, _ task: TaskRequest, _ grades: [GradeHold]
    ) -> [Effect] {
        guard let ladder = ladder(name) else { return [] }
        let from = effectiveDate(task, decision, ladder)
        let current = held(name, grades, on: from) ?? task.context["grade"] ?? ladder.entryGrade
        guard let current, let place = ladder.grades.firstIndex(of: current) else { return [] }
        let target = min(max(place + steps, 0), ladder.grades.count - 1)
        guard target != place else { return [] }
        return [grade(ladder, current, ladder.grades[target], from, head, decision, task)]
    }

    private func held(_ ladder: String, _ grades: [GradeHold], on day: CalendarDate) -> String? {
        grades.filter { $0.ladder == ladder && $0.from <= day }.max { $0.from < $1.from }
            .map { hold in self.ladder(ladder)?.canonical(hold.grade) ?? hold.grade }
    }

    private func appoint(
        _ name: String, to target: String?, _ head: RuleHead, _ decision: Fact, _ task: TaskRequest,
        _ grades: [GradeHold]
    ) -> [Effect] {
        guard let ladder = ladder(name), let target = target.map(ladder.canonical), ladder.grades.contains(target)
        else { return [] }
        let from = effectiveDate(task, decision, ladder)
        let current = held(name, grades, on: from)
        return current == target ? [] : [grade(ladder, current, target, from, head, decision, task)]
    }

    private func grade(
        _ ladder: LadderPlan, _ current: String?, _ target: String, _ from: CalendarDate, _ head: RuleHead,
        _ decision: Fact, _ task: TaskRequest
    ) -> Effect {
        .grade(
            GradeChange(
                id: DeterministicID.make("grade", id, task.id.description, target), subject: task.subject,
                ladder: ladder.name, from: current, to: target, effectiveFrom: from, decided: true, rule: task.rule,
                clause: task.clause, reason: head.title, task: task.id))
    }

    private func answer(
        _ rule: GradingRule, _ option: String, _ decision: Fact, _ task: TaskRequest, _ grades: [GradeHold],
        _ calendar: WorkCalendar
    ) -> [Effect] {
        let closed = Effect.taskClosed(id: task.id, rule: task.rule, outcome: option)
        guard option == "approve", let target = task.context["to"], let name = task.context["ladder"],
            let ladder = ladder(name)
        else { return [closed] }
        if task.step + 1 < rule.approvers.count {
            let steps = rule.approvers.map {
                TaskStep(
                    role: $0, within: rule.within, options: [("approve", .next), ("refuse", .end)], escalatesTo: nil)
            }
            return [closed] + next(steps, decision, task, calendar)
        }
        let from = effectiveDate(task, decision, ladder)
        let current = held(name, grades, on: from)
        return [closed, grade(ladder, current, target, from, rule.head, decision, task)]
    }

    private func ladder(_ name: String) -> LadderPlan? {
        for slot in storage.ladderSlots {
            if case .ladder(let plan) = storage.figure(slot).work, plan.name == name { return plan }
        }
        return nil
    }
}
