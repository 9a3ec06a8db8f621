public import Contracts
public import Domain

/// Something that a scheme may have a notice for: an event of the scores or payroll topic, as values for templates.
public struct NoticeOccasion: Hashable, Sendable {
    /// The id of the event, from which the ids of its notices are made.
    public var event: UUID128
    public var type: EventType
    public var institution: String
    public var subject: Subject?
    /// The scheme whose notices apply; nil for a run or a statement, to which any scheme of the institution may speak.
    public var scheme: String?
    public var version: Int?
    public var rule: String?
    public var clause: String?
    /// The role and unit that a task waits for.
    public var role: String?
    public var unit: String?
    /// Set by a request; otherwise the scheme's rule says who is told.
    public var audience: Audience?
    /// When the readers are to be told; at once when absent or past.
    public var dueAt: Timestamp?
    /// The fact behind it all.
    public var fact: UUID128?
    public var values: [String: String]
    /// Values that differ by language.
    public var texts: [String: BilingualText]
    /// The lines of a bulletin, in order.
    public var rows: [[String: String]]

    /// An occasion without values.
    public init(event: UUID128, type: EventType, institution: String, subject: Subject?) {
        self.event = event
        self.type = type
        self.institution = institution
        self.subject = subject
        self.values = ["institution": institution]
        self.texts = [:]
        self.rows = []
        if let subject { values["subject"] = subject.id }
    }

    fileprivate mutating func name(_ scheme: String, _ version: Int, rule: String? = nil, clause: String? = nil) {
        self.scheme = scheme
        self.version = version
        self.rule = rule
        self.clause = clause
        values["scheme"] = scheme
        values["version"] = String(version)
        values["rule"] = rule
        values["clause"] = clause
    }
}

extension NoticeOccasion {
    /// A result: its figures under their own names, beside `score`, `grade`, `period` and `revision`.
    public init(_ event: ScoreEvent, type: EventType) {
        self.init(event: event.id, type: type, institution: event.institution, subject: event.subject)
        values.merge(event.figures) { own, _ in own }
        name(event.scheme, event.version)
        values["period"] = event.period.description
        values["revision"] = String(event.revision)
        values["score"] = event.score
        values["grade"] = event.grade
    }

    /// A grade proposed or decided.
    public init(_ event: GradeEvent, type: EventType) {
        self.init(event: event.id, type: type, institution: event.institution, subject: event.subject)
        name(event.scheme, event.version, rule: event.rule, clause: event.clause)
        values["ladder"] = event.ladder
        values["from"] = event.from
        values["to"] = event.to
        values["effectiveFrom"] = event.effectiveFrom.description
        texts["reason"] = event.reason
    }

    /// A finding raised or withdrawn.
    public init(_ event: FindingEvent, type: EventType) {
        self.init(event: event.id, type: type, institution: event.institution, subject: event.subject)
        name(event.scheme, event.version, rule: event.rule, clause: event.clause)
        fact = event.fact
        values["date"] = event.date.description
        values["period"] = event.period.description
        values["amount"] = event.amount
        values["currency"] = event.currency?.code
        values["fund"] = event.fund
        texts["text"] = event.text
    }

    /// A task opened or closed.
    public init(_ event: TaskEvent, type: EventType) {
        self.init(event: event.id, type: type, institution: event.institution, subject: event.subject)
        name(event.scheme, event.version, rule: event.rule, clause: event.clause)
        role = event.role
        unit = event.unit
        fact = event.fact
        values["task"] = event.id.description
        values["role"] = event.role
        values["unit"] = event.unit
        values["deadline"] = String(event.dueAt.text(offsetMinutes: 480).prefix(16)).replacing("T", with: " ")
        values["options"] = event.options.joined(separator: " / ")
        values["decision"] = event.decision
        texts["text"] = event.text
    }

    /// A status that begins or ends.
    public init(_ event: StatusEvent) {
        self.init(event: event.id, type: .statusChanged, institution: event.institution, subject: event.subject)
        name(event.scheme, event.version, rule: event.rule, clause: event.clause)
        fact = event.fact
        values["status"] = event.status
        values["from"] = event.from.description
    }

    /// A broadcast, bulletin or commendation.
    public init(_ event: NoticeRequest) {
        self.init(event: event.id, type: .noticeRequested, institution: event.institution, subject: event.subject)
        values.merge(event.values) { _, given in given }
        name(event.scheme, event.version, rule: event.rule, clause: event.clause)
        audience = event.audience
        dueAt = event.dueAt
        fact = event.fact
        rows = event.rows
    }

    /// A pay line or a correction.
    public init(_ event: PayLineEvent, type: EventType) {
        self.init(event: event.id, type: type, institution: event.institution, subject: event.subject)
        name(event.scheme, event.version, rule: event.rule, clause: event.clause)
        fact = event.facts.first ?? event.causes.first
        values["component"] = event.component
        values["amount"] = event.amount
        values["currency"] = event.currency.code
        values["earnedMonth"] = event.earnedMonth.description
        values["payMonth"] = event.payMonth.description
        texts["title"] = event.title
        texts["basis"] = event.basis
    }

    /// A statement.
    public init(_ event: StatementEvent) {
        self.init(event: event.id, type: .statementFinalised, institution: event.institution, subject: event.subject)
        values["run"] = event.run.description
        values["month"] = event.month.description
        values["currency"] = event.currency.code
        values["total"] = event.total
        values["carriedIn"] = event.carriedIn
        values["payable"] = event.payable
        values["carriedOut"] = event.carriedOut
        values["lines"] = String(event.lines.count)
    }

    /// A state of a pay run.
    public init(_ event: PayRunEvent, type: EventType) {
        self.init(event: event.id, type: type, institution: event.institution, subject: nil)
        values["run"] = event.run.description
        values["month"] = event.month.description
        values["state"] = event.state.rawValue
        values["statements"] = String(event.statements)
        values["lines"] = String(event.lines)
        values["corrections"] = String(event.corrections)
        values["currency"] = event.currency.code
        values["total"] = event.total
        values["payable"] = event.payable
        values["actor"] = event.actor
    }
}
