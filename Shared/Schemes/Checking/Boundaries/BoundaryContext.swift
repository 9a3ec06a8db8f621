import Domain
import FEEL

/// Everything beside the value that is varied: the person, the grades, and the other measures.
struct BoundaryContext: Hashable {
    var profile: [String: String] = [:]
    /// By ladder.
    var grades: [String: String] = [:]
    /// Measures that are given facts, with their values.
    var measures: [Int: Decimal128] = [:]
}

/// The figures that something depends on, through earlier results, too.
struct Upstream {
    let slots: Set<Int>
    /// The greatest number of earlier periods that is looked at.
    let periodsBefore: Int
    /// Whether results of shorter or earlier periods are looked at, so that these have to be closed first.
    let readsResults: Bool

    init(_ start: [Int], _ storage: SchemeStorage) {
        var slots: Set<Int> = []
        var before = 0
        var readsResults = false
        var open = start
        while let slot = open.popLast() {
            guard slots.insert(slot).inserted else { continue }
            let figure = storage.figure(slot)
            guard figure.slot == slot else { continue }
            open += figure.reads
            if case .results(let plan) = figure.work {
                readsResults = true
                if let source = storage.names.slot(of: plan.figure) { open.append(source) }
                if case .before(let count) = plan.window { before = max(before, count) }
            }
        }
        self.slots = slots
        periodsBefore = before
        self.readsResults = readsResults
    }

    /// Measures over facts among them.
    func measures(_ storage: SchemeStorage) -> [(slot: Int, plan: MeasurePlan)] {
        slots.sorted().compactMap { slot in
            let figure = storage.figure(slot)
            guard figure.slot == slot, case .measure(let plan) = figure.work, !plan.isList, plan.take != .highest
            else { return nil }
            return (slot, plan)
        }
    }
}

extension FactMaker {
    /// The surroundings to try for something that depends on some figures, the plainest first.
    func contexts(_ upstream: Upstream, except varied: Int?) -> [BoundaryContext] {
        var contexts = [BoundaryContext(profile: coveredProfile() ?? [:])]
        for (shape, slot) in storage.profileSlots where upstream.slots.contains(slot) && slot != varied {
            guard let values = finder.checker.values(Sort(shape.form), Landmarks()) else { continue }
            let texts = values.compactMap(\.attributeText).filter { $0 != "…" }
            if case .number = shape.form { continue }
            contexts = contexts.flatMap { context in
                [context]
                    + texts.map { text in
                        var other = context
                        other.profile[shape.name] = text
                        return other
                    }
            }
        }
        for slot in storage.ladderSlots where upstream.slots.contains(slot) {
            guard case .ladder(let plan) = storage.figure(slot).work else { continue }
            contexts = contexts.flatMap { context in
                [context]
                    + plan.grades.map { grade in
                        var other = context
                        other.grades[plan.name] = grade
                        return other
                    }
            }
        }
        let others = upstream.measures(storage).filter { $0.slot != varied }
        if !others.isEmpty {
            contexts = contexts.flatMap { context -> [BoundaryContext] in
                var usual = context
                var small = context
                for (slot, _) in others {
                    usual.measures[slot] = finder.usual(slot)
                    small.measures[slot] = 10
                }
                return [context, usual, small]
            }
        }
        return Array(contexts.prefix(96))
    }

    /// A profile that the scheme covers, as empty as possible; `nil` when none was found.
    private func coveredProfile() -> [String: String]? {
        guard let covers = storage.covers else { return [:] }
        var landmarks = Landmarks()
        landmarks.add(covers.form)
        var frame = finder.checker.frame(on: storage.header.effectiveFrom)
        let shapes = storage.profileSlots.filter { covers.reads.contains($0.slot) }
        let lists = shapes.map { shape, _ in
            [Value.null] + (finder.checker.values(Sort(shape.form), landmarks) ?? [])
        }
        var found: [String: String]?
        _ = Samples.combinations(lists) { values in
            for ((_, slot), value) in zip(shapes, values) { frame[slot] = value }
            guard covers.evaluate(frame).asBoolean == true else { return true }
            found = [:]
            for ((shape, _), value) in zip(shapes, values) { found?[shape.name] = value.attributeText }
            return false
        }
        return found
    }

    /// The facts that make a context, before anything that is varied.
    func facts(_ context: BoundaryContext, in periods: [Period]) -> [FactLine]? {
        let day = periods.first?.first ?? storage.header.effectiveFrom
        var lines: [FactLine] = []
        if !context.profile.isEmpty {
            lines.append(FactLine(type: storage.header.subject.profileType, date: day, attributes: context.profile))
        }
        for (ladder, grade) in context.grades.sorted(by: { $0.key < $1.key }) {
            lines.append(
                FactLine(type: "manager.appointed", date: day, attributes: ["ladder": ladder, "grade": grade]))
        }
        for (slot, value) in context.measures.sorted(by: { $0.key < $1.key }) {
            guard case .measure(let plan) = storage.figure(slot).work else { continue }
            lines += facts(plan, value, in: periods) ?? []
        }
        return lines
    }
}
