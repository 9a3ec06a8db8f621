import Domain
import FEEL

extension SchemeCompiler {
    func compileRules() {
        for head in heads {
            switch head.kind {
            case .finding: compileFinding(head)
            case .liability: compileLiability(head)
            case .status: compileStatus(head)
            case .task: compileTask(head)
            case .notice: compileNotice(head)
            case .obligation: compileObligation(head)
            case .grading: compileGrading(head)
            case .allocation: compileAllocation(head)
            case .pay: compilePay(head)
            case .constraint: compileConstraint(head)
            case .waiver: compileWaiver(head)
            case .reserve: compileReserve(head)
            case .exclusion: compileExclusion(head)
            default: break
            }
        }
        deferWaivedFindings()
    }

    func triggerTypes(_ head: ElementHead) -> [FactShape] {
        let types = head.fields.texts("on")
        if types.isEmpty {
            faults.report(.missing, at: head.fields.place, "nothing sets this off", "add `on: <fact type>`")
        }
        return shapes(types)
    }

    private func compileFinding(_ head: ElementHead) {
        guard head.fields.has("on") else { return compilePeriodFinding(head) }
        let shapes = triggerTypes(head)
        let isJudged = isJudgedAtClose(head)
        let rule = FindingRule(
            head: ruleHead(head), when: factFormula(head.fields, "when", shapes, parameters: true, figures: isJudged),
            amount: factFormula(head.fields, "amount", shapes, parameters: true, figures: isJudged),
            fund: head.fields.text("fund")?.text)
        for shape in shapes {
            if isJudged {
                storage.closeFindings[shape.type, default: []].append(rule)
            } else {
                storage.findings[shape.type, default: []].append(rule)
            }
        }
        if isJudged { storage.judgedReads += rule.reads }
    }

    /// A finding on a fact with `every` is judged at the close, when figures such as the grade are known.
    private func isJudgedAtClose(_ head: ElementHead) -> Bool {
        guard !head.every.isEmpty else { return false }
        if head.every != [header.basePeriod] {
            faults.report(
                .unknownChoice, at: head.fields.place(of: "every"),
                "a finding on a fact is judged at the close of a \(header.basePeriod.rawValue)",
                "write `every: \(header.basePeriod.rawValue)`")
        }
        return true
    }

    private func compilePeriodFinding(_ head: ElementHead) {
        let when = formula(head.fields, "when")
        if when == nil {
            faults.report(
                .missing, at: head.fields.place, "nothing sets this off", "add `on: <fact>` or `when: <formula>`")
        }
        storage.periodFindings.append(
            PeriodFindingRule(
                head: ruleHead(head), every: head.every.isEmpty ? [header.basePeriod] : head.every, when: when,
                amount: formula(head.fields, "amount"), fund: head.fields.text("fund")?.text,
                items: items(head.fields)))
    }

    private func compileStatus(_ head: ElementHead) {
        let shapes = triggerTypes(head)
        let rule = StatusRule(
            head: ruleHead(head), when: factFormula(head.fields, "when", shapes, parameters: true))
        for shape in shapes { storage.statuses[shape.type, default: []].append(rule) }
    }

