import Domain
import FEEL

/// The search for the amounts of one measure, or the values of one attribute, that lie beside a threshold.
struct Attempt {
    let search: BoundarySearch
    let threshold: Threshold
    /// The figure compared; `nil` for an input of a table that is calculated on the spot.
    let slot: Int?
    let root: BoundarySearch.Root
    let horizon: Horizon

    private var storage: SchemeStorage { search.storage }

    /// The value compared, as an observation shows it.
    private func compared(_ observation: Observation) -> Decimal128? {
        if let slot { return observation.text(of: storage.names.all[slot]).flatMap { Decimal128($0) } }
        guard case .column(let column) = threshold.variable, let input = threshold.table?.inputs[column] else {
            return nil
        }
        var frame = search.finder.checker.frame(on: storage.header.effectiveFrom)
        for slot in input.reads where !storage.parameterSlots.contains(slot) {
            frame[slot] = Value(
                published: observation.text(of: storage.names.all[slot]), unit: storage.figure(slot).unit)
        }
        return input.evaluate(frame).asNumber
    }

    private struct Point {
        let side: SchemeBoundary.Side
        let value: Value
    }

    /// The first surroundings in which the three sides differ; otherwise the first in which they could be reached.
    func run(_ contexts: [BoundaryContext]) -> [BoundaryCase]? {
        var points: [Point]?
        var plain: [BoundaryCase]?
        for context in contexts {
            if let other = threshold.other, context.measures[other] != threshold.value.asNumber { continue }
            guard let surroundings = search.maker.facts(context, in: horizon.facts) else { continue }
            if points == nil { points = locate(context, surroundings) }
            guard let points else { continue }
            let cases = points.compactMap { trial(context, surroundings, $0) }
            // A count below zero, for example, cannot be reached.
            guard cases.count > 1 else { continue }
            if Set(cases.map { $0.observation.seen(threshold.watch) }).count > 1 { return cases }
            if plain == nil { plain = cases }
        }
        return plain
    }

    private func trial(_ context: BoundaryContext, _ surroundings: [FactLine], _ point: Point) -> BoundaryCase? {
        guard let lines = lines(context, surroundings, point.value) else { return nil }
        let observation = Observation(search.scheme, search.subject, lines, horizon.closes)
        var shown = point.value.plainText
        if root.slot != slot {
            shown = "\(compared(observation)?.text ?? "none") (\(storage.names.all[root.slot]) \(shown))"
        }
        return BoundaryCase(
            side: point.side, value: shown, lines: lines, closes: horizon.closes, observation: observation)
    }

    private func lines(_ context: BoundaryContext, _ surroundings: [FactLine], _ value: Value) -> [FactLine]? {
        switch root {
        case .measure(_, let plan):
            guard let number = value.asNumber else { return nil }
            return search.maker.facts(plan, number, in: horizon.facts).map { surroundings + $0 }
        case .profile(let shape, _):
            var context = context
            context.profile[shape.name] = value.attributeText
            return search.maker.facts(context, in: horizon.facts)
        }
    }

    // MARK: where the threshold lies

    private func locate(_ context: BoundaryContext, _ surroundings: [FactLine]) -> [Point]? {
        let rootSort = search.finder.units.sort(of: root.slot)
        let step = search.finder.step(rootSort.isMeasured ? rootSort : threshold.sort)
        if case .profile = root { return threshold.points(step: search.finder.step(threshold.sort)).map(Point.init) }
        guard let target = threshold.value.asNumber else { return nil }
        func value(_ number: Decimal128) -> Decimal128? {
            guard let lines = lines(context, surroundings, .number(number)) else { return nil }
            return compared(Observation(search.scheme, search.subject, lines, horizon.closes))
        }
        // Most often the amount is the figure; who is left out has no figures at all.
        let tried = [target - step, target, target + step].map { (wanted: $0, found: value($0)) }
        let seen = tried.filter { $0.found != nil }
        if !seen.isEmpty, seen.allSatisfy({ $0.found == $0.wanted || ($0.wanted.isNegative && target.isZero) }),
            seen.contains(where: { $0.found == $0.wanted })
        {
            return threshold.points(step: step).map(Point.init)
        }
        return bisect(target, step, value)
    }

    /// The smallest whole number of steps that reaches the threshold, for a figure that only rises or only falls.
    private func bisect(
        _ target: Decimal128, _ step: Decimal128, _ value: (Decimal128) -> Decimal128?
    ) -> [Point]? {
        let isCount = step == .one
        var low = Decimal128.zero
        var high = isCount ? Decimal128(60) : Decimal128(1_000_000_000) / step
        guard let first = value(low * step), let last = value(high * step), first != last else { return nil }
        let rises = first < last
        func reaches(_ steps: Decimal128) -> Bool? {
            value(steps * step).map { rises ? target <= $0 : $0 <= target }
        }
        guard let atLow = reaches(low), let atHigh = reaches(high), atHigh else { return nil }
        if atLow { return first == target ? saturated(target, step, high, value) : nil }
        while .one < high - low {
            let middle = ((low + high) / 2).rounded(scale: 0, .floor)
            guard let reached = reaches(middle) else { return nil }
            if reached { high = middle } else { low = middle }
        }
        let isExact = value(high * step) == target
        let below = Point(side: .below, value: .number(low * step))
        let at = Point(side: isExact ? .at : .above, value: .number(high * step))
        return isExact ? [below, at, Point(side: .above, value: .number((high + .one) * step))] : [below, at]
    }

    /// A floor: the greatest number of steps at which the figure still lies on it.
    private func saturated(
        _ target: Decimal128, _ step: Decimal128, _ end: Decimal128, _ value: (Decimal128) -> Decimal128?
    ) -> [Point]? {
        var low = Decimal128.zero
        var high = end
        while .one < high - low {
            let middle = ((low + high) / 2).rounded(scale: 0, .floor)
            guard let found = value(middle * step) else { return nil }
            if found == target { low = middle } else { high = middle }
        }
        let points = [(SchemeBoundary.Side.below, low - .one), (.at, low), (.above, high)]
        return points.map { Point(side: $0, value: .number($1 * step)) }
    }
}

extension Sort {
    fileprivate var isMeasured: Bool { if case .number(.units) = self { true } else { false } }
}
