import Domain
import FEEL

/// One case of a boundary: its facts and what came of them.
struct BoundaryCase {
    let side: SchemeBoundary.Side
    let value: String
    let lines: [FactLine]
    let closes: [Period]
    let observation: Observation
}

/// The periods of a trial: those that are closed, and those whose facts count.
struct Horizon {
    /// In the order in which they are closed; the last one is looked at.
    let closes: [Period]
    /// The base periods in which facts happen.
    let facts: [Period]

    /// - Parameters:
    ///   - before: how many periods of the kind are closed before the one looked at.
    ///   - parts: whether the shorter periods inside are closed, too.
    init(_ kind: Period.Kind, before: Int, parts: Bool, _ storage: SchemeStorage) {
        let header = storage.header
        var first = Period(kind, containing: header.effectiveFrom)
        if first.first < header.effectiveFrom { first = first.next }
        // One period earlier is in force, too, for what looks back.
        let last = first.shifted(by: before + 1)
        let start = last.shifted(by: -before)
        let length = Self.order(kind)
        let kinds = Set(storage.plans.keys.map(\.period)).filter {
            Self.order(header.basePeriod) <= Self.order($0) && Self.order($0) <= length
        }.union([kind])
        var closes: [Period] = []
        for kind in kinds {
            var period = Period(kind, containing: start.first)
            while period.first <= last.last {
                if start.first <= period.first, period.last <= last.last { closes.append(period) }
                period = period.next
            }
        }
        closes.sort { ($0.last, Self.order($0.kind)) < ($1.last, Self.order($1.kind)) }
        let base = length < Self.order(header.basePeriod) ? kind : header.basePeriod
        facts = closes.filter { $0.kind == base }.sorted()
        self.closes = parts ? closes : closes.filter { $0.kind == kind }
    }

    private static func order(_ kind: Period.Kind) -> Int {
        switch kind {
        case .day: 0
        case .week: 1
        case .month: 2
        case .quarter: 3
        case .year: 4
        }
    }
}

/// Finds the facts on both sides of a threshold.
struct BoundarySearch {
    let scheme: Scheme
    let finder: ThresholdFinder
    let maker: FactMaker
    let subject: Subject
    var storage: SchemeStorage { scheme.storage }

    init(_ scheme: Scheme) {
        self.scheme = scheme
        finder = ThresholdFinder(scheme.storage)
        maker = FactMaker(finder)
        subject = Subject(institution: scheme.institution, kind: scheme.subjectKind, id: "rm-001")
    }

    /// Cases made of facts; `nil` when no facts lead to the threshold.
    func cases(_ threshold: Threshold) -> [BoundaryCase]? {
        switch threshold.variable {
        case .fact(let types, _, let name): arrival(threshold, types, name)
        case .slot(let slot): figure(threshold, slot, [slot])
        case .history(let slot): history(threshold, slot)
        case .column(let column): figure(threshold, nil, threshold.table?.inputs[column].reads ?? [])
        }
    }

    // MARK: what one fact says

    private func arrival(_ threshold: Threshold, _ types: [String], _ name: String) -> [BoundaryCase]? {
        let points = threshold.points(step: finder.step(threshold.sort))
        let horizon = Horizon(storage.header.basePeriod, before: 0, parts: false, storage)
        guard let close = horizon.closes.last else { return nil }
        // A weekday in the middle of the period, for whatever day it is.
        let day = WorkCalendar().workingDay(onOrAfter: close.first.adding(days: 4))
        let decided = maker.lines(types, threshold.conditions, deciding: name, points.map(\.value), on: day)
        return decided.lazy.map { decided in
            var line = decided
            for (attribute, text) in threshold.attributes where attribute != name { line.attributes[attribute] = text }
            // A liability shares out something.
            if threshold.kind == "liability", name != "amount" { line.amount = "100000" }
            return line
        }.map { (line: FactLine) in
            points.map { point -> BoundaryCase in
                var line = line
                line.take(point.value, as: name)
                return BoundaryCase(
                    side: point.side, value: point.value.plainText, lines: [line], closes: [close],
                    observation: Observation(scheme, subject, [line], [close]))
            }
        }.first { cases in Set(cases.map { $0.observation.seen(threshold.watch) }).count > 1 }
    }

