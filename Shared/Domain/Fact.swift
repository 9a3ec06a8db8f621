/// A value in a fact's attributes: flat by design, so that filters and mappings stay readable.
public enum AttributeValue: Hashable, Sendable {
    case text(String)
    /// A JSON number, kept as its exact decimal text.
    case number(String)
    case flag(Bool)
}

/// Something that happened, credited to one subject: the only input of every rule.
public struct Fact: Hashable, Sendable {
    public var id: UUID128
    public var subject: Subject
    /// A dotted name such as `deposit.moved`.
    public var type: String
    /// The institution's own business day.
    public var businessDate: CalendarDate
    public var occurredAt: Timestamp
    /// The offset from UTC, in minutes, that `occurredAt` was written with.
    public var offsetMinutes: Int
    /// `1`, or `-1` when this fact undoes another.
    public var sign: Int
    /// The fact that this one undoes.
    public var reverses: UUID128?
    public var amount: Quantity?
    /// An ISO currency or a unit word such as `points`.
    public var unit: String?
    public var customer: String?
    /// The assignment through which Intake credited the fact.
    public var assignment: String?
    /// The credited part of the source's amount, as decimal text, when it was split.
    public var share: String?
    public var source: String
    public var sourceID: String
    public var attributes: [String: AttributeValue]

    public init(
        id: UUID128, subject: Subject, type: String, businessDate: CalendarDate, occurredAt: Timestamp,
        offsetMinutes: Int = 480, sign: Int = 1, reverses: UUID128? = nil, amount: Quantity? = nil,
        unit: String? = nil, customer: String? = nil, assignment: String? = nil, share: String? = nil,
        source: String, sourceID: String, attributes: [String: AttributeValue] = [:]
    ) {
        self.id = id
        self.subject = subject
        self.type = type
        self.businessDate = businessDate
        self.occurredAt = occurredAt
        self.offsetMinutes = offsetMinutes
        self.sign = sign
        self.reverses = reverses
        self.amount = amount
        self.unit = unit
        self.customer = customer
        self.assignment = assignment
        self.share = share
        self.source = source
        self.sourceID = sourceID
        self.attributes = attributes
    }
}
