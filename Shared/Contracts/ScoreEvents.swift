public import Domain

/// A text that people read, in both languages of the product.
public struct BilingualText: Codable, Hashable, Sendable {
    public var zh: String
    public var en: String

    public init(zh: String, en: String) {
        self.zh = zh
        self.en = en
    }
}

/// Where a log was cut: the offset of the marker that ended the facts an evaluation saw.
public struct Cut: Codable, Hashable, Sendable {
    public var topic: String
    public var partition: Int32
    public var offset: Int64

    public init(topic: String, partition: Int32, offset: Int64) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
    }
}

/// `gradus.score.finalised.v1` and `gradus.score.revised.v1`: what a period's evaluation found for one subject.
public struct ScoreEvent: Codable, Hashable, Sendable {
    public var id: UUID128
    public var institution: String
    public var subject: Subject
    public var scheme: String
    public var version: Int
    public var period: Period
    /// 1 for the first result of a period, then 2, 3, … for its revisions.
    public var revision: Int
    public var close: UUID128
    public var cut: Cut
    /// Exact decimal text; absent when the scheme keeps no score.
    public var score: String?
    public var grade: String?
    /// The figures that pay and notices need, in FEEL's canonical text.
    public var figures: [String: String]
    /// The facts that made a revision necessary; empty in a first result.
    public var causes: [UUID128]

    public init(
        id: UUID128, institution: String, subject: Subject, scheme: String, version: Int, period: Period, revision: Int,
        close: UUID128, cut: Cut, score: String?, grade: String?, figures: [String: String], causes: [UUID128]
    ) {
        self.id = id
        self.institution = institution
        self.subject = subject
        self.scheme = scheme
        self.version = version
        self.period = period
        self.revision = revision
        self.close = close
        self.cut = cut
        self.score = score
        self.grade = grade
        self.figures = figures
        self.causes = causes
    }
}

/// `gradus.grade.proposed.v1` and `gradus.grade.decided.v1`.
public struct GradeEvent: Codable, Hashable, Sendable {
    public var id: UUID128
    public var institution: String
    public var subject: Subject
    public var scheme: String
    public var version: Int
    public var ladder: String
    public var from: String?
    public var to: String
    public var effectiveFrom: CalendarDate
    public var rule: String
    public var clause: String
    public var reason: BilingualText
    public var task: UUID128?

    public init(
        id: UUID128, institution: String, subject: Subject, scheme: String, version: Int, ladder: String, from: String?,
        to: String, effectiveFrom: CalendarDate, rule: String, clause: String, reason: BilingualText, task: UUID128?
    ) {
        self.id = id
        self.institution = institution
        self.subject = subject
        self.scheme = scheme
        self.version = version
        self.ladder = ladder
        self.from = from
        self.to = to
        self.effectiveFrom = effectiveFrom
        self.rule = rule
        self.clause = clause
        self.reason = reason
        self.task = task
    }
}

/// `gradus.finding.raised.v1` and `gradus.finding.withdrawn.v1`: a breach of an obligation, with its fine if it has one.
public struct FindingEvent: Codable, Hashable, Sendable {
    public var id: UUID128
    public var institution: String
    public var subject: Subject
    public var scheme: String
    public var version: Int
    public var rule: String
    public var clause: String
    public var date: CalendarDate
    /// The month whose pay bears the fine.
    public var period: Period
    /// A fine as decimal text, such as `20.00`; absent for a finding without amount.
    public var amount: String?
    public var currency: Currency?
    public var fund: String?
    public var fact: UUID128?
    public var text: BilingualText

    public init(
        id: UUID128, institution: String, subject: Subject, scheme: String, version: Int, rule: String, clause: String,
        date: CalendarDate, period: Period, amount: String?, currency: Currency?, fund: String?, fact: UUID128?,
        text: BilingualText
    ) {
        self.id = id
        self.institution = institution
        self.subject = subject
        self.scheme = scheme
        self.version = version
        self.rule = rule
        self.clause = clause
        self.date = date
        self.period = period
        self.amount = amount
        self.currency = currency
        self.fund = fund
        self.fact = fact
        self.text = text
    }
}

