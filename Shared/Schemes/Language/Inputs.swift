public import Domain

/// Everything that the evaluation of one subject for one period depends on.
public struct SubjectInputs: Sendable {
    public var subject: Subject
    public var period: Period
    /// The attributes of the subject's last profile fact, such as `manager.profile`.
    public var profile: [String: AttributeValue] = [:]
    /// For each of ``Scheme/series`` its rows, in any order; rows after the period are ignored.
    public var series: [[SeriesRow]] = []
    /// Facts of ``Scheme/keptFactTypes`` in ``Scheme/keptWindow(for:)``, reversals included, in any order.
    public var facts: [Fact] = []
    /// The latest results of earlier periods of the same scheme.
    public var prior: [PriorResult] = []
    /// All decided grades; the one in force on the period's last day counts.
    public var grades: [GradeHold] = []
    /// Tasks about the subject that were open at the cut.
    public var openTasks: [TaskRequest] = []
    public var calendar = WorkCalendar()
    /// Names the record-time cut in the trace.
    public var cut = ""

    public init(subject: Subject, period: Period) {
        self.subject = subject
        self.period = period
    }
}

/// The published figures of a closed period, as text.
public struct PriorResult: Hashable, Sendable {
    public var period: Period
    public var figures: [String: String]

    public init(period: Period, figures: [String: String]) {
        self.period = period
        self.figures = figures
    }
}

/// A grade held on a ladder from a day on.
public struct GradeHold: Hashable, Sendable {
    public var ladder: String
    public var grade: String
    public var from: CalendarDate

    public init(ladder: String, grade: String, from: CalendarDate) {
        self.ladder = ladder
        self.grade = grade
        self.from = from
    }
}

/// One member of the population in the second phase, with the figures its first phase published.
public struct PopulationMember: Hashable, Sendable {
    public var subject: Subject
    public var unit: String?
    public var figures: [String: String]

    public init(subject: Subject, unit: String? = nil, figures: [String: String]) {
        self.subject = subject
        self.unit = unit
        self.figures = figures
    }
}

/// What pay of one manager for one period depends on.
public struct PayInputs: Sendable {
    public var subject: Subject
    public var period: Period
    /// ``Scheme/payFigures`` as published.
    public var figures: [String: String]
    /// Findings of the period that were not withdrawn.
    public var findings: [PayFinding]
    /// What the period before left to be recovered: zero or negative.
    public var carryIn: Money

    public init(
        subject: Subject, period: Period, figures: [String: String], findings: [PayFinding] = [], carryIn: Money
    ) {
        self.subject = subject
        self.period = period
        self.figures = figures
        self.findings = findings
        self.carryIn = carryIn
    }
}

/// A finding as Payroll knows it.
public struct PayFinding: Hashable, Sendable {
    public var id: UUID128
    public var rule: String
    public var clause: String
    public var date: CalendarDate
    /// Positive.
    public var amount: Money
    public var fund: String?
    public var text: BilingualText

    public init(
        id: UUID128, rule: String, clause: String, date: CalendarDate, amount: Money, fund: String? = nil,
        text: BilingualText
    ) {
        self.id = id
        self.rule = rule
        self.clause = clause
        self.date = date
        self.amount = amount
        self.fund = fund
        self.text = text
    }
}
