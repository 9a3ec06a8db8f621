import Domain
import FEEL

/// Makes facts that satisfy conditions and lead a measure to a value.
struct FactMaker {
    let finder: ThresholdFinder
    var storage: SchemeStorage { finder.storage }

    init(_ finder: ThresholdFinder) { self.finder = finder }

    /// Facts that satisfy conditions, the plainest first.
    ///
    /// - Parameters:
    ///   - others: formulas whose names are to vary, too.
    ///   - fixed: what is not to be chosen, by name.
    func lines(
        _ types: [String], _ conditions: [FactFormula], reading others: [FactFormula] = [], fixed: [String: Value],
        on day: CalendarDate, limit: Int = 40
    ) -> [FactLine] {
        var found: [FactLine] = []
        for type in types.sorted() {
            var line = FactLine(type: type, date: day)
            for (name, value) in fixed { line.take(value, as: name) }
            guard let scope = (conditions + others).first?.scope else {
                found.append(line)
                continue
            }
            fill(line, scope, conditions + others, Set(fixed.keys)) { candidate in
                if holds(conditions, candidate) { found.append(candidate) }
                return found.count < limit
            }
        }
        return found
    }

    /// Facts for which some values of one name decide whether conditions hold, the plainest first.
    func lines(
        _ types: [String], _ conditions: [FactFormula], deciding name: String, _ values: [Value], on day: CalendarDate
    ) -> [FactLine] {
        guard let scope = conditions.first?.scope else { return [] }
        var found: [FactLine] = []
        for type in types.sorted() {
            fill(FactLine(type: type, date: day), scope, conditions, [name]) { candidate in
                let answers = values.map { value -> Bool in
                    var line = candidate
                    line.take(value, as: name)
                    return holds(conditions, line)
                }
                if Set(answers).count > 1 { found.append(candidate) }
                return found.count < 4
            }
        }
        return found
    }

    private func holds(_ conditions: [FactFormula], _ line: FactLine) -> Bool {
        let fact = line.fact(0, of: Subject(institution: "-", kind: .manager, id: "-"))
        let parameters = storage.parameters(on: line.date)
        return conditions.allSatisfy { $0.holds(fact, parameters: parameters) }
    }

    private func fill(
        _ line: FactLine, _ scope: FactScope, _ conditions: [FactFormula], _ fixed: Set<String>,
        _ body: (FactLine) -> Bool
    ) {
        let parameters = storage.parameters(on: line.date)
        var landmarks = Landmarks()
        for condition in conditions { landmarks.add(condition.formula.form) }
        for value in parameters { landmarks.add(value) }
        let set = fixed.union(["type", "business date", "occurred date"])
        let reads = Set(conditions.flatMap(\.formula.reads)).sorted().filter {
            $0 < scope.parameterStart && !set.contains(scope.names.all[$0])
        }
        let lists = reads.map { slot in
            [Value.null] + (finder.checker.values(finder.units.sort(of: slot, in: scope), landmarks) ?? [])
        }
        _ = Samples.combinations(lists, limit: 20_000) { values in
            var candidate = line
            for (slot, value) in zip(reads, values) { candidate.take(value, as: scope.names.all[slot]) }
            return body(candidate)
        }
    }

    /// How facts of a measure carry a value.
    enum Way {
        /// One fact with the value as its amount.
        case amount(FactLine)
        /// One fact for each unit.
        case each(FactLine, customers: Bool)
        /// One fact out of several kinds, by the value it stands for.
        case one([(value: Decimal128, line: FactLine)])
    }

    func way(_ plan: MeasurePlan) -> Way? {
        let series = storage.series[plan.seriesIndex]
        let day = storage.header.effectiveFrom
        let filter = [series.filter].compactMap { $0 }
        var kinds: [(value: Decimal128, line: FactLine)] = []
        for line in lines(
            series.factTypes, filter, reading: [series.value].compactMap { $0 }, fixed: ["amount": 100], on: day)
        {
            var probe = line
            for name in series.groups { probe.take(.string("c-1"), as: name) }
            switch plan.take {
            case .count, .customers:
                probe.amount = nil
                return .each(probe, customers: plan.take == .customers)
            case .firstDate, .lastDate: return nil
            default: break
            }
            let subject = Subject(institution: "-", kind: .manager, id: "-")
            guard let amount = series.contribution(of: probe.fact(0, of: subject))?.amount else { continue }
            if amount == 1_000_000 { return .amount(probe) }
            probe.amount = nil
            let value = Decimal128(tenThousandths: amount)
            if value == .one, plan.take == .sum || plan.take == .balance { return .each(probe, customers: false) }
            if !kinds.contains(where: { $0.value == value }) { kinds.append((value, probe)) }
        }
        return kinds.isEmpty ? nil : .one(kinds)
    }

    /// Facts by which a measure has a value in each of some periods; `nil` when there are none such.
    func facts(_ plan: MeasurePlan, _ value: Decimal128, in periods: [Period]) -> [FactLine]? {
        guard let way = way(plan) else { return nil }
        var lines: [FactLine] = []
        var days: Set<CalendarDate> = []
        for period in periods {
            let (first, last) = plan.window.span(period, appointed: nil)
            var day = max(first ?? storage.header.effectiveFrom, storage.header.effectiveFrom)
            if case .before = plan.window { day = last }
            if case .toDate = plan.window, let earliest = periods.first {
                day = max(earliest.first, storage.header.effectiveFrom)
            }
            guard days.insert(day).inserted else { continue }
            switch way {
            case .amount(var line):
                line.date = day
                line.amount = value.text
                lines.append(line)
            case .one(let kinds):
                guard var line = kinds.first(where: { $0.value == value })?.line else { return nil }
                line.date = day
                lines.append(line)
            case .each(var line, let customers):
                guard value.isInteger, let count = value.int64(rounding: .floor), (0...60).contains(count) else {
                    return nil
                }
                line.date = day
                for number in 0..<count {
                    if customers { line.customer = "c-\(number + 1)" }
                    lines.append(line)
                }
            }
        }
        return lines
    }
}