    private func compileTask(_ head: ElementHead) {
        let fields = head.fields
        let shapes = fields.has("on") ? triggerTypes(head) : nil
        let steps = steps(fields, shapes, branches: true)
        let suspendedBy = fields.text("suspended by")
        if let name = suspendedBy, !heads.contains(where: { $0.kind == .task && $0.name.text == name.text }) {
            let tasks = heads.filter { $0.kind == .task }.map(\.name.text)
            faults.report(
                .unknownName, at: name.place, "there is no task `\(name.text)`", nearest(name.text, in: tasks))
        }
        if let shapes {
            let when = factFormula(fields, "when", shapes, parameters: true)
            let rule = TaskRule(
                head: ruleHead(head), trigger: .fact(when), steps: steps, suspendedBy: suspendedBy?.text,
                amount: factFormula(fields, "amount", shapes, parameters: true),
                needsDistinctPeople: needsDistinctPeople(fields))
            for shape in shapes { storage.factTasks[shape.type, default: []].append(rule) }
            storage.tasks.append(rule)
            return
        }
        let every = head.every.isEmpty ? [header.basePeriod] : head.every
        let when = formula(fields, "when")
        let times = formula(fields, "times")
        if when == nil, times == nil {
            faults.report(
                .missing, at: fields.place, "nothing sets this off", "add `on: <fact>`, `when: …` or `times: …`")
        }
        storage.tasks.append(
            TaskRule(
                head: ruleHead(head), trigger: .period(every, when: when, times: times), steps: steps,
                suspendedBy: suspendedBy?.text, figures: fields.texts("figures").compactMap(slot), items: items(fields),
                countsPer: fields.choice("per", Period.Kind.self),
                needsDistinctPeople: needsDistinctPeople(fields)))
    }

    private enum People: String, CaseIterable { case distinct, any }

    private func needsDistinctPeople(_ fields: Fields) -> Bool {
        fields.choice("people", People.self) == .distinct
    }

    /// - Parameters:
    ///   - shapes: of the fact that sets the task off.
    ///   - branches: whether steps may have `when` and `role from`.
    func steps(_ fields: Fields, _ shapes: [FactShape]? = nil, branches: Bool = false) -> [TaskStep] {
        let steps = fields.list("steps").map { step in
            defer { step.finish() }
            let options = options(step)
            let roleFrom = branches ? stepFormula(step, "role from", shapes) : nil
            return TaskStep(
                role: (roleFrom == nil ? step.required("role") : step.text("role"))?.text ?? "",
                when: branches ? stepFormula(step, "when", shapes) : nil, roleFrom: roleFrom, within: within(step),
                options: options, escalatesTo: step.text("escalate")?.text, silence: silence(step, options),
                rollsOver: rollsOver(step),
                panel: panel(step, options: options.map(\.name)))
        }
        if steps.isEmpty {
            faults.report(
                .missing, at: fields.place, "nobody is asked", "add `steps:` with a `role`, `within` and `options`")
        }
        return steps
    }

    private func silence(_ step: Fields, _ options: [(name: String, outcome: TaskOutcome)]) -> String? {
        guard step.has("silence"), let text = step.text("silence") else { return nil }
        if !options.contains(where: { $0.name == text.text }) {
            faults.report(
                .unknownChoice, at: text.place, "`\(text.text)` is none of the step's options",
                nearest(text.text, in: options.map(\.name)))
        }
        return text.text
    }

    private func rollsOver(_ step: Fields) -> Int {
        guard step.has("rolls over"), let text = step.text("rolls over") else { return 0 }
        if let count = Int(text.text), count >= 0 { return count }
        faults.report(
            .wrongForm, at: text.place, "`\(text.text)` is not a number of times", "write for example `rolls over: 1`")
        return 0
    }

    func within(_ fields: Fields) -> Deadline {
        guard let text = fields.text("within") else {
            return Deadline(after: .workingDays(5), at: .closeOfBusiness, rolls: false)
        }
        if let after = Deadline.after(text.text) { return Deadline(after: after, at: .closeOfBusiness, rolls: false) }
        faults.report(
            .wrongForm, at: text.place, "`\(text.text)` is not a time limit", "write for example `3 working days`")
        return Deadline(after: .workingDays(5), at: .closeOfBusiness, rolls: false)
    }

    private func options(_ step: Fields) -> [(name: String, outcome: TaskOutcome)] {
        guard let options = step.fields("options") else { return [("done", .end)] }
        return options.keys.map { key in (key.text, outcome(options, key)) }
    }

