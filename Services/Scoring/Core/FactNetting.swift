public import Domain

/// Facts that still count when reversals are taken off.
public enum FactNetting {
    /// What a fact says, without its own identity: a reversal says the same as what it undoes.
    private struct Statement: Hashable {
        let type: String
        let businessDate: CalendarDate
        let occurredAt: Timestamp
        let amount: Quantity?
        let customer: String?
        let attributes: [String: AttributeValue]

        init(_ fact: Fact) {
            type = fact.type
            businessDate = fact.businessDate
            occurredAt = fact.occurredAt
            amount = fact.amount
            customer = fact.customer
            attributes = fact.attributes.filter { $0.key != "reversalOf" }
        }
    }

    /// The attributes of the last profile that counts and is dated no later than `day`.
    public static func profile(_ facts: [Fact], on day: CalendarDate) -> [String: AttributeValue] {
        var net: [Statement: (count: Int, fact: Fact)] = [:]
        for fact in facts where fact.businessDate <= day {
            let statement = Statement(fact)
            let known = net[statement]
            let latest = known.map { order($0.fact) < order(fact) ? fact : $0.fact } ?? fact
            net[statement] = ((known?.count ?? 0) + fact.sign, latest)
        }
        return net.values.filter { $0.count > 0 }.map(\.fact).max { order($0) < order($1) }?.attributes ?? [:]
    }

    private static func order(_ fact: Fact) -> FactOrder {
        FactOrder(day: fact.businessDate.dayNumber, microseconds: fact.occurredAt.microseconds, id: fact.id)
    }
}
