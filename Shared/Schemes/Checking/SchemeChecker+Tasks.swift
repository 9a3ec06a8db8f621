import Domain
import FEEL

extension SchemeChecker {
    /// Nobody may decide on a promotion alone and for himself.
    func checkApprovers() {
        for rule in storage.tasks {
            // What somebody else has decided before, the manager may accept.
            for step in rule.steps.prefix(while: { $0.role == "manager" }) {
                for option in step.options where option.outcome.promotes {
                    faults.report(
                        .noApprover, at: rule.head.place,
                        "`\(rule.head.name)` promotes by the manager's own answer `\(option.name)`",
                        "let it lead to `next` and add a step for whoever approves")
                }
            }
        }
        for rule in storage.gradings where rule.approver == nil {
            faults.report(
                .noApprover, at: rule.head.place, "`\(rule.head.name)` changes grades without anybody's approval",
                "add `approver: <role>` unless the regulation really lets the figures decide", severity: .warning)
        }
    }

    /// Every option has to lead somewhere, and every step has to be reached.
    func checkOptions() {
        for rule in storage.tasks {
            check(rule.steps, rule.head)
            let types = storage.factTasks.filter { $0.value.contains { $0.head.place == rule.head.place } }.keys
            for step in rule.steps {
                for option in step.options { check(option, rule.head, Array(types)) }
            }
        }
        for rule in storage.allocations { check(rule.steps, rule.head) }
    }

    private func check(_ steps: [TaskStep], _ head: RuleHead) {
        for (number, step) in steps.enumerated() {
            let leadsOn = step.options.filter { $0.outcome == .next }
            if number == steps.count - 1 {
                for option in leadsOn {
                    faults.report(
                        .wrongForm, at: head.place,
                        "the last step of `\(head.name)` leads by `\(option.name)` to a next step",
                        "add the step or end there")
                }
            } else if leadsOn.isEmpty {
                faults.report(
                    .leadsNowhere, at: head.place,
                    "no answer of step \(number + 1) of `\(head.name)` leads to step \(number + 2)",
                    "let one of its options be `next`, or remove the steps after it")
                return
            }
        }
    }

    private func check(_ option: (name: String, outcome: TaskOutcome), _ head: RuleHead, _ types: [String]) {
        let place = "the answer `\(option.name)` to `\(head.name)`"
        switch option.outcome {
        case .move(let ladder, let steps):
            guard let plan = ladderPlan(ladder, head, place) else { return }
            if steps == 0 || steps.magnitude >= plan.grades.count {
                faults.report(
                    .leadsNowhere, at: head.place,
                    "\(place) moves \(steps) grades on `\(ladder)`, which has \(plan.grades.count)",
                    "move by one grade, such as `move: 1`")
            }
        case .grade(let ladder, let attribute):
            guard let plan = ladderPlan(ladder, head, place) else { return }
            let shapes = types.sorted().flatMap { storage.header.facts[$0]?.attributes ?? [] }
            guard let shape = shapes.first(where: { $0.name == attribute }) else {
                return faults.report(
                    .leadsNowhere, at: head.place,
                    "\(place) gives the grade in `\(attribute)`, which no fact of it has",
                    "name an attribute of the fact that sets the task off")
            }
            guard case .choice(let words) = shape.form else { return }
            for word in words where !plan.grades.contains(word) {
                faults.report(
                    .unknownChoice, at: head.place, "`\(attribute)` may be “\(word)”, which is no grade of `\(ladder)`",
                    "use one of \(plan.grades.joined(separator: ", "))")
            }
        case .next, .end, .status, .charge, .waive: break
        }
    }

    private func ladderPlan(_ name: String, _ head: RuleHead, _ place: String) -> LadderPlan? {
        if let slot = storage.names.slot(of: name), case .ladder(let plan) = storage.figure(slot).work { return plan }
        faults.report(
            .wrongKind, at: head.place, "\(place) changes the grade on `\(name)`, which is not a ladder",
            "name a ladder")
        return nil
    }

    /// A duty without a time by which it is late cannot be judged.
    func checkDeadlines() {
        for rule in storage.obligations {
            let written = storage.elements.first { $0.kind == "obligation" && $0.name == rule.head.name }
            guard let written, written.values["deadline"] == nil else { continue }
            faults.report(
                .noDeadline, at: rule.head.place, "`\(rule.head.name)` has no deadline",
                "add one, such as `deadline: { after: 0 days, at: \"24:00\" }` for the end of the last day")
        }
    }

    /// A parameter whose first value begins after the scheme.
    func checkParameters() {
        for slot in storage.parameterSlots {
            let figure = storage.figure(slot)
            guard case .parameter(let values) = figure.work,
                values.value(on: storage.header.effectiveFrom).isNull, let first = values.first
            else { continue }
            faults.report(
                .noValue, at: figure.place,
                "`\(figure.name)` has no value from \(storage.header.effectiveFrom) until \(first.from)",
                "add a value from the day on which the scheme takes effect")
        }
    }
}

extension TaskOutcome {
    fileprivate var promotes: Bool {
        switch self {
        case .move(_, let steps): steps > 0
        case .grade: true
        case .next, .end, .status, .charge, .waive: false
        }
    }
}
