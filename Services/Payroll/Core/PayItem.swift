public import Contracts
public import Domain

/// What a pay item is told apart by: items with equal keys are one entitlement, known at different times.
public struct ItemKey: Hashable, Sendable {
    /// The scheme, such as `dongguan-post/big-customer-centre`.
    public var scheme: String
    /// The name of the scheme's pay component.
    public var component: String
    /// The finding that a deduction stands for; absent for any other item.
    public var finding: UUID128?

    /// A key of its parts.
    public init(scheme: String, component: String, finding: UUID128? = nil) {
        self.scheme = scheme
        self.component = component
        self.finding = finding
    }
}

extension ItemKey: Comparable {
    /// By scheme, component and finding, so that corrections stand in the same order in every replay.
    public static func < (lhs: ItemKey, rhs: ItemKey) -> Bool {
        (lhs.scheme, lhs.component, lhs.finding ?? .least) < (rhs.scheme, rhs.component, rhs.finding ?? .least)
    }
}

extension UUID128 {
    fileprivate static let least = UUID128(high: 0, low: 0)
}

/// One item that a manager is entitled to (or owes) for an earned period, before it is booked in a run.
public struct PayItem: Hashable, Sendable {
    public var key: ItemKey
    public var version: Int
    public var title: BilingualText
    /// Hundredths of the run's currency; negative for a deduction.
    public var amount: Int64
    public var rule: String
    public var clause: String
    /// The fund that a fine goes to.
    public var fund: String?
    /// The formula with its numbers.
    public var basis: BilingualText
    /// The revision of the score that the item was computed from; 0 when it needs none.
    public var revision: Int
    /// The findings behind a deduction.
    public var findings: [UUID128]
    /// The facts behind a deduction.
    public var facts: [UUID128]

    /// An item of its parts.
    public init(
        key: ItemKey, version: Int, title: BilingualText, amount: Int64, rule: String, clause: String,
        fund: String? = nil, basis: BilingualText, revision: Int, findings: [UUID128] = [], facts: [UUID128] = []
    ) {
        self.key = key
        self.version = version
        self.title = title
        self.amount = amount
        self.rule = rule
        self.clause = clause
        self.fund = fund
        self.basis = basis
        self.revision = revision
        self.findings = findings
        self.facts = facts
    }
}

/// An item booked in a run: what is published, paid and never changed.
public struct BookedLine: Hashable, Sendable {
    public var id: UUID128
    /// The place of the line on its statement, from 1.
    public var ordinal: Int
    /// The period that the item belongs to.
    public var earned: Period
    public var item: PayItem
    /// Whether the item was earned before the run's own month.
    public var isCorrection: Bool
    /// The facts that caused a correction; empty otherwise.
    public var causes: [UUID128]

    /// A line of its parts.
    public init(
        id: UUID128, ordinal: Int, earned: Period, item: PayItem, isCorrection: Bool, causes: [UUID128]
    ) {
        self.id = id
        self.ordinal = ordinal
        self.earned = earned
        self.item = item
        self.isCorrection = isCorrection
        self.causes = causes
    }
}
