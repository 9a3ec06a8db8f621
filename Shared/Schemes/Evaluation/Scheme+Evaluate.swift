import Domain
import FEEL

extension Scheme {
    /// The figures of one subject for one period and what follows from them.
    ///
    /// Nothing but `inputs` enters: the same inputs give the same result, identifiers and trace on every machine.
    public func evaluate(_ inputs: SubjectInputs, tracing: Bool = false) -> Evaluation {
        var evaluator = Evaluator(storage, inputs, tracing: tracing)
        let key = PlanKey(subject: inputs.subject.kind, period: inputs.period.kind)
        guard let plan = storage.plans[key], isInForce(on: inputs.period.first), evaluator.covered else {
            return Evaluation(
                period: inputs.period, applies: false, figures: [], score: nil, grade: nil, effects: [], gaps: [],
                trace: nil)
        }
        evaluator.readWaivers(self)
        if let exclusion = evaluator.exclusion() { return evaluator.excluded(by: exclusion, self) }
        evaluator.compute(plan.own)
        var effects: [Effect] = []
        if inputs.subject.kind == subjectKind {
            effects += evaluator.obligationFindings(self)
            effects += evaluator.periodFindings(self)
            effects += evaluator.closeFindings(self)
            effects += evaluator.tasks(self)
            effects += evaluator.gradeChanges(self)
            effects += evaluator.periodNotices(self)
            effects += evaluator.escalations(self)
        }
        effects += evaluator.allocations(self)
        return result(of: evaluator, plan, effects)
    }

    private func result(of evaluator: Evaluator, _ plan: Plan, _ effects: [Effect]) -> Evaluation {
        let inputs = evaluator.inputs
        var figures: [FigureValue] = []
        figures.reserveCapacity(plan.own.count)
        for slot in plan.own.sorted() {
            let figure = storage.figure(slot)
            if case .parameter = figure.work { continue }
            figures.append(FigureValue(name: figure.name, value: evaluator.frame[slot], unit: figure.unit))
        }
        let isBase = inputs.period.kind == basePeriod
        let trace = evaluator.tracing ? trace(inputs.subject, inputs.period, inputs.cut, evaluator.nodes) : nil
        return Evaluation(
            period: inputs.period, applies: true, figures: figures,
            score: isBase ? storage.scoreSlot.flatMap { evaluator.frame[$0].asNumber } : nil,
            grade: storage.ladderSlots.first.flatMap { evaluator.frame[$0].asString }, effects: effects,
            gaps: evaluator.gaps, trace: trace)
    }

    func trace(_ subject: Subject, _ period: Period, _ cut: String, _ nodes: [TraceNode]) -> Trace {
        Trace(
            scheme: id, version: version, subject: subject.description, period: period.description, cut: cut,
            nodes: nodes)
    }
}

extension Evaluator {
    func periodFindings(_ scheme: Scheme) -> [Effect] {
        let period = inputs.period
        return storage.periodFindings.compactMap { rule in
            guard rule.every.contains(period.kind), rule.head.state != .shadow,
                rule.when?.evaluate(frame).asBoolean == true
            else { return nil }
            let amount = rule.head.state == .unpaid ? nil : rule.amount?.evaluate(frame).asNumber
            // The amount is part of the name: a revision that changes it withdraws one finding and raises another.
            let finding = Finding(
                id: DeterministicID.make(
                    "finding", scheme.id, rule.head.name, inputs.subject.description, period.description,
                    amount?.text ?? ""),
                subject: inputs.subject, element: rule.head.name, rule: rule.head.clause.rule,
                clause: rule.head.clause.text, date: period.last,
                period: Period(scheme.basePeriod, containing: period.last),
                amount: amount.flatMap { Money(exact: $0, scheme.currency) }, fund: rule.fund, fact: nil,
                text: rule.head.title)
            return .finding(waived(finding) { _ in nil })
        }
    }

    func tasks(_ scheme: Scheme) -> [Effect] {
        var effects: [Effect] = []
        for rule in storage.tasks where rule.head.state != .shadow {
            guard case .period(let kinds, let when, let times) = rule.trigger, kinds.contains(inputs.period.kind),
                let step = rule.steps.first
            else { continue }
            if let when, when.evaluate(frame).asBoolean != true { continue }
            var instances = [inputs.period.description]
            if let times {
                let count = times.evaluate(frame).asNumber?.int64(rounding: .floor) ?? 0
                instances = count > 0 ? (1...min(count, 1000)).map { "\(anchor)#\($0)" } : []
            }
            for instance in instances { effects.append(.task(task(rule, step, instance, scheme))) }
        }
        return effects
    }

    /// The start of the appointment, so that counts begin again with a new one.
    private var anchor: String {
        if case .text(let text)? = inputs.profile["appointed"] { text } else { "" }
    }

