import Domain
import FEEL

/// A comparison of one name with a value that no fact and no figure changes.
struct Atom {
    let variable: Threshold.Variable
    let value: Value
    let sort: Sort
    /// The measure on the other side, which has to be given this value first.
    var other: Int?
}

extension ThresholdFinder {
    func atoms(_ formula: Formula) -> [Atom] { atoms(formula.form, [:]) }

    /// - Parameter locals: names of a loop with the figure whose earlier results they go through.
    private func atoms(_ form: ExpressionForm, _ locals: [String: Int]) -> [Atom] {
        var locals = locals
        switch form.shape {
        case .comparison(_, let left, let right):
            let found = atom(left, right, locals) + atom(right, left, locals)
            if !found.isEmpty { return found }
            if let pair = pair(left, right, locals) { return [pair] }
        case .call("max", let arguments), .call("min", let arguments):
            let excess = arguments.flatMap { argument -> [Atom] in
                guard case .arithmetic(.subtract, let left, let right) = argument.shape else { return [] }
                return atom(left, right, locals) + [pair(left, right, locals)].compactMap { $0 }
            }
            if arguments.count == 2, arguments.contains(where: { constant($0)?.asNumber == .zero }) {
                return excess + arguments.flatMap { atoms($0, locals) }
            }
        case .between(let value, let low, let high): return atom(value, low, locals) + atom(value, high, locals)
        case .membership(let value, let tests): return ends(tests).flatMap { atom(value, $0, locals) }
        case .call(let name, let arguments) where ["floor", "ceiling"].contains(name):
            // Once and twice as much: where the first and the second whole unit is full.
            if case .arithmetic(.divide, let value, let unit)? = arguments.first?.shape {
                return atom(value, unit, locals).flatMap { once in
                    let twice = once.value.asNumber.map { Value.number($0 + $0) } ?? once.value
                    return [once, Atom(variable: once.variable, value: twice, sort: once.sort)]
                }
            }
        case .quantified(let iterations, _):
            for iteration in iterations {
                guard case .name(let list) = iteration.source.shape, let slot = storage.names.slot(of: list),
                    case .results(let plan) = storage.figure(slot).work,
                    let source = storage.names.slot(of: plan.figure)
                else { continue }
                locals[iteration.name] = source
            }
        default: break
        }
        return form.parts.flatMap { atoms($0, locals) }
    }

    /// One figure compared with a measure, such as what was sold with its target.
    private func pair(_ left: ExpressionForm, _ right: ExpressionForm, _ locals: [String: Int]) -> Atom? {
        guard case .name(let name) = left.shape, case .name(let other) = right.shape, locals[other] == nil,
            let slot = locals[name] ?? storage.names.slot(of: name), let target = storage.names.slot(of: other),
            slot != target, case .measure(let plan) = storage.figure(target).work, !plan.isList, plan.take != .highest,
            case .number = units.sort(of: slot), case .number = units.sort(of: target)
        else { return nil }
        let sort = units.sort(of: slot).joined(units.sort(of: target)) ?? units.sort(of: slot)
        return Atom(variable: .slot(slot), value: .number(usual(target)), sort: sort, other: target)
    }

    /// A value of middling size for a measure that is needed but not varied.
    func usual(_ slot: Int) -> Decimal128 {
        switch units.sort(of: slot) {
        case .number(.units(let units)) where units.contains(.count): 10
        case .number(.units(let units)) where units.contains(.points) || units.contains(.percent): 80
        case .number(.units(let units)) where units.contains(.ratio): 1
        default: 100_000
        }
    }

    private func ends(_ tests: [ExpressionForm.Test]) -> [ExpressionForm] {
        tests.flatMap { test -> [ExpressionForm] in
            switch test {
            case .any, .condition: []
            case .compare(_, let form): [form]
            case .value(let form):
                switch form.shape {
                case .range(let low, let high): [low, high]
                case .list(let elements): elements
                default: [form]
                }
            case .not(let inner): ends(inner)
            }
        }
    }

    private func atom(_ left: ExpressionForm, _ right: ExpressionForm, _ locals: [String: Int]) -> [Atom] {
        guard let value = constant(right), value.isOrdered else { return [] }
        switch left.shape {
        case .name(let name):
            guard let slot = locals[name] ?? storage.names.slot(of: name), slot > FixedSlot.ratio,
                !storage.parameterSlots.contains(slot)
            else { return [] }
            let sort = units.sort(of: slot).joined(units.sort(ofConstant: right, storage)) ?? units.sort(of: slot)
            switch sort {
            case .number, .date: return [Atom(variable: .slot(slot), value: value, sort: sort)]
            default: return []
            }
        case .call("count", let arguments):
            guard case .name(let name)? = arguments.first?.shape, let slot = storage.names.slot(of: name),
                case .results = storage.figure(slot).work
            else { return [] }
            return [Atom(variable: .history(slot), value: value, sort: .unit(.count))]
        default: return []
        }
    }

    /// Comparisons of what a fact says.
    func atoms(_ form: ExpressionForm, in scope: FactScope) -> [(name: String, value: Value, sort: Sort)] {
        func atom(_ left: ExpressionForm, _ right: ExpressionForm) -> [(name: String, value: Value, sort: Sort)] {
            guard case .name(let name) = left.shape, let slot = scope.names.slot(of: name), slot < scope.parameterStart,
                let value = constant(right), value.isOrdered
            else { return [] }
            let own = units.sort(of: slot, in: scope)
            let sort = own.joined(units.sort(ofConstant: right, storage)) ?? own
            switch sort {
            case .number, .date, .time: return [(name, value, sort)]
            default: return []
            }
        }
        switch form.shape {
        case .comparison(_, let left, let right):
            let found = atom(left, right) + atom(right, left)
            if !found.isEmpty { return found }
        case .between(let value, let low, let high): return atom(value, low) + atom(value, high)
        case .membership(let value, let tests): return ends(tests).flatMap { atom(value, $0) }
        default: break
        }
        return form.parts.flatMap { atoms($0, in: scope) }
    }

    /// The value of something written with literals and parameters only.
    func constant(_ form: ExpressionForm) -> Value? {
        switch form.shape {
        case .literal(let value): return value
        case .name(let name):
            guard let slot = storage.names.slot(of: name), storage.parameterSlots.contains(slot) else { return nil }
            return checker.frame(on: storage.header.effectiveFrom)[slot]
        case .negation(let operand): return constant(operand)?.asNumber.map { .number(-$0) }
        case .call("date", _), .call("time", _):
            var landmarks = Landmarks()
            landmarks.add(form)
            return landmarks.days.first.map(Value.date)
                ?? landmarks.times.first.map { Value(timeOfDay: $0 * 1_000_000) }
        case .arithmetic(let sign, let left, let right):
            guard let a = constant(left)?.asNumber, let b = constant(right)?.asNumber else { return nil }
            switch sign {
            case .add: return .number(a + b)
            case .subtract: return .number(a - b)
            case .multiply: return .number(a * b)
            case .divide: return b.isZero ? nil : .number(a / b)
            default: return nil
            }
        default: return nil
        }
    }
}

extension Value {
    fileprivate var isOrdered: Bool {
        switch self {
        case .number, .date, .time: true
        default: false
        }
    }
}

extension UnitAnalysis {
    /// The unit of a parameter that something is compared with.
    fileprivate func sort(ofConstant form: ExpressionForm, _ storage: SchemeStorage) -> Sort {
        if case .name(let name) = form.shape, let slot = storage.names.slot(of: name) { return sort(of: slot) }
        return .plain
    }
}
