public import Contracts
import Domain

/// A fact of a batch on its way into the store.
public struct BatchFact: Sendable {
    /// Its message's index in the batch.
    public let index: Int
    public internal(set) var subject: Int32
    public let type: Int16
    public let view: FactView

    public init(index: Int, subject: Int32, type: Int16, view: FactView) {
        self.index = index
        self.subject = subject
        self.type = type
        self.view = view
    }
}

/// The facts of a batch in the order of the store's key, with repeats found.
public struct FactBatch: Sendable {
    private struct Place {
        var subject: Int32
        let id: UUID128
        let position: Int32
    }

    public private(set) var facts: [BatchFact] = []
    private var places: [Place] = []

    public init() {}

    public mutating func removeAll() {
        facts.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
    }

    public mutating func append(_ fact: BatchFact) {
        places.append(Place(subject: fact.subject, id: fact.view.id, position: Int32(facts.count)))
        facts.append(fact)
    }

    /// Puts real numbers in the place of negative ones: `numbers[n]` for `-1 - n`.
    public mutating func number(_ numbers: [Int32]) {
        for position in facts.indices where facts[position].subject < 0 {
            let number = numbers[Int(-1 - facts[position].subject)]
            facts[position].subject = number
            places[position].subject = number
        }
    }

    /// Sorts by subject and id, and calls `repeated` for each fact whose id came earlier in the batch.
    ///
    /// - Returns: the positions of the facts that came first, in the order of the store's key.
    public mutating func firsts(repeated: (_ first: BatchFact, _ again: BatchFact) -> Void) -> [Int] {
        places.sort { left, right in
            if left.subject != right.subject { return left.subject < right.subject }
            if left.id != right.id { return left.id < right.id }
            return left.position < right.position
        }
        var firsts: [Int] = []
        firsts.reserveCapacity(places.count)
        var previous: Place?
        for place in places {
            if let earlier = previous, earlier.subject == place.subject, earlier.id == place.id {
                repeated(facts[Int(earlier.position)], facts[Int(place.position)])
            } else {
                firsts.append(Int(place.position))
                previous = place
            }
        }
        return firsts
    }
}
