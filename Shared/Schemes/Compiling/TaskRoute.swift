import Domain
import FEEL

/// A formula of a step: about the fact that sets a task off, or about the figures of a period.
enum StepFormula: Sendable {
    case fact(FactFormula)
    case figures(Formula)

    func value(_ fact: Fact, _ parameters: [Value]) -> Value {
        if case .fact(let formula) = self { formula.evaluate(fact, parameters: parameters) } else { .null }
    }

    func value(_ frame: [Value]) -> Value {
        if case .figures(let formula) = self { formula.evaluate(frame) } else { .null }
    }

    var reads: [Int] { if case .figures(let formula) = self { formula.reads } else { [] } }
}

/// The steps that a task really takes, and who is asked in each.
struct TaskRoute {
    struct Place {
        let step: Int
        let role: String
    }

    let places: [Place]
    /// All steps with their own roles, as they are written.
    let isPlain: Bool

    /// What an answer needs to know again.
    var context: [String: String] {
        isPlain ? [:] : ["route": places.map { "\($0.step)=\($0.role)" }.joined(separator: ";")]
    }

    init(places: [Place], isPlain: Bool) {
        self.places = places
        self.isPlain = isPlain
    }

    /// The route of an open task; `nil` when it takes all steps.
    init?(_ context: [String: String]) {
        guard let text = context["route"] else { return nil }
        let places = text.split(separator: ";").compactMap { part -> Place? in
            let words = part.split(separator: "=", maxSplits: 1)
            guard words.count == 2, let step = Int(words[0]) else { return nil }
            return Place(step: step, role: String(words[1]))
        }
        self.init(places: places, isPlain: false)
    }
}

extension TaskRule {
    /// The steps that are needed; `nil` when none is, or nobody can be named.
    func route(_ value: (StepFormula) -> Value) -> TaskRoute? {
        let isPlain = steps.allSatisfy { $0.when == nil && $0.roleFrom == nil }
        let places = steps.indices.compactMap { index -> TaskRoute.Place? in
            let step = steps[index]
            if let when = step.when, value(when).asBoolean != true { return nil }
            let role = step.roleFrom.map { value($0).asString } ?? step.role
            return role.map { TaskRoute.Place(step: index, role: $0) }
        }
        return places.isEmpty ? nil : TaskRoute(places: places, isPlain: isPlain)
    }
}

extension SchemeCompiler {
    /// `when` and `role from` of a step, about the fact that sets the task off or the figures of the period.
    func stepFormula(_ fields: Fields, _ key: String, _ shapes: [FactShape]?) -> StepFormula? {
        guard fields.has(key) else { return nil }
        if let shapes { return factFormula(fields, key, shapes, parameters: true).map(StepFormula.fact) }
        return formula(fields, key).map(StepFormula.figures)
    }
}
