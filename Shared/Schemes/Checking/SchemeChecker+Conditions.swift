import Domain
import FEEL

extension SchemeChecker {
    /// Conditions on facts that can never or always hold, and words that an attribute can never have.
    func checkConditions() {
        for (_, rules) in storage.findings.sorted(by: { $0.key < $1.key }) {
            for rule in rules { check(rule.when, rule.head) }
        }
        for (_, rules) in storage.statuses.sorted(by: { $0.key < $1.key }) {
            for rule in rules { check(rule.when, rule.head) }
        }
        for rule in storage.tasks {
            if case .fact(let when) = rule.trigger { check(when, rule.head) }
        }
        for rule in storage.obligations { check(rule.filter, rule.head) }
        for figure in storage.figures {
            guard case .measure(let plan) = figure.work else { continue }
            let head = RuleHead(
                name: figure.name, title: figure.title, clause: figure.clause, state: figure.state, place: figure.place)
            check(plan.series.filter, head)
        }
    }

    private func check(_ condition: FactFormula?, _ head: RuleHead) {
        guard let condition else { return }
        let scope = condition.scope
        let literals = Samples.literals(in: condition.formula.text)
        checkWords(condition, literals.texts, head)
        let parameters = storage.parameters(on: storage.header.effectiveFrom)
        var frame = [Value](repeating: .null, count: scope.names.count)
        var lists: [[Value]] = []
        var varying: [Int] = []
        for slot in condition.formula.reads {
            if slot >= scope.parameterStart {
                frame[slot] = parameters[slot - scope.parameterStart]
            } else if let values = values(scope, slot, literals, parameters) {
                varying.append(slot)
                lists.append(values)
            } else {
                return
            }
        }
        var holds = false
        var fails = false
        let decided = Samples.combinations(lists) { values in
            for (slot, value) in zip(varying, values) { frame[slot] = value }
            if condition.formula.evaluate(frame).asBoolean == true { holds = true } else { fails = true }
        }
        guard decided else { return }
        if !holds {
            faults.report(
                .neverHolds, at: condition.formula.place, "the condition of `\(head.name)` can never hold",
                "correct `\(condition.formula.text)`")
        } else if !fails {
            faults.report(
                .neverHolds, at: condition.formula.place, "the condition of `\(head.name)` always holds",
                "leave it out or correct it", severity: .warning)
        }
    }

    /// Every text in a condition must be a word that one of its attributes may have.
    private func checkWords(_ condition: FactFormula, _ texts: [String], _ head: RuleHead) {
        var words: [String] = []
        for slot in condition.formula.reads where slot < condition.scope.parameterStart {
            guard slot >= FactScope.ownNames.count else {
                if ["type", "customer"].contains(condition.scope.names.all[slot]) { return }
                continue
            }
            switch condition.scope.attributes[slot - FactScope.ownNames.count].form {
            case .choice(let choices): words += choices
            case .text, .date, .moment: return
            case .number, .flag: break
            }
        }
        for text in texts where !words.contains(text) {
            faults.report(
                .unknownChoice, at: condition.formula.place,
                "`\(head.name)` asks for “\(text)”, which no attribute of the fact can be",
                "use one of \(words.joined(separator: ", "))")
        }
    }

    /// The values to try for a name of a fact; `nil` when they cannot be listed.
    private func values(
        _ scope: FactScope, _ slot: Int, _ literals: (numbers: [Decimal128], texts: [String]), _ parameters: [Value]
    ) -> [Value]? {
        let boundaries = literals.numbers + parameters.compactMap(\.asNumber)
        if slot < FactScope.ownNames.count {
            return scope.names.all[slot] == "amount" ? Samples.around(boundaries) + [.null] : nil
        }
        switch scope.attributes[slot - FactScope.ownNames.count].form {
        case .choice(let words): return words.map(Value.string) + [.null]
        case .flag: return [true, false, .null]
        case .number: return Samples.around(boundaries) + [.null]
        case .text: return literals.texts.map(Value.string) + ["…", .null]
        case .date, .moment: return nil
        }
    }
}
