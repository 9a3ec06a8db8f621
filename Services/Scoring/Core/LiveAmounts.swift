import Domain

/// Works out which amounts of an aggregate still count when some of its facts have been undone.
///
/// A reversal repeats the date, moment and amount of what it undoes, so facts are netted by these: an amount counts as
/// long as more facts state it than undo it. That holds in any order of arrival and for chains of reversals.
public struct LiveAmounts: Sendable {
    private struct Moment: Hashable {
        let day: Int32
        let microseconds: Int64
        let amount: Int64
    }

    private var net: [Moment: (count: Int, id: UUID128?)] = [:]

    public init() {}

    public mutating func add(sign: Int, amount: Int64, at order: FactOrder) {
        let moment = Moment(day: order.day, microseconds: order.microseconds, amount: amount)
        var entry = net[moment] ?? (0, nil)
        entry.count += sign
        if sign > 0 { entry.id = max(entry.id ?? order.id, order.id) }
        net[moment] = entry
    }

    /// An aggregate with `last`, `min` and `max` only.
    public var ordered: Aggregate {
        var aggregate = Aggregate()
        for (moment, entry) in net where entry.count > 0 {
            guard let id = entry.id else { continue }
            aggregate.see(moment.amount, at: FactOrder(day: moment.day, microseconds: moment.microseconds, id: id))
        }
        return aggregate
    }
}
