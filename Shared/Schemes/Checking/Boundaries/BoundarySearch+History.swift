import Domain
import FEEL

extension BoundarySearch {
    /// Cases in which so many earlier results are there: the same facts, and fewer periods closed.
    func history(_ threshold: Threshold, _ slot: Int) -> [BoundaryCase]? {
        guard let formula = threshold.formula, case .results(let plan) = storage.figure(slot).work,
            let wanted = threshold.value.asNumber?.int64(rounding: .floor)
        else { return nil }
        let upstream = Upstream(formula.reads, storage)
        for kind in kinds(threshold) {
            let horizon = Horizon(kind, before: upstream.periodsBefore, parts: true, storage)
            guard let last = horizon.closes.last else { continue }
            let counted = horizon.closes.filter { close in
                switch plan.window {
                case .parts(let part): close.kind == part && last.contains(close)
                case .before(let count): close.kind == last.kind && close < last && last.shifted(by: -count) <= close
                }
            }
            var plain: [BoundaryCase]?
            for lines in factsOfSiblings(threshold, upstream, horizon) {
                let cases = sides(wanted, counted.count).map { side, count -> BoundaryCase in
                    let left = Set(counted.prefix(counted.count - count))
                    let closes = horizon.closes.filter { !left.contains($0) }
                    return BoundaryCase(
                        side: side, value: String(count), lines: lines, closes: closes,
                        observation: Observation(scheme, subject, lines, closes))
                }
                if Set(cases.map { $0.observation.seen(threshold.watch) }).count > 1 { return cases }
                if plain == nil, !cases.isEmpty { plain = cases }
            }
            if let plain { return plain }
        }
        return nil
    }

    private func sides(_ wanted: Int64, _ available: Int) -> [(SchemeBoundary.Side, Int)] {
        [(SchemeBoundary.Side.below, wanted - 1), (.at, wanted), (.above, wanted + 1)].compactMap { side, count in
            (0...Int64(available)).contains(count) ? (side, Int(count)) : nil
        }
    }

    /// Facts that make the other conditions of a formula hold or not, then facts of middling size.
    private func factsOfSiblings(_ threshold: Threshold, _ upstream: Upstream, _ horizon: Horizon) -> [[FactLine]] {
        var found: [[FactLine]] = []
        for atom in threshold.formula.map(finder.atoms) ?? [] {
            guard case .slot = atom.variable else { continue }
            let sibling = Threshold(
                head: threshold.head, kind: threshold.kind, variable: atom.variable, value: atom.value,
                sort: atom.sort, watch: threshold.watch, every: threshold.every, formula: threshold.formula)
            found += cases(sibling)?.map(\.lines) ?? []
        }
        for context in maker.contexts(upstream, except: nil) {
            if let lines = maker.facts(context, in: horizon.facts) { found.append(lines) }
        }
        return found
    }
}
