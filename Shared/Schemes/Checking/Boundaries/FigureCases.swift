import Domain
import FEEL

/// Cases of figures alone, for thresholds to which no facts lead.
struct FigureCases {
    let search: BoundarySearch
    private var storage: SchemeStorage { search.storage }

    struct Case {
        let side: SchemeBoundary.Side
        let value: String
        /// The figures that are given, by name.
        let given: [(name: String, value: Value)]
        /// The figure that follows; `nil` for the condition of a rule.
        let figure: String?
        let result: String
        /// The row of a table that applies.
        let row: Int?

        var isTestable: Bool { figure != nil && given.allSatisfy { $0.value.attributeText != nil } }
    }

    func cases(_ threshold: Threshold) -> [Case]? {
        guard case .slot(let slot) = threshold.variable else { return nil }
        var figure: String?
        if case .figure(let name) = threshold.watch { figure = name }
        let step = search.finder.step(threshold.sort)
        let points = threshold.points(step: step)
        let reads = threshold.table.map { $0.inputs.flatMap(\.reads) } ?? threshold.formula?.reads ?? []
        guard reads.contains(slot) else { return nil }
        let parameters = Set(storage.parameterSlots)
        let others = Set(reads).subtracting(parameters).subtracting([slot]).sorted()
        var landmarks = Landmarks()
        if let formula = threshold.formula { landmarks.add(formula.form) }
        for row in threshold.table?.rows ?? [] { for test in row.tests { landmarks.add(test.forms) } }
        var lists: [[Value]] = []
        for other in others {
            let day = storage.header.effectiveFrom
            guard let values = search.finder.checker.values(of: other, landmarks, on: day) else { return nil }
            lists.append(values)
        }
        var found: [Case]?
        _ = Samples.combinations(lists) { values in
            let given = zip(others, values).map { (slot: $0, value: $1) }
            let cases = points.map { self.trial(threshold, figure, slot, $0, given) }
            if found == nil || Set(cases.map { "\($0.row ?? 0) \($0.result)" }).count > 1 { found = cases }
            return Set(cases.map { "\($0.row ?? 0) \($0.result)" }).count == 1
        }
        return found
    }

    private func trial(
        _ threshold: Threshold, _ figure: String?, _ slot: Int, _ point: (side: SchemeBoundary.Side, value: Value),
        _ others: [(slot: Int, value: Value)]
    ) -> Case {
        let given = others + [(slot, point.value)]
        let evaluator = search.scheme.evaluator(given: given, for: [figure].compactMap { $0 })
        let frame = evaluator.frame
        let row = threshold.table.flatMap { $0.matches(frame, on: evaluator.inputs.period.last).first }
        var value = threshold.formula?.evaluate(frame) ?? .null
        if let slot = figure.flatMap(storage.names.slot) { value = frame[slot] }
        return Case(
            side: point.side, value: point.value.plainText,
            given: given.map { (storage.names.all[$0.slot], $0.value) }, figure: figure,
            result: value.isNull ? "none" : value.text, row: row.map { $0 + 1 })
    }
}

extension Scheme {
    /// Some figures as they are given, and others as they follow from them, on the scheme's first day.
    func evaluator(given: [(slot: Int, value: Value)], for figures: [String]) -> Evaluator {
        let subject = Subject(institution: institution, kind: subjectKind, id: "-")
        let period = Period(basePeriod, containing: effectiveFrom)
        var evaluator = Evaluator(storage, SubjectInputs(subject: subject, period: period), tracing: true)
        for (slot, value) in given { evaluator.frame[slot] = value }
        var done = Set(given.map(\.slot))
        var order: [Int] = []
        func visit(_ slot: Int) {
            let figure = storage.figure(slot)
            guard done.insert(slot).inserted, figure.slot == slot else { return }
            for read in figure.reads { visit(read) }
            order.append(slot)
        }
        for figure in figures { if let slot = storage.names.slot(of: figure) { visit(slot) } }
        evaluator.compute(order)
        return evaluator
    }
}

extension TestRun {
    /// A case of figures alone: some are `given`, and others follow from them, as `gives` says.
    mutating func expectGiven() {
        guard let given = test.fields("given"), let gives = test.fields("gives") else { return }
        var values: [(slot: Int, value: Value)] = []
        for key in given.keys {
            guard let slot = scheme.storage.names.slot(of: key.text), let text = given.text(key.text)?.text else {
                faults.report(.unknownName, at: key.place, "there is no figure `\(key.text)`", "name one")
                continue
            }
            values.append((slot, Value(given: text, unit: scheme.storage.figure(slot).unit)))
        }
        let evaluator = scheme.evaluator(given: values, for: gives.keys.map(\.text))
        for key in gives.keys {
            guard let slot = scheme.storage.names.slot(of: key.text) else {
                faults.report(.unknownName, at: key.place, "there is no figure `\(key.text)`", "name one")
                continue
            }
            let value = evaluator.frame[slot]
            compare(key.text, value.isNull ? "none" : value.text, gives.text(key.text)?.text ?? "")
        }
        coverage.note(
            scheme.trace(subject, Period(scheme.basePeriod, containing: scheme.effectiveFrom), "", evaluator.nodes))
    }
}

extension Value {
    /// A figure as a test writes it.
    init(given text: String, unit: String) {
        switch (text, unit) {
        case ("none", _): self = .null
        case ("true", _): self = true
        case ("false", _): self = false
        default: self.init(published: text, unit: unit)
        }
    }
}
