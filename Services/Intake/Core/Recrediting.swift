public import Domain

/// What must be written so that one customer's credits are what the assignments now known say.
public struct CreditCorrection: Hashable, Sendable {
    /// New links of chains, in an order that does not depend on the order of the input.
    public var facts: [Fact] = []
    /// Held movements that now have a credit.
    public var released: [Movement.Key] = []
    /// Held movements that still have none.
    public var stillHeld = 0
    /// Movements once credited that nobody holds any more.
    public var orphaned = 0

    /// How many of the facts take a credit back; the others give one.
    public var reversed = 0
}

extension Crediting {
    /// Compares the credits a customer has with those it should have.
    ///
    /// - Parameters:
    ///   - existing: every fact in the store that names the customer; those not credited by assignment are left
    /// alone.   - held: the customer's movements in suspense.   - assignments: the customer's assignments as known
    /// now.
    public func correction(
        existing: [Fact], held: [Movement], assignments: [Assignment], offsetMinutes: Int = 480
    ) -> CreditCorrection {
        var chains: [UUID128: Chain] = [:]
        var movements: [Movement.Key: Movement] = [:]
        for fact in existing where fact.assignment != nil {
            guard let (origin, link) = origin(of: fact) else { continue }
            chains[origin.id, default: Chain(line: CreditLine(fact: origin))].links.insert(link)
            if let movement = movement(behind: origin) { movements[movement.key] = movement }
        }
        var correction = CreditCorrection()
        for movement in held {
            let isCredited = !lines(of: movement, under: assignments).isEmpty
            if isCredited { correction.released.append(movement.key) } else { correction.stillHeld += 1 }
            movements[movement.key] = movement
        }
        let heldKeys = Set(held.map(\.key))
        for movement in movements.values {
            let wanted = lines(of: movement, under: assignments)
            if wanted.isEmpty, !heldKeys.contains(movement.key) { correction.orphaned += 1 }
            for line in wanted { chains[line.fact.id, default: Chain(line: line)].wanted = 1 }
        }
        for line in Portfolio.lines(of: assignments, offsetMinutes: offsetMinutes) {
            chains[line.fact.id, default: Chain(line: line)].wanted = 1
        }
        for chain in chains.values {
            let links = chain.line.links(toReach: chain.wanted, having: chain.links)
            correction.facts += links
            correction.reversed += links.count { $0.sign != chain.line.fact.sign }
        }
        correction.facts.sort { $0.id < $1.id }
        correction.released.sort()
        return correction
    }

    private struct Chain {
        var line: CreditLine
        var links: Set<Int> = []
        var wanted = 0
    }

    /// The longest chain that is followed; each link is a change of the same assignment back and forth.
    static let chainLimit = 1_000

    /// The first link of the chain that `fact` belongs to, and which link it is; `nil` for a fact that Intake did not
    /// credit.
    private func origin(of fact: Fact) -> (Fact, Int)? {
        var origin = fact
        let key = Movement.Key(source: fact.source, sourceID: fact.sourceID)
        let tag = CreditLine.tag(of: fact)
        origin.id = CreditLine.identifier(key, fact.subject, tag: tag)
        var id = origin.id
        var number = 0
        while id != fact.id {
            guard number < Self.chainLimit else { return nil }
            id = CreditLine.undoing(id)
            number += 1
        }
        if !number.isMultiple(of: 2) { origin.sign = -fact.sign }
        origin.reverses = nil
        if case .text(let reversed)? = fact.attributes[Movement.reversalAttribute] {
            origin.reverses = CreditLine.identifier(
                Movement.Key(source: fact.source, sourceID: reversed), fact.subject, tag: tag)
        }
        return (origin, number)
    }

    /// The movement that a credit was made from.
    private func movement(behind origin: Fact) -> Movement? {
        guard origin.source != Portfolio.source, let customer = origin.customer else { return nil }
        var attributes = origin.attributes
        var type = origin.type
        var date = origin.businessDate
        var amount = origin.amount
        if case .text(let whole)? = attributes.removeValue(forKey: "sourceAmount") { amount = Quantity(whole) }
        if case .text(let movedOn)? = attributes.removeValue(forKey: "movedOn") {
            guard let base = stock.base(of: type), let moved = CalendarDate(movedOn) else { return nil }
            attributes["from"] = nil
            attributes["to"] = nil
            type = base
            date = moved
        }
        var reversalOf: String?
        if case .text(let text)? = attributes.removeValue(forKey: Movement.reversalAttribute) { reversalOf = text }
        return Movement(
            institution: origin.subject.institution, source: origin.source, sourceID: origin.sourceID, type: type,
            customer: customer, date: date, occurredAt: origin.occurredAt, offsetMinutes: origin.offsetMinutes,
            sign: origin.sign, reversalOf: reversalOf, amount: amount, unit: origin.unit, attributes: attributes)
    }
}
