import Domain
import FEEL

/// A reserve at the end of one period, in cents.
struct ReserveState {
    var parts: [String: Int64] = [:]
    var withheld: Int64 = 0
    var released: Int64 = 0
    var charged: Int64 = 0

    var balance: Int64 { parts.values.reduce(0, +) }

    /// Forgets what an earlier period did.
    mutating func begin() {
        withheld = 0
        released = 0
        charged = 0
    }

    /// Keeps a part of what was earned back; what turns out to have been too much is given back, down to nothing.
    mutating func withhold(_ amount: Int64, for group: String) {
        let change = max(amount, -(parts[group] ?? 0))
        parts[group, default: 0] += change
        withheld += change
    }

    /// Uses up what was kept back: first that of the thing itself, then of the others in their order.
    mutating func charge(_ amount: Int64, for group: String) {
        var left = amount
        for name in [group] + parts.keys.sorted().filter({ $0 != group }) where left > 0 {
            let taken = min(left, parts[name] ?? 0)
            parts[name, default: 0] -= taken
            left -= taken
        }
        charged += amount - left
    }

    mutating func release(_ group: String) {
        released += parts[group] ?? 0
        parts[group] = 0
    }
}

/// What happened to a reserve in one period.
private struct ReserveMovements {
    var earned: [String: Int64] = [:]
    var closed: Set<String> = []
    var charged: [String: Int64] = [:]
}

extension Evaluator {
    func reserve(_ plan: ReservePlan, _ part: ReservePart) -> Value {
        let state = reserve(plan).last?.state ?? ReserveState()
        switch part {
        case .withheld: return Self.money(state.withheld)
        case .released: return Self.money(state.released)
        case .charged: return Self.money(state.charged)
        case .balance: return Self.money(state.balance)
        case .parts:
            let names = measure(at: plan.earned)?.per ?? []
            return .list(
                state.parts.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { group, units in
                    let entries = zip(names, SeriesDefinition.parts(of: group)).map { ($0, Value.string($1)) }
                    return .context(Context(entries + [("value", Self.money(units))]))
                })
        }
    }

    /// The movements of each period and the balance after them, for a trace.
    func history(of plan: ReservePlan) -> String {
        reserve(plan).map { period, state in
            let moves = [("+", state.withheld), ("released ", -state.released), ("charged ", -state.charged)]
                .filter { $0.1 != 0 }.map { "\($0.0)\(Self.money($0.1).text)" }
            return "\(period): \((moves + ["= \(Self.money(state.balance).text)"]).joined(separator: ", "))"
        }.joined(separator: "; ")
    }

    private static func money(_ units: Int64) -> Value { .number(Decimal128(units: units, scale: 2)) }

    /// The reserve after each period in which something happened, and after the one evaluated.
    ///
    /// Always from the beginning and from the facts alone, so that no earlier result is carried on.
    private func reserve(_ plan: ReservePlan) -> [(period: Period, state: ReserveState)] {
        var movements: [Period: ReserveMovements] = [inputs.period: ReserveMovements()]
        read(plan.earned, plan.from) { movements[$0, default: ReserveMovements()].earned[$1, default: 0] += $2.sum }
        read(plan.closed, plan.from) { period, group, row in
            if row.count > 0 { movements[period, default: ReserveMovements()].closed.insert(group) }
        }
        if let charged = plan.charged {
            read(charged, plan.from) {
                movements[$0, default: ReserveMovements()].charged[$1, default: 0] += $2.sum
            }
        }
        var state = ReserveState()
        var closed: Set<String> = []
        return movements.sorted { $0.key < $1.key }.map { period, moves in
            state.begin()
            let rate = rate(plan, on: period.last)
            for (group, amount) in moves.earned.sorted(by: { $0.key < $1.key }) {
                let kept = Decimal128(tenThousandths: amount) * rate
                state.withhold(kept.units(scale: 2, rounding: .halfUp) ?? 0, for: group)
            }
            for (group, amount) in moves.charged.sorted(by: { $0.key < $1.key }) {
                state.charge(Decimal128(tenThousandths: amount).units(scale: 2, rounding: .halfUp) ?? 0, for: group)
            }
            closed.formUnion(moves.closed)
            for group in closed.sorted() { state.release(group) }
            return (period, state)
        }
    }

    private func rate(_ plan: ReservePlan, on day: CalendarDate) -> Decimal128 {
        var frame = frame
        for (slot, value) in zip(storage.parameterSlots, storage.parameters(on: day)) { frame[slot] = value }
        return plan.rate.evaluate(frame).asNumber ?? .zero
    }

    private func measure(at slot: Int) -> MeasurePlan? {
        if case .measure(let plan) = storage.figure(slot).work { plan } else { nil }
    }

    /// Goes through the rows of a measure from a day to the end of the period evaluated.
    private func read(_ slot: Int, _ from: CalendarDate, _ body: (Period, String, SeriesRow) -> Void) {
        guard let plan = measure(at: slot), plan.seriesIndex >= 0, plan.seriesIndex < inputs.series.count else {
            return
        }
        for row in inputs.series[plan.seriesIndex] {
            let period = Period(inputs.period.kind, containing: plan.bucket.firstDay(of: row.bucket))
            guard from <= period.last, period.last <= inputs.period.last else { continue }
            body(period, row.group, row)
        }
    }
}
