public import Domain

/// One credit of one movement to one manager, and the chain of facts that gives, takes back and gives it again.
///
/// Link 0 of the chain is the credit. Link n+1 undoes link n, so that its id follows from link n's: whoever decides
/// the same change of credit writes the same fact, and its repetition is a duplicate.
public struct CreditLine: Hashable, Sendable {
    /// Link 0.
    public var fact: Fact

    init(fact: Fact) { self.fact = fact }

    /// The id of a credited fact; `tag` says through which assignment, in what part, and for moved balances when.
    public static func identifier(_ key: Movement.Key, _ subject: Subject, tag: String) -> UUID128 {
        DeterministicID.make("fact", key.source, key.sourceID, subject.description, tag)
    }

    /// The id of the fact that undoes `id`.
    public static func undoing(_ id: UUID128) -> UUID128 {
        DeterministicID.make("reversal", id.description)
    }

    /// Everything about a credit that may differ between two credits of one movement to one manager.
    static func tag(of fact: Fact) -> String {
        let assignment = fact.assignment ?? ""
        let amount = fact.amount?.description ?? ""
        if fact.type.hasSuffix(StockTypes.transferred) { return "\(assignment)|\(fact.businessDate)|\(amount)" }
        if fact.source == Portfolio.source {
            return "\(assignment)|\(fact.type)|\(fact.businessDate)|\(fact.share ?? "1")"
        }
        return fact.share.map { "\(assignment)|\($0)|\(amount)" } ?? assignment
    }

    /// Link `number` of the chain.
    public func link(_ number: Int) -> Fact {
        var link = fact
        for _ in 0..<number {
            link.reverses = link.id
            link.id = Self.undoing(link.id)
            link.sign = -link.sign
        }
        return link
    }

    /// The facts still to be written so that the credit counts `wanted` times (0 or 1), given the links that exist.
    func links(toReach wanted: Int, having existing: Set<Int>) -> [Fact] {
        var net = existing.reduce(0) { $0 + ($1.isMultiple(of: 2) ? 1 : -1) }
        var known = existing
        var written: [Fact] = []
        while net != wanted {
            let parity = net < wanted ? 0 : 1
            // The lowest free link of the right direction: ids of links below it are in the log or on their way.
            var number = parity
            while known.contains(number) { number += 2 }
            known.insert(number)
            written.append(link(number))
            net += parity == 0 ? 1 : -1
        }
        return written
    }
}

/// The fact types whose amounts are movements of a balance that goes with its customer.
public struct StockTypes: Hashable, Sendable {
    static let transferred = ".transferred"
    public let types: Set<String>

    public init(_ types: Set<String>) { self.types = types }

    public func contains(_ type: String) -> Bool { types.contains(type) }

    /// `deposit.moved` → `deposit.transferred`.
    static func transfer(of type: String) -> String {
        (type.lastIndex(of: ".").map { String(type[..<$0]) } ?? type) + transferred
    }

    /// The stock type whose balance `type` transfers.
    func base(of type: String) -> String? {
        types.first { Self.transfer(of: $0) == type }
    }
}
