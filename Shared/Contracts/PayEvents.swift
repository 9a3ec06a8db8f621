public import Domain

/// `gradus.pay.line.v1` and `gradus.pay.correction.v1`: one item of one manager's pay in one run.
public struct PayLineEvent: Codable, Hashable, Sendable {
    public var id: UUID128
    public var run: UUID128
    public var institution: String
    public var subject: Subject
    /// The month in which the line is paid.
    public var payMonth: Period
    /// The month that the line belongs to; earlier than `payMonth` in a correction.
    public var earnedMonth: Period
    /// The name of the scheme's pay component.
    public var component: String
    public var title: BilingualText
    /// Decimal text with two decimals; negative for deductions and recoveries.
    public var amount: String
    public var currency: Currency
    public var scheme: String
    public var version: Int
    public var rule: String
    public var clause: String
    /// The fund that a fine goes to; absent for any other line.
    public var fund: String?
    /// The formula with its numbers.
    public var basis: BilingualText
    /// The revision of the score that the line was computed from; 0 when it needs none.
    public var revision: Int
    /// The findings behind a deduction, and the facts behind them.
    public var findings: [UUID128]
    public var facts: [UUID128]
    /// The facts that caused a correction; empty otherwise.
    public var causes: [UUID128]

    public init(
        id: UUID128, run: UUID128, institution: String, subject: Subject, payMonth: Period, earnedMonth: Period,
        component: String, title: BilingualText, amount: String, currency: Currency, scheme: String, version: Int,
        rule: String, clause: String, fund: String?, basis: BilingualText, revision: Int, findings: [UUID128],
        facts: [UUID128], causes: [UUID128]
    ) {
        self.id = id
        self.run = run
        self.institution = institution
        self.subject = subject
        self.payMonth = payMonth
        self.earnedMonth = earnedMonth
        self.component = component
        self.title = title
        self.amount = amount
        self.currency = currency
        self.scheme = scheme
        self.version = version
        self.rule = rule
        self.clause = clause
        self.fund = fund
        self.basis = basis
        self.revision = revision
        self.findings = findings
        self.facts = facts
        self.causes = causes
    }
}

/// `gradus.pay.statement.finalised.v1`: what one manager is paid in one run.
public struct StatementEvent: Codable, Hashable, Sendable {
    public var id: UUID128
    public var run: UUID128
    public var institution: String
    public var subject: Subject
    public var month: Period
    public var currency: Currency
    /// The sum of the run's lines of this manager.
    public var total: String
    /// What earlier months left to be recovered (zero or negative).
    public var carriedIn: String
    /// What is paid: never below zero.
    public var payable: String
    /// What is left for later months to recover (zero or negative).
    public var carriedOut: String
    public var lines: [UUID128]

    public init(
        id: UUID128, run: UUID128, institution: String, subject: Subject, month: Period, currency: Currency,
        total: String,
        carriedIn: String, payable: String, carriedOut: String, lines: [UUID128]
    ) {
        self.id = id
        self.run = run
        self.institution = institution
        self.subject = subject
        self.month = month
        self.currency = currency
        self.total = total
        self.carriedIn = carriedIn
        self.payable = payable
        self.carriedOut = carriedOut
        self.lines = lines
    }
}

/// `gradus.pay.run.*.v1`: a state of a pay run with its control totals.
public struct PayRunEvent: Codable, Hashable, Sendable {
    public enum State: String, Codable, Sendable { case open, calculated, approved, released }

    public var id: UUID128
    public var run: UUID128
    public var institution: String
    public var month: Period
    public var state: State
    public var statements: Int
    public var lines: Int
    public var corrections: Int
    public var currency: Currency
    /// The sum of all lines.
    public var total: String
    /// The sum of what is paid; equals the pay file's control sum.
    public var payable: String
    /// The pseudonymous reference of whoever did it.
    public var actor: String

    public init(
        id: UUID128, run: UUID128, institution: String, month: Period, state: State, statements: Int, lines: Int,
        corrections: Int, currency: Currency, total: String, payable: String, actor: String
    ) {
        self.id = id
        self.run = run
        self.institution = institution
        self.month = month
        self.state = state
        self.statements = statements
        self.lines = lines
        self.corrections = corrections
        self.currency = currency
        self.total = total
        self.payable = payable
        self.actor = actor
    }
}

/// `gradus.notice.*.v1`: a notice's way to its reader. Names, addresses and texts stay in the store.
public struct NoticeEvent: Codable, Hashable, Sendable {
    public enum State: String, Codable, Sendable { case issued, delivered, read, acknowledged }

    public var id: UUID128
    public var notice: UUID128
    public var institution: String
    public var recipient: Subject
    public var rule: String
    public var state: State
    /// `inbox`, `email` or `webhook`; absent when read or acknowledged.
    public var channel: String?
    public var cause: UUID128?

    public init(
        id: UUID128, notice: UUID128, institution: String, recipient: Subject, rule: String, state: State,
        channel: String?, cause: UUID128?
    ) {
        self.id = id
        self.notice = notice
        self.institution = institution
        self.recipient = recipient
        self.rule = rule
        self.state = state
        self.channel = channel
        self.cause = cause
    }
}
