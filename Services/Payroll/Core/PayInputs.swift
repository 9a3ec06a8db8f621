public import Contracts
public import Domain

/// The latest result of one scheme for one manager and period.
public struct ScoredResult: Hashable, Sendable {
    public var scheme: String
    public var version: Int
    public var period: Period
    public var revision: Int
    public var grade: String?
    /// The published figures, in canonical text.
    public var figures: [String: String]

    /// A result of its parts.
    public init(
        scheme: String, version: Int, period: Period, revision: Int, grade: String?, figures: [String: String]
    ) {
        self.scheme = scheme
        self.version = version
        self.period = period
        self.revision = revision
        self.grade = grade
        self.figures = figures
    }
}

/// A finding with a fine that stands: raised and not withdrawn.
public struct ChargedFinding: Hashable, Sendable {
    public var id: UUID128
    public var scheme: String
    public var version: Int
    public var rule: String
    public var clause: String
    public var date: CalendarDate
    /// The fine in hundredths, positive.
    public var amount: Int64
    public var fund: String?
    public var fact: UUID128?
    public var text: BilingualText

    /// A finding of its parts.
    public init(
        id: UUID128, scheme: String, version: Int, rule: String, clause: String, date: CalendarDate, amount: Int64,
        fund: String?, fact: UUID128?, text: BilingualText
    ) {
        self.id = id
        self.scheme = scheme
        self.version = version
        self.rule = rule
        self.clause = clause
        self.date = date
        self.amount = amount
        self.fund = fund
        self.fact = fact
        self.text = text
    }
}

/// Everything known of one manager's earned period when a run is calculated.
public struct EarnedPeriod: Hashable, Sendable {
    public var period: Period
    /// One result for each scheme, the latest revision.
    public var results: [ScoredResult]
    public var findings: [ChargedFinding]
    /// What earlier runs have booked for this period.
    public var booked: [PayItem]
    /// The facts that changed the period since it was last booked.
    public var causes: [UUID128]

    /// A period of its parts.
    public init(
        period: Period, results: [ScoredResult], findings: [ChargedFinding], booked: [PayItem] = [],
        causes: [UUID128] = []
    ) {
        self.period = period
        self.results = results
        self.findings = findings
        self.booked = booked
        self.causes = causes
    }
}

/// What a scheme's pay rules make of one result.
public struct PricedPay: Hashable, Sendable {
    /// One named component with its amount, rounded half up to a hundredth.
    public struct Item: Hashable, Sendable {
        public var component: String
        public var title: BilingualText
        /// Hundredths; deductions are negative.
        public var amount: Int64
        public var rule: String
        public var clause: String
        public var fund: String?
        public var basis: BilingualText
        public var findings: [UUID128]

        /// An item of its parts.
        public init(
            component: String, title: BilingualText, amount: Int64, rule: String, clause: String, fund: String? = nil,
            basis: BilingualText, findings: [UUID128] = []
        ) {
            self.component = component
            self.title = title
            self.amount = amount
            self.rule = rule
            self.clause = clause
            self.fund = fund
            self.basis = basis
            self.findings = findings
        }
    }

    public var items: [Item]
    /// What is paid of the items and of what was carried in.
    public var net: Int64
    /// What is left to be recovered later (zero or negative).
    public var carriedOut: Int64
    /// Items that could not be worked out, and why.
    public var gaps: [BilingualText]

    /// A priced result of its parts.
    public init(items: [Item], net: Int64, carriedOut: Int64, gaps: [BilingualText] = []) {
        self.items = items
        self.net = net
        self.carriedOut = carriedOut
        self.gaps = gaps
    }
}
