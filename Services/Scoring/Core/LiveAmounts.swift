import Domain

/// Works out which amounts of an aggregate still count when some of its facts have been undone.
///
/// A fact, what undoes it, what undoes that, and so on are one chain with one amount. The amount counts as long as more
/// facts of the chain state it than undo it, under the id of the fact that the chain began with. That holds in any
/// order of arrival.
public struct LiveAmounts: Sendable {
    private var parts: [UUID128: Contribution] = [:]

    public init() {}

    public mutating func add(_ part: Contribution) { parts[part.order.id] = part }

    /// An aggregate with `last`, `min` and `max` only.
    public var ordered: Aggregate {
        var net: [UUID128: Int] = [:]
        for part in parts.values { net[root(of: part), default: 0] += part.sign }
        var aggregate = Aggregate()
        for part in parts.values {
            let root = root(of: part)
            guard net[root, default: 0] > 0 else { continue }
            aggregate.see(
                part.amount, at: FactOrder(day: part.order.day, microseconds: part.order.microseconds, id: root))
        }
        return aggregate
    }

    /// The id of the fact that a chain of reversals began with, as far as the chain is known.
    private func root(of part: Contribution) -> UUID128 {
        var part = part
        // Bounded, so that facts that name each other cannot hold a worker up.
        for _ in 0..<64 {
            guard let undone = part.reverses else { return part.order.id }
            guard let earlier = parts[undone] else { return undone }
            part = earlier
        }
        return part.order.id
    }
}