/// `gradus.task.requested.v1` and `gradus.task.closed.v1`: a decision that a person in a role has to take.
public struct TaskEvent: Codable, Hashable, Sendable {
    public var id: UUID128
    public var institution: String
    public var subject: Subject
    public var scheme: String
    public var version: Int
    public var rule: String
    public var clause: String
    public var role: String
    public var unit: String?
    public var dueAt: Timestamp
    public var options: [String]
    public var text: BilingualText
    public var fact: UUID128?
    /// The option chosen and the fact that says so; only when closed.
    public var decision: String?
    public var decidedBy: UUID128?

    public init(
        id: UUID128, institution: String, subject: Subject, scheme: String, version: Int, rule: String, clause: String,
        role: String, unit: String?, dueAt: Timestamp, options: [String], text: BilingualText, fact: UUID128?,
        decision: String? = nil, decidedBy: UUID128? = nil
    ) {
        self.id = id
        self.institution = institution
        self.subject = subject
        self.scheme = scheme
        self.version = version
        self.rule = rule
        self.clause = clause
        self.role = role
        self.unit = unit
        self.dueAt = dueAt
        self.options = options
        self.text = text
        self.fact = fact
        self.decision = decision
        self.decidedBy = decidedBy
    }
}

/// `gradus.status.changed.v1`: a suspension, transfer, removal or dismissal, and its end.
public struct StatusEvent: Codable, Hashable, Sendable {
    public var id: UUID128
    public var institution: String
    public var subject: Subject
    public var scheme: String
    public var version: Int
    public var rule: String
    public var clause: String
    public var status: String
    public var from: CalendarDate
    public var fact: UUID128?

    public init(
        id: UUID128, institution: String, subject: Subject, scheme: String, version: Int, rule: String, clause: String,
        status: String, from: CalendarDate, fact: UUID128?
    ) {
        self.id = id
        self.institution = institution
        self.subject = subject
        self.scheme = scheme
        self.version = version
        self.rule = rule
        self.clause = clause
        self.status = status
        self.from = from
        self.fact = fact
    }
}

/// Who is to be told.
public struct Audience: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, Sendable {
        /// The subject of the event.
        case manager
        /// Whoever holds `name` (a role) in the subject's institution, or in `unit` when given.
        case role
        /// Everybody in the unit `name`.
        case unit
        /// Everybody in the institution.
        case everyone
    }

    public var kind: Kind
    public var name: String?
    public var unit: String?

    public init(kind: Kind, name: String? = nil, unit: String? = nil) {
        self.kind = kind
        self.name = name
        self.unit = unit
    }
}

/// `gradus.notice.requested.v1`: a broadcast, bulletin or commendation whose values Scoring worked out.
public struct NoticeRequest: Codable, Hashable, Sendable {
    public var id: UUID128
    public var institution: String
    public var scheme: String
    public var version: Int
    public var rule: String
    public var clause: String
    public var audience: Audience
    public var subject: Subject?
    public var values: [String: String]
    /// The lines of a bulletin or ranking, in order.
    public var rows: [[String: String]]
    public var dueAt: Timestamp
    public var fact: UUID128?

    public init(
        id: UUID128, institution: String, scheme: String, version: Int, rule: String, clause: String,
        audience: Audience,
        subject: Subject?, values: [String: String], rows: [[String: String]], dueAt: Timestamp, fact: UUID128?
    ) {
        self.id = id
        self.institution = institution
        self.scheme = scheme
        self.version = version
        self.rule = rule
        self.clause = clause
        self.audience = audience
        self.subject = subject
        self.values = values
        self.rows = rows
        self.dueAt = dueAt
        self.fact = fact
    }
}

/// `gradus.period.closed.v1`: all partitions have reported; its counts are Payroll's control totals.
public struct PeriodClosed: Codable, Hashable, Sendable {
    public var id: UUID128
    public var institution: String
    public var period: Period
    public var close: UUID128
    public var attempt: Int
    /// Results written at this close, first ones and revisions.
    public var finalised: Int
    public var revised: Int
    public var cuts: [Cut]

    public init(
        id: UUID128, institution: String, period: Period, close: UUID128, attempt: Int, finalised: Int, revised: Int,
        cuts: [Cut]
    ) {
        self.id = id
        self.institution = institution
        self.period = period
        self.close = close
        self.attempt = attempt
        self.finalised = finalised
        self.revised = revised
        self.cuts = cuts
    }
}
