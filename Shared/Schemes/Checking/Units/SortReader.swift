import Domain
import FEEL

/// Finds out what an expression can be and reports what cannot be meant.
struct SortReader {
    /// What a variable is; `nil` for a name that is none.
    let variable: (String) -> Sort?
    let report: (FaultCode, _ what: String, _ remedy: String) -> Void
    private var locals: [(name: String, sort: Sort)] = []

    init(
        variable: @escaping (String) -> Sort?,
        report: @escaping (FaultCode, _ what: String, _ remedy: String) -> Void
    ) {
        self.variable = variable
        self.report = report
    }

    mutating func sort(of form: ExpressionForm) -> Sort {
        switch form.shape {
        case .literal(let value): return Sort(value)
        case .name(let name): return named(name)
        case .list(let elements): return .list(alike(elements, "stand in one list"))
        case .range(let low, let high): return .range(alike([low, high], "be the ends of one range"))
        case .negation(let operand): return sort(of: operand)
        case .arithmetic(let sign, let left, let right): return arithmetic(sign, left, right)
        case .comparison(_, let left, let right):
            compare(left, sort(of: left), right, sort(of: right))
            return .flag
        case .and(let parts), .or(let parts):
            for part in parts { expectFlag(part) }
            return .flag
        case .between(let value, let low, let high):
            let known = sort(of: value)
            for end in [low, high] { compare(value, known, end, sort(of: end)) }
            return .flag
        case .conditional(let condition, let positive, let negative):
            expectFlag(condition)
            return alike([positive, negative], "both be the result of one `if`")
        case .call(let name, let arguments): return call(name, arguments)
        default: return compound(form)
        }
    }

    private mutating func compound(_ form: ExpressionForm) -> Sort {
        switch form.shape {
        case .context(let entries):
            var fields: [String: Sort] = [:]
            for entry in entries { fields[entry.name] = sort(of: entry.value) }
            return .record(fields)
        case .membership(let value, let tests):
            let known = sort(of: value)
            check(tests, against: value.text, known)
            return .flag
        case .property(let operand, let name): return sort(of: operand).member(name)
        case .filter(let operand, let condition): return filter(operand, condition)
        case .loop(let iterations, let body):
            let count = locals.count
            declare(iterations)
            let element = sort(of: body)
            locals.removeLast(locals.count - count)
            return .list(element)
        case .quantified(let iterations, let condition):
            let count = locals.count
            declare(iterations)
            expectFlag(condition)
            locals.removeLast(locals.count - count)
            return .flag
        default: return .any
        }
    }

    private func named(_ name: String) -> Sort {
        locals.last { $0.name == name }?.sort ?? variable(name) ?? .any
    }

    private mutating func declare(_ iterations: [ExpressionForm.Iteration]) {
        for iteration in iterations {
            let source = sort(of: iteration.source)
            if let end = iteration.end { _ = sort(of: end) }
            locals.append((iteration.name, source.element))
        }
    }

    private mutating func filter(_ operand: ExpressionForm, _ condition: ExpressionForm) -> Sort {
        let list = sort(of: operand)
        let count = locals.count
        locals.append(("item", list.element))
        if case .record(let fields) = list.element {
            for (name, sort) in fields.sorted(by: { $0.key < $1.key }) { locals.append((name, sort)) }
        }
        let test = sort(of: condition)
        locals.removeLast(locals.count - count)
        if case .number = test { return list.element }
        if case .list = list { return list }
        return .list(list.element)
    }

    // MARK: what belongs together

    /// The common sort of expressions that have to be alike.
    mutating func alike(_ forms: [ExpressionForm], _ purpose: String) -> Sort {
        var result = Sort.nothing
        // Whoever brought the unit in, so that a fault names the two that differ.
        var source = forms.first
        for form in forms {
            let next = sort(of: form)
            guard let joined = result.joined(next) else {
                mismatch(source ?? form, result, form, next, purpose)
                continue
            }
            if result.isLoose, !next.isLoose { source = form }
            result = joined
        }
        return result
    }

    func mismatch(
        _ left: ExpressionForm, _ known: Sort, _ right: ExpressionForm, _ other: Sort, _ purpose: String
    ) {
        var code = FaultCode.wrongKind
        var remedy = "compare and combine values of one kind"
        if case .number = known.element, case .number = other.element {
            code = .units
            remedy = "convert one of them by a parameter with a unit such as CNY/count, or correct the declared units"
        }
        report(
            code, "`\(left.text)` is \(known.text) and `\(right.text)` is \(other.text): they cannot \(purpose)", remedy
        )
    }

    mutating func expectFlag(_ form: ExpressionForm) {
        let known = sort(of: form)
        switch known {
        case .flag, .any, .nothing: break
        default: report(.wrongKind, "`\(form.text)` is \(known.text), not a condition", "compare it with something")
        }
    }

    func compare(_ left: ExpressionForm, _ known: Sort, _ right: ExpressionForm, _ other: Sort) {
        if case .text(let words?) = known, case .text(let others?) = other, words.isDisjoint(with: others) {
            let (asked, possible, form) = others.count == 1 ? (others, words, left) : (words, others, right)
            report(
                .unknownChoice,
                "`\(form.text)` can never be \(asked.sorted().map { "“\($0)”" }.joined(separator: ", "))",
                "use one of \(possible.sorted().joined(separator: ", "))")
        } else if known.isList == other.isList ? known.joined(other) == nil : known.element.joined(other.element) == nil
        {
            mismatch(left, known, right, other, "be compared")
        }
    }

    /// The tests of a cell or behind `in`, for a value of a known sort.
    mutating func check(_ tests: [ExpressionForm.Test], against text: String, _ known: Sort) {
        for test in tests {
            switch test {
            case .any: break
            case .compare(_, let end): check(end, against: text, known)
            case .value(let value): check(value, against: text, known)
            case .not(let inner): check(inner, against: text, known)
            case .condition(let condition):
                locals.append(("?", known))
                expectFlag(condition)
                locals.removeLast()
            }
        }
    }

    private mutating func check(_ form: ExpressionForm, against text: String, _ known: Sort) {
        if case .list(let elements) = form.shape {
            for element in elements { check(element, against: text, known) }
            return
        }
        let other = sort(of: form).element
        if case .flag = other {
            if case .flag = known { return }
            if case .literal = form.shape {} else { return }
        }
        if case .text(let words?) = known.element, case .text(let others?) = other, words.isDisjoint(with: others) {
            report(
                .unknownChoice, "`\(text)` can never be \(others.sorted().map { "“\($0)”" }.joined(separator: ", "))",
                "use one of \(words.sorted().joined(separator: ", "))")
        } else if known.element.joined(other) == nil {
            var code = FaultCode.wrongKind
            if case .number = known.element, case .number = other { code = .units }
            report(
                code, "`\(text)` is \(known.element.text) and `\(form.text)` is \(other.text): they cannot be compared",
                "compare values of one kind and unit")
        }
    }
}

extension Sort {
    var isList: Bool { if case .list = self { true } else { false } }

    /// Takes its unit from whatever stands beside it.
    var isLoose: Bool {
        switch self {
        case .any, .nothing, .number(.plain), .number(.unknown): true
        default: false
        }
    }
}
