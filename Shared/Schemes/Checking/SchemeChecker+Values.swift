import Domain
import FEEL

extension SchemeChecker {
    /// The values to try for something of a sort; `nil` when they cannot be listed.
    func values(_ sort: Sort, _ landmarks: Landmarks, in bounds: NumberBounds = NumberBounds()) -> [Value]? {
        switch sort {
        case .text(let words?): return words.sorted().map(Value.string)
        case .text(nil): return landmarks.texts.sorted().map(Value.string) + [.string("…")]
        case .flag: return [true, false]
        case .number: return Samples.around(landmarks.numbers, in: bounds)
        case .date: return Samples.around(landmarks.days, default: storage.header.effectiveFrom)
        case .time: return Samples.around(times: landmarks.times)
        default: return nil
        }
    }

    /// The values to try for an input of a table or a name in a condition of a period.
    func values(of slot: Int, _ landmarks: Landmarks, on day: CalendarDate) -> [Value]? {
        let figure = storage.figure(slot)
        if case .ladder(let plan) = figure.work { return plan.grades.map(Value.string) }
        if let numbers = finiteNumbers(figure, day) { return numbers.map(Value.number) }
        return values(units.sort(of: slot), landmarks, in: bounds(of: slot, on: day))
    }

    /// The numbers a table gives, when it gives no others.
    func finiteNumbers(_ figure: Figure, _ day: CalendarDate) -> [Decimal128]? {
        guard case .table(let plan, let column) = figure.work, [.unique, .first, .any].contains(plan.hit) else {
            return nil
        }
        let parameters = Set(storage.parameterSlots)
        let outputs = plan.rows.map { $0.outputs[column] }
        guard outputs.allSatisfy({ $0.reads.allSatisfy(parameters.contains) }) else { return nil }
        let frame = frame(on: day)
        let numbers = outputs.compactMap { $0.evaluate(frame).asNumber }
        guard numbers.count == outputs.count else { return nil }
        return Set(numbers.map(\.text)).compactMap { Decimal128($0) }.sorted()
    }

    // MARK: bounds

    func bounds(of slot: Int, on day: CalendarDate, depth: Int = 0) -> NumberBounds {
        guard depth < 8 else { return NumberBounds() }
        switch storage.figure(slot).work {
        case .indicator(let plan):
            var bounds = bounds(plan.floor, plan.cap, day)
            if let scores = plan.curve?.points.map(\.score) {
                bounds.low = bounds.low ?? scores.min()
                bounds.high = bounds.high ?? scores.max()
            }
            if plan.missing == .zero, let low = bounds.low, Decimal128.zero < low { bounds.low = .zero }
            return bounds
        case .scorecard(let plan): return self.bounds(plan, day, depth)
        case .measure(let plan) where !plan.isList && (plan.take == .count || plan.take == .customers):
            return NumberBounds(low: .zero, areWhole: true)
        case .comparison(let plan) where plan.take == .rank: return NumberBounds(low: .one, areWhole: true)
        case .formula(let formula): return self.bounds(formula, day, depth)
        default: return NumberBounds()
        }
    }

    private func bounds(_ floor: Formula?, _ cap: Formula?, _ day: CalendarDate) -> NumberBounds {
        let parameters = Set(storage.parameterSlots)
        let frame = frame(on: day)
        func number(_ formula: Formula?) -> Decimal128? {
            guard let formula, formula.reads.allSatisfy(parameters.contains) else { return nil }
            return formula.evaluate(frame).asNumber
        }
        return NumberBounds(low: number(floor), high: number(cap))
    }

    private func bounds(_ plan: ScorecardPlan, _ day: CalendarDate, _ depth: Int) -> NumberBounds {
        var bounds = bounds(plan.floor, plan.cap, day)
        let parts = plan.parts.map { self.bounds(of: $0.slot, on: day, depth: depth + 1) }
        let lows = parts.compactMap(\.low)
        let highs = parts.compactMap(\.high)
        if bounds.low == nil, lows.count == parts.count {
            bounds.low = plan.combine == .sum ? lows.map { min($0, .zero) }.reduce(.zero, +) : lows.min()
        }
        if bounds.high == nil, highs.count == parts.count {
            bounds.high = plan.combine == .sum ? highs.map { max($0, .zero) }.reduce(.zero, +) : highs.max()
        }
        return bounds
    }

    private func bounds(_ formula: Formula, _ day: CalendarDate, _ depth: Int) -> NumberBounds {
        switch formula.form.shape {
        case .name: return formula.reads.first.map { bounds(of: $0, on: day, depth: depth + 1) } ?? NumberBounds()
        case .call("max", let arguments): return NumberBounds(low: arguments.compactMap(\.number).max())
        case .call("min", let arguments): return NumberBounds(high: arguments.compactMap(\.number).min())
        case .call("count", _): return NumberBounds(low: .zero, areWhole: true)
        default: return NumberBounds()
        }
    }
}

extension ExpressionForm {
    fileprivate var number: Decimal128? {
        if case .literal(.number(let number)) = shape { number } else { nil }
    }
}
