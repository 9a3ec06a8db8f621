import Domain
import FEEL

extension SchemeChecker {
    /// Conditions that can never or always hold.
    func checkConditions() {
        for rule in units.once(storage.findings, \.head) { check(rule.when, rule.head.name) }
        for rule in units.once(storage.closeFindings, \.head) { check(rule.when, rule.head.name) }
        for waiver in storage.waivers { check(waiver.when, waiver.head.name) }
        for rule in units.once(storage.statuses, \.head) { check(rule.when, rule.head.name) }
        for rule in units.once(storage.liabilities, \.head) {
            check(rule.when, rule.head.name)
            for band in rule.bands { check(band.when, rule.head.name) }
            checkBands(rule)
        }
        for rule in storage.tasks {
            switch rule.trigger {
            case .fact(let when): check(when, rule.head.name)
            case .period(_, let when, _): check(when, rule.head.name)
            }
        }
        for plan in storage.notices {
            check(plan.when, plan.notice.name)
            check(plan.condition, plan.notice.name)
        }
        for rule in storage.obligations {
            check(rule.filter, rule.head.name)
            check(rule.waived, rule.head.name)
        }
        for rule in storage.periodFindings { check(rule.when, rule.head.name) }
        for rule in storage.exclusions { check(rule.when, rule.head.name) }
        if let covers = storage.covers { check(covers, "covers") }
        for figure in storage.figures {
            switch figure.work {
            case .measure(let plan): check(plan.series.filter, figure.name)
            case .formula(let formula) where figure.unit == "yes or no": check(formula, figure.name)
            default: break
            }
        }
    }

    private func check(_ condition: FactFormula?, _ name: String) {
        guard let condition else { return }
        judge(condition.formula, name, FactTrial(checker: self, scope: condition.scope, formulas: [condition.formula]))
    }

    private func check(_ condition: Formula?, _ name: String) {
        guard let condition else { return }
        judge(condition, name, PeriodTrial(checker: self, formula: condition))
    }

    private func judge(_ condition: Formula, _ name: String, _ trial: some Trial) {
        var holds = false
        var fails = false
        for day in storage.changeDays {
            let decided = trial.run(on: day) { frame, _ in
                if condition.evaluate(frame).asBoolean == true { holds = true } else { fails = true }
                return !(holds && fails)
            }
            guard decided else { return }
        }
        if !holds {
            faults.report(
                .neverHolds, at: condition.place, "the condition of `\(name)` can never hold",
                "correct `\(condition.text)`")
        } else if !fails {
            faults.report(
                .neverHolds, at: condition.place, "the condition of `\(name)` always holds",
                "leave it out or correct it", severity: .warning)
        }
    }

    /// Somebody has to be liable in every case in which something is shared out.
    private func checkBands(_ rule: LiabilityRule) {
        let conditions = rule.bands.compactMap(\.when)
        guard conditions.count == rule.bands.count, let scope = conditions.first?.scope else { return }
        let formulas = conditions.map(\.formula) + [rule.when?.formula].compactMap { $0 }
        var example: String?
        for day in storage.changeDays {
            _ = FactTrial(checker: self, scope: scope, formulas: formulas).run(on: day) { frame, names in
                if let when = rule.when, when.formula.evaluate(frame).asBoolean != true { return true }
                if conditions.contains(where: { $0.formula.evaluate(frame).asBoolean == true }) { return true }
                example = names.map { "\($0.name) = \($0.value.rendered)" }.joined(separator: ", ")
                return false
            }
        }
        guard let example else { return }
        faults.report(
            .gap, at: rule.head.place, "no band of `\(rule.head.name)` applies to \(example)",
            "add a band, or leave `when` out of the last one")
    }
}

/// Tries a condition with one value from every region of each name it reads.
protocol Trial {
    /// - Returns: whether all regions could be tried.
    func run(on day: CalendarDate, _ body: ([Value], [(name: String, value: Value)]) -> Bool) -> Bool
}

/// A condition on one fact.
struct FactTrial: Trial {
    let checker: SchemeChecker
    let scope: FactScope
    let formulas: [Formula]

