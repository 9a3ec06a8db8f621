import Domain
import FEEL

extension SchemeCompiler {
    func compileLiability(_ head: ElementHead) {
        let triggers = triggerTypes(head)
        let persons = head.fields.has("persons") ? head.fields.text("persons") : nil
        let shapes = triggers + (persons.map { self.shapes([$0]) } ?? [])
        guard let amount = factFormula(head.fields, "amount", shapes, parameters: true) else {
            if !head.fields.has("amount") {
                faults.report(.missing, at: head.fields.place, "nothing is shared out", "add `amount: <formula>`")
            }
            return
        }
        let bands = head.fields.list("bands").compactMap { band($0, shapes) }
        if bands.isEmpty {
            faults.report(.missing, at: head.fields.place, "nobody is liable", "add `bands:` with `shares:`")
        }
        var approval: TaskRule?
        if head.fields.has("steps") {
            let task = TaskRule(head: ruleHead(head), trigger: .fact(nil), steps: steps(head.fields))
            storage.tasks.append(task)
            approval = task
        }
        let rule = LiabilityRule(
            head: ruleHead(head), when: factFormula(head.fields, "when", shapes, parameters: true), amount: amount,
            bands: bands, fund: head.fields.text("fund")?.text, persons: persons?.text,
            approval: approval)
        if persons != nil {
            storage.lifelong += triggers.map { ($0.type, rule) }
            return
        }
        for shape in triggers { storage.liabilities[shape.type, default: []].append(rule) }
    }

    private func band(_ fields: Fields, _ shapes: [FactShape]) -> LiabilityRule.Band? {
        defer { fields.finish() }
        let when = factFormula(fields, "when", shapes, parameters: true)
        guard let residual = fields.required("residual"), let list = fields.fields("shares") else { return nil }
        let known = shapes.flatMap(\.attributes).map(\.name)
        var shares: [(holder: String, share: FactFormula)] = []
        for key in list.keys {
            if !known.contains(key.text) {
                faults.report(
                    .unknownName, at: key.place, "the fact has no attribute `\(key.text)` that names a person",
                    nearest(key.text, in: known))
            }
            if let share = factFormula(list, key.text, shapes, parameters: true) { shares.append((key.text, share)) }
        }
        checkShares(shares.map(\.share), fields.place)
        return LiabilityRule.Band(when: when, shares: shares, residual: residual.text)
    }

    /// Fixed shares have to make up the whole; the residual is for cents and missing persons, not for what was forgotten.
    private func checkShares(_ shares: [FactFormula], _ place: Place) {
        let known = shares.compactMap { share in
            share.formula.evaluate([Value](repeating: .null, count: share.scope.names.count)).asNumber
        }
        let total = known.reduce(.zero, +)
        guard known.count == shares.count, total != .one else { return }
        faults.report(
            .weights, at: place, "the shares add up to \((total * 100).text) %, not to 100 %", "say who bears the rest")
    }
}
