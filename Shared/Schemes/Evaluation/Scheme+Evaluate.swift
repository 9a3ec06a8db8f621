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
            effects += evaluator.reminders(self)
            effects += evaluator.lifelongLiabilities(self)
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
        for (shape, slot) in storage.profileSlots where storage.publishedSlots.contains(slot) {
            figures.append(FigureValue(name: shape.name, value: evaluator.frame[slot], unit: "profile"))
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

    func periodNotices(_ scheme: Scheme, afterComparison: Bool = false) -> [Effect] {
        storage.notices.compactMap { plan in
            guard plan.reminder == nil, storage.followsComparison(plan) == afterComparison,
                case .period(inputs.period.kind) = plan.notice.trigger, plan.state != .shadow
            else { return nil }
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