    func run(on day: CalendarDate, _ body: ([Value], [(name: String, value: Value)]) -> Bool) -> Bool {
        let storage = checker.storage
        let parameters = storage.parameters(on: day)
        var frame = [Value](repeating: .null, count: scope.names.count)
        var landmarks = Landmarks()
        for formula in formulas {
            landmarks.add(formula.form)
            guard formula.form.isSimple(reading: { scope.isFixed($0) }) else { return false }
        }
        let reads = Set(formulas.flatMap(\.reads)).sorted()
        var varying: [Int] = []
        for slot in reads {
            if slot >= scope.figureStart { return false }
            if slot >= scope.parameterStart {
                frame[slot] = parameters[slot - scope.parameterStart]
                landmarks.add(frame[slot])
                if checker.mayBecomeAnything(storage.parameterSlots[slot - scope.parameterStart]) {
                    varying.append(slot)
                }
            } else {
                varying.append(slot)
            }
        }
        var lists: [[Value]] = []
        for slot in varying {
            guard let values = checker.values(checker.units.sort(of: slot, in: scope), landmarks) else { return false }
            lists.append(values + [.null])
        }
        // Nothing varies: the condition asks parameters only, which may change tomorrow.
        guard !varying.isEmpty else { return false }
        return Samples.combinations(lists) { values in
            for (slot, value) in zip(varying, values) { frame[slot] = value }
            return body(frame, zip(varying, values).map { (scope.names.all[$0], $1) })
        }
    }
}

/// A condition on the figures of a period.
struct PeriodTrial: Trial {
    let checker: SchemeChecker
    let formula: Formula

    func run(on day: CalendarDate, _ body: ([Value], [(name: String, value: Value)]) -> Bool) -> Bool {
        let storage = checker.storage
        let parameters = Set(storage.parameterSlots)
        var frame = checker.frame(on: day)
        let isFixed = { (name: String) in storage.names.slot(of: name).map(parameters.contains) ?? false }
        guard formula.form.isSimple(reading: isFixed) else { return false }
        var landmarks = Landmarks()
        landmarks.add(formula.form)
        for slot in formula.reads where parameters.contains(slot) { landmarks.add(frame[slot]) }
        let varying = formula.reads.filter { !parameters.contains($0) || checker.mayBecomeAnything($0) }
        guard !varying.isEmpty else { return false }
        // What one figure can be divides the world for another that is compared with it.
        for slot in varying { landmarks.numbers += checker.finiteNumbers(storage.figure(slot), day) ?? [] }
        var lists: [[Value]] = []
        for slot in varying {
            guard let values = checker.values(of: slot, landmarks, on: day) else { return false }
            lists.append(values + [.null])
        }
        return Samples.combinations(lists) { values in
            for (slot, value) in zip(varying, values) { frame[slot] = value }
            return body(frame, zip(varying, values).map { (storage.names.all[$0], $1) })
        }
    }
}

extension SchemeChecker {
    /// A mode of operation that is a word or a yes today may be another tomorrow; a number is taken as it stands.
    fileprivate func mayBecomeAnything(_ parameter: Int) -> Bool {
        switch units.sort(of: parameter) {
        case .text, .flag: true
        default: false
        }
    }
}

extension FactScope {
    /// Whether a name is one of the scheme's parameters.
    func isFixed(_ name: String) -> Bool { names.slot(of: name).map { $0 >= parameterStart } ?? false }
}

extension ExpressionForm {
    /// Whether the condition only compares single names with values, so that trying each region decides it.
    func isSimple(reading isFixed: (String) -> Bool) -> Bool {
        switch shape {
        case .and(let parts), .or(let parts): parts.allSatisfy { $0.isSimple(reading: isFixed) }
        case .call("not", let arguments): arguments.allSatisfy { $0.isSimple(reading: isFixed) }
        case .name: true
        case .comparison(_, let left, let right):
            left.isOperand(isFixed) && right.isOperand(isFixed)
                || left.isSimple(reading: isFixed) && right.isOperand(isFixed) && left.isCondition
        case .between(let value, let low, let high): [value, low, high].allSatisfy { $0.isOperand(isFixed) }
        case .membership(let value, let tests):
            value.isOperand(isFixed) && tests.allSatisfy { $0.isSimple(isFixed) }
        default: isOperand(isFixed)
        }
    }

    private var isCondition: Bool {
        switch shape {
        case .and, .or, .call("not", _), .comparison, .membership, .between: true
        default: false
        }
    }

    /// A single name, or a value that no fact and no figure changes.
    fileprivate func isOperand(_ isFixed: (String) -> Bool) -> Bool {
        if case .name = shape { true } else { isConstant(isFixed) }
    }

    private func isConstant(_ isFixed: (String) -> Bool) -> Bool {
        switch shape {
        case .literal: true
        case .name(let name): isFixed(name)
        case .quantified, .loop, .filter, .other, .membership: false
        default: parts.allSatisfy { $0.isConstant(isFixed) }
        }
    }
}

extension ExpressionForm.Test {
    fileprivate func isSimple(_ isFixed: (String) -> Bool) -> Bool {
        switch self {
        case .any: true
        case .compare(_, let form): form.isOperand(isFixed)
        case .value(let form):
            form.isOperand(isFixed) || form.parts.allSatisfy { $0.isOperand(isFixed) }
        case .not(let tests): tests.allSatisfy { $0.isSimple(isFixed) }
        case .condition: false
        }
    }
}
