import Domain
import FEEL

/// A recorded exception to rules that hold "in principle".
struct WaiverRule: Sendable {
    let head: RuleHead
    let factTypes: Set<String>
    let when: FactFormula?
    /// The names of the findings and obligations from which nothing follows under the waiver.
    let of: [String]
    /// The attributes that say who grants it, why, from when and until when.
    let approver: String
    let reason: String
    let from: String?
    let until: String
    /// What has to be the same in the waiver's fact and in what it waives.
    let same: [String]
    /// Who has to grant what the fact only asks for; `nil` when the fact itself grants it.
    let approval: TaskRule?
}

extension SchemeCompiler {
    func compileWaiver(_ head: ElementHead) {
        let fields = head.fields
        let shapes = triggerTypes(head)
        let hasSteps = fields.has("steps")
        let when = factFormula(fields, "when", shapes, parameters: true)
        let approver = hasSteps ? "" : attribute(fields, "approver", shapes)
        var approval: TaskRule?
        if hasSteps {
            let task = TaskRule(head: ruleHead(head), trigger: .fact(when), steps: steps(fields))
            for shape in shapes { storage.factTasks[shape.type, default: []].append(task) }
            storage.tasks.append(task)
            approval = task
        }
        if let approval, !approval.steps.contains(where: { $0.options.contains { $0.outcome == .waive } }) {
            faults.report(
                .wrongForm, at: head.name.place, "no step of `\(head.name.text)` grants it",
                "let an option of a step lead to `waive`")
        }
        for step in approval?.steps ?? [] {
            guard let option = step.options.first(where: { $0.name == step.silence }) else { continue }
            guard option.outcome == .waive || option.outcome == .next else { continue }
            faults.report(
                .wrongForm, at: head.name.place, "`\(head.name.text)` would be granted by silence",
                "somebody has to allow it: let `silence` be an option that ends")
        }
        let known = Set(shapes.flatMap(\.attributes).map(\.name))
        let same = fields.texts("same")
        for name in same where name.text != "customer" && !known.contains(name.text) {
            faults.report(
                .unknownName, at: name.place, "the waiver's facts have no attribute `\(name.text)`",
                nearest(name.text, in: known.sorted() + ["customer"]))
        }
        storage.waivers.append(
            WaiverRule(
                head: ruleHead(head), factTypes: Set(shapes.map(\.type)),
                when: when, of: waived(fields), approver: approver, reason: attribute(fields, "reason", shapes),
                from: known.contains("from") ? "from" : nil, until: attribute(fields, "until", shapes),
                same: same.map(\.text), approval: approval))
        define(head, .waiver(storage.waivers.count - 1), reads: [], unit: "yes or no")
    }

    /// The attribute that says something about a waiver; the facts have to have it, or it could never be known.
    private func attribute(_ fields: Fields, _ key: String, _ shapes: [FactShape]) -> String {
        let name = fields.has(key) ? fields.text(key)?.text ?? key : key
        for shape in shapes where !shape.attributes.contains(where: { $0.name == name }) {
            faults.report(
                .unknownName, at: fields.place(of: key), "`\(shape.type)` has no attribute `\(name)`",
                "a waiver needs its approver, its reason and the day on which it ends; name them")
        }
        return name
    }

    private func waived(_ fields: Fields) -> [String] {
        let rules = heads.filter { $0.kind == .finding || $0.kind == .obligation }.map(\.name.text)
        return fields.texts("of").map { name in
            if !rules.contains(name.text) {
                faults.report(
                    .unknownName, at: name.place, "there is no finding or obligation `\(name.text)`",
                    nearest(name.text, in: rules))
            }
            return name.text
        }
    }

    /// Findings on single facts that may be waived are judged at the close.
    func deferWaivedFindings() {
        let names = Set(storage.waivers.flatMap(\.of))
        for (type, rules) in storage.findings {
            let deferred = rules.filter { names.contains($0.head.name) }
            guard !deferred.isEmpty else { continue }
            storage.closeFindings[type, default: []] += deferred
            let others = rules.filter { !names.contains($0.head.name) }
            storage.findings[type] = others.isEmpty ? nil : others
        }
    }
}