    private func outcome(_ options: Fields, _ key: Located) -> TaskOutcome {
        guard options.isMapping(key.text), let fields = options.fields(key.text) else {
            switch options.text(key.text)?.text {
            case "next": return .next
            case "end": return .end
            case "charge": return .charge(fund: nil)
            case "waive": return .waive
            default:
                faults.report(
                    .unknownChoice, at: key.place, "`\(key.text)` leads nowhere",
                    "write `next`, `end`, `charge`, `waive`, `{ status: … }`, `{ ladder: …, move: 1 }` or `{ ladder: …, to: … }`"
                )
                return .end
            }
        }
        defer { fields.finish() }
        if let status = fields.text("status") { return .status(status.text) }
        if let fund = fields.text("charge") { return .charge(fund: fund.text) }
        guard let ladder = fields.required("ladder") else { return .end }
        _ = slot(ladder)
        if let attribute = fields.text("to") {
            return .grade(ladder: Names.normalised(ladder.text), attribute: attribute.text)
        }
        let move = fields.required("move").flatMap { Int($0.text) }
        return .move(ladder: Names.normalised(ladder.text), steps: move ?? 0)
    }

    private func compileGrading(_ head: ElementHead) {
        let fields = head.fields
        guard let ladder = fields.required("ladder").flatMap(slot), let grade = requiredFormula(fields, "grade") else {
            return
        }
        var quotas: [String: Formula] = [:]
        if let places = fields.fields("quotas") {
            for key in places.keys { quotas[key.text] = formula(places, key.text) }
        }
        let order = quotas.isEmpty ? nil : fields.required("order").flatMap(slot)
        storage.gradings.append(
            GradingRule(
                head: ruleHead(head), ladderSlot: ladder, every: head.every.isEmpty ? [header.basePeriod] : head.every,
                grade: grade, approvers: fields.texts("approver").map(\.text), within: within(fields),
                up: count(fields, "up"), down: count(fields, "down"), quotas: quotas, orderSlot: order))
    }

    /// A number of things, from zero.
    func count(_ fields: Fields, _ key: String) -> Int? {
        guard fields.has(key), let text = fields.text(key) else { return nil }
        if let number = Int(text.text), number >= 0 { return number }
        faults.report(.wrongForm, at: text.place, "`\(key)` is not a number", "write for example `\(key): 1`")
        return nil
    }

    private func compileExclusion(_ head: ElementHead) {
        guard let when = requiredFormula(head.fields, "when"), head.state != .shadow else { return }
        storage.exclusions.append(ExclusionRule(head: ruleHead(head), when: when))
    }

    private func compileAllocation(_ head: ElementHead) {
        let fields = head.fields
        let shapes = triggerTypes(head)
        storage.allocations.append(
            AllocationRule(
                head: ruleHead(head), every: head.every.isEmpty ? [.day] : head.every,
                factType: shapes.first?.type ?? "", resource: fields.texts("resource").map(\.text),
                order: fields.required("order")?.text ?? "", holder: fields.required("to")?.text ?? "",
                steps: steps(fields)))
    }

    private func compilePay(_ head: ElementHead) {
        let fields = head.fields
        guard let slot = slots[Names.normalised(head.name.text)] else { return }
        let deducts = fields.has("deducts") && fields.text("deducts")?.text == "findings"
        let formula = deducts ? nil : prorated(fields, "formula", isRequired: true)
        let isDeduction = deducts || fields.choice("kind", PayKind.self) == .deduction
        storage.pay.append(
            PayComponent(
                head: ruleHead(head), slot: slot, formula: formula, deductsFindings: deducts, isDeduction: isDeduction))
        define(head, .given, reads: formula?.reads ?? [], unit: header.currency.code)
    }

    private enum PayKind: String, CaseIterable { case earning, deduction }

    private func compileConstraint(_ head: ElementHead) {
        let fields = head.fields
        guard let that = requiredFormula(fields, "that") else { return }
        var given: [(slot: Int, value: Value)] = []
        if let values = fields.fields("given") {
            for key in values.keys {
                guard let slot = slot(key), let text = values.text(key.text) else { continue }
                given.append((slot, Decimal128(text.text).map(Value.number) ?? .string(text.text)))
            }
        }
        storage.constraints.append(ConstraintRule(head: ruleHead(head), given: given, that: that))
    }
}