    private func task(_ rule: TaskRule, _ step: TaskStep, _ instance: String, _ scheme: Scheme) -> TaskRequest {
        TaskRequest(
            id: DeterministicID.make(
                "task", scheme.id, rule.head.name, inputs.subject.description, instance, "0"),
            subject: inputs.subject, rule: rule.head.clause.rule, clause: rule.head.clause.text, task: rule.head.name,
            step: 0, role: step.role, unit: unit, dueAt: step.within.moment(after: inputs.period.last, inputs.calendar),
            options: step.options.map(\.name), text: rule.head.title, fact: nil,
            context: context(rule, instance))
    }

    private func context(_ rule: TaskRule, _ instance: String) -> [String: String] {
        var context = ["period": inputs.period.description, "instance": instance]
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

    /// Tasks that nobody answered in time go to the next higher role.
    func escalations(_ scheme: Scheme) -> [Effect] {
        let end = Timestamp(startOf: inputs.period.last.adding(days: 1))
        var effects: [Effect] = []
        for open in inputs.openTasks.sorted(by: { $0.id < $1.id }) where open.dueAt < end {
            if let settled = settledVotes(open, scheme) {
                effects += settled
                continue
            }
            guard let rule = storage.tasks.first(where: { $0.head.name == open.task }), open.step < rule.steps.count,
                let role = rule.steps[open.step].escalatesTo, open.role != role
            else { continue }
            let due = rule.steps[open.step].within.moment(after: open.dueAt.date(), inputs.calendar)
            var context = open.context
            context["escalates"] = open.id.description
            effects.append(
                .task(
                    TaskRequest(
                        id: DeterministicID.make("task-escalation", open.id.description), subject: open.subject,
                        rule: open.rule, clause: open.clause, task: open.task, step: open.step, role: role,
                        unit: open.unit, dueAt: due, options: open.options, text: open.text, fact: open.fact,
                        context: context)))
        }
        return effects
    }

    mutating func gradeChanges(_ scheme: Scheme) -> [Effect] {
        var effects: [Effect] = []
        for rule in storage.gradings where rule.every.contains(inputs.period.kind) && rule.head.state != .shadow {
            guard rule.quotas.isEmpty else { continue }
            guard case .ladder(let ladder) = storage.figure(rule.ladderSlot).work,
                let grade = rule.target(ladder, frame)
            else { continue }
            let current = frame[rule.ladderSlot].asString
            guard grade != current else { continue }
            effects += change(rule, ladder, from: current, to: grade, scheme)
        }
        return effects
    }

    func change(
        _ rule: GradingRule, _ ladder: LadderPlan, from current: String?, to grade: String, _ scheme: Scheme
    ) -> [Effect] {
        let period = inputs.period
        let parts = [scheme.id, rule.head.name, inputs.subject.description, period.description, grade]
        let task = rule.approver == nil ? nil : DeterministicID.make("task", parts + ["0"])
        let change = GradeChange(
            id: DeterministicID.make("grade", parts), subject: inputs.subject, ladder: ladder.name, from: current,
            to: grade, effectiveFrom: period.next.first, decided: rule.approver == nil, rule: rule.head.clause.rule,
            clause: rule.head.clause.text, reason: rule.head.title, task: task)
        guard let approver = rule.approver, let task else { return [.grade(change)] }
        let request = TaskRequest(
            id: task, subject: inputs.subject, rule: rule.head.clause.rule, clause: rule.head.clause.text,
            task: rule.head.name, step: 0, role: approver, unit: unit,
            dueAt: rule.within.moment(after: period.last, inputs.calendar), options: ["approve", "refuse"],
            text: rule.head.title, fact: nil,
            context: ["period": period.description, "ladder": ladder.name, "to": grade])
        return [.grade(change), .task(request)]
    }

    func periodNotices(_ scheme: Scheme) -> [Effect] {
        storage.notices.compactMap { plan in
            guard case .period(inputs.period.kind) = plan.notice.trigger, plan.state != .shadow else { return nil }
            if let condition = plan.condition, condition.evaluate(frame).asBoolean != true { return nil }
            var values = ["manager": inputs.subject.id, "period": inputs.period.description]
            for slot in plan.figures where !frame[slot].isNull { values[storage.names.all[slot]] = frame[slot].text }
            let rule = plan.notice
            let day = inputs.period.last.adding(days: 1)
            return .notice(
                NoticeRequest(
                    id: DeterministicID.make(
                        "notice", scheme.id, rule.name, inputs.subject.description, inputs.period.description),
                    subject: inputs.subject, notice: rule.name, rule: rule.rule, clause: rule.clause,
                    audience: rule.audience, channels: rule.channels, values: values, rows: [],
                    dueAt: Timestamp(startOf: day).adding(seconds: plan.by.seconds)))
        }
    }
}
