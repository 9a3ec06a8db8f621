public import Domain

/// One record of a source about a customer, before it is known whom it is credited to.
public struct Movement: Hashable, Sendable {
    public var institution: String
    public var source: String
    public var sourceID: String
    public var type: String
    public var customer: String
    public var date: CalendarDate
    public var occurredAt: Timestamp
    public var offsetMinutes: Int
    /// `-1` for a record that undoes another.
    public var sign: Int
    /// The source's id of the record that this one undoes.
    public var reversalOf: String?
    public var amount: Quantity?
    public var unit: String?
    public var attributes: [String: AttributeValue]

    public init(
        institution: String, source: String, sourceID: String, type: String, customer: String, date: CalendarDate,
        occurredAt: Timestamp, offsetMinutes: Int, sign: Int = 1, reversalOf: String? = nil, amount: Quantity?,
        unit: String?, attributes: [String: AttributeValue] = [:]
    ) {
        self.institution = institution
        self.source = source
        self.sourceID = sourceID
        self.type = type
        self.customer = customer
        self.date = date
        self.occurredAt = occurredAt
        self.offsetMinutes = offsetMinutes
        self.sign = sign
        self.reversalOf = reversalOf
        self.amount = amount
        self.unit = unit
        self.attributes = attributes
    }

    /// What identifies a record: no two records of one source share an id.
    public struct Key: Hashable, Sendable, Comparable {
        public var source: String
        public var sourceID: String

        public init(source: String, sourceID: String) {
            self.source = source
            self.sourceID = sourceID
        }

        public static func < (lhs: Key, rhs: Key) -> Bool { (lhs.source, lhs.sourceID) < (rhs.source, rhs.sourceID) }
    }

    public var key: Key { Key(source: source, sourceID: sourceID) }
}

extension Movement {
    /// The attribute that keeps the source's id of an undone record.
    public static let reversalAttribute = "reversalOf"

    /// The movement as a fact about its customer: the form in which suspense keeps it.
    public var held: Fact {
        var attributes = attributes
        if let reversalOf { attributes[Self.reversalAttribute] = .text(reversalOf) }
        let subject = Subject(institution: institution, kind: .customer, id: customer)
        return Fact(
            id: CreditLine.identifier(key, subject, tag: ""), subject: subject, type: type, businessDate: date,
            occurredAt: occurredAt, offsetMinutes: offsetMinutes, sign: sign,
            reverses: reversalOf.map {
                CreditLine.identifier(Key(source: source, sourceID: $0), subject, tag: "")
            },
            amount: amount, unit: unit, customer: customer, source: source, sourceID: sourceID, attributes: attributes)
    }

    /// What ``held`` was made from.
    public init(held fact: Fact) {
        var attributes = fact.attributes
        var reversalOf: String?
        if case .text(let text)? = attributes.removeValue(forKey: Self.reversalAttribute) { reversalOf = text }
        self.init(
            institution: fact.subject.institution, source: fact.source, sourceID: fact.sourceID, type: fact.type,
            customer: fact.subject.id, date: fact.businessDate, occurredAt: fact.occurredAt,
            offsetMinutes: fact.offsetMinutes, sign: fact.sign, reversalOf: reversalOf, amount: fact.amount,
            unit: fact.unit, attributes: attributes)
    }
}