    // MARK: figures

    private func figure(_ threshold: Threshold, _ slot: Int?, _ compared: [Int]) -> [BoundaryCase]? {
        let start = threshold.formula?.reads ?? threshold.table?.reads ?? []
        let upstream = Upstream(start + compared, storage)
        for kind in kinds(threshold) {
            let horizon = Horizon(
                kind, before: upstream.periodsBefore, parts: upstream.readsResults, storage)
            guard horizon.closes.count <= 40 else { continue }
            for root in roots(compared) {
                let attempt = Attempt(search: self, threshold: threshold, slot: slot, root: root, horizon: horizon)
                if let cases = attempt.run(maker.contexts(upstream, except: root.slot)) { return cases }
            }
        }
        return nil
    }

    /// The closes at which the result can be seen, the usual one first.
    func kinds(_ threshold: Threshold) -> [Period.Kind] {
        if !threshold.every.isEmpty { return threshold.every.sorted { $0.rawValue > $1.rawValue } }
        guard case .figure(let name) = threshold.watch, let slot = storage.names.slot(of: name) else {
            return [storage.header.basePeriod]
        }
        let planned = storage.plans.filter {
            $0.key.subject == storage.header.subject && ($0.value.own + $0.value.across).contains(slot)
        }.map(\.key.period)
        let base = storage.header.basePeriod
        return (planned.contains(base) ? [base] : [])
            + planned.filter { $0 != base }.sorted { $0.rawValue < $1.rawValue }
    }

    /// What can be varied by facts to move a figure.
    enum Root {
        case measure(Int, MeasurePlan)
        case profile(AttributeShape, Int)

        var slot: Int {
            switch self {
            case .measure(let slot, _), .profile(_, let slot): slot
            }
        }
    }

    private func roots(_ slots: [Int]) -> [Root] {
        if slots.count == 1, let entry = storage.profileSlots.first(where: { $0.slot == slots[0] }) {
            return [.profile(entry.shape, entry.slot)]
        }
        let measures = Upstream(slots, storage).measures(storage)
        // The figure itself first, then what it is calculated from.
        let own = measures.filter { slots.contains($0.slot) }
        return (own + measures.filter { !slots.contains($0.slot) }).map { .measure($0.slot, $0.plan) }
    }
}

extension ThresholdFinder {
    /// The smallest step of a unit: a cent, one piece, one day.
    func step(_ sort: Sort) -> Decimal128 {
        let whole: Set<Dimension> = [
            .count, Dimension(["rank": 1]), Dimension(["days": 1]), Dimension(["months": 1]), Dimension(["years": 1]),
        ]
        guard case .number(.units(let units)) = sort else { return Decimal128(units: 1, scale: 2) }
        if !units.isDisjoint(with: whole) { return .one }
        return units.contains(.ratio) ? Decimal128(units: 1, scale: 4) : Decimal128(units: 1, scale: 2)
    }
}

extension Threshold {
    /// The values just below, at and just above.
    func points(step: Decimal128) -> [(side: SchemeBoundary.Side, value: Value)] {
        switch value {
        case .number(let number):
            return [(.below, .number(number - step)), (.at, .number(number)), (.above, .number(number + step))]
        case .date(let day):
            let shifted = [-1, 1].map { FEELDate(daysSince1970: day.daysSince1970 + $0).map(Value.date) ?? .null }
            return [(.below, shifted[0]), (.at, value), (.above, shifted[1])]
        case .time(let time):
            let seconds = Int64(time.hour * 3600 + time.minute * 60) + Int64(time.second)
            return [(SchemeBoundary.Side.below, Int64(-1)), (.at, 0), (.above, 1)].map { side, more in
                (side, Value(timeOfDay: min(max(seconds + more, 0), 86_399) * 1_000_000))
            }
        default: return []
        }
    }
}

extension Value {
    /// As a table shows it: without quotes.
    var plainText: String { asString ?? text }
}
