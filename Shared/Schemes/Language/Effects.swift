public import Domain

/// What a rule brings about: the only ways in which a scheme acts on the world.
public enum Effect: Hashable, Sendable {
    case finding(Finding)
    /// The fact behind a finding was undone.
    case findingWithdrawn(id: UUID128, rule: String)
    case task(TaskRequest)
    case taskClosed(id: UUID128, rule: String, outcome: String)
    case grade(GradeChange)
    case status(StatusChange)
    case statusWithdrawn(id: UUID128, rule: String)
    case notice(NoticeRequest)

    /// The identifier of the thing raised, withdrawn or closed; the same in every replay.
    public var id: UUID128 {
        switch self {
        case .finding(let finding): finding.id
        case .findingWithdrawn(let id, _), .taskClosed(let id, _, _), .statusWithdrawn(let id, _): id
        case .task(let task): task.id
        case .grade(let change): change.id
        case .status(let change): change.id
        case .notice(let notice): notice.id
        }
    }

    /// The rule's number in the institution's register.
    public var rule: String {
        switch self {
        case .finding(let finding): finding.rule
        case .findingWithdrawn(_, let rule), .taskClosed(_, let rule, _), .statusWithdrawn(_, let rule): rule
        case .task(let task): task.rule
        case .grade(let change): change.rule
        case .status(let change): change.rule
        case .notice(let notice): notice.rule
        }
    }
}

/// Something done wrong or left undone, with the fine it costs.
public struct Finding: Hashable, Sendable {
    public let id: UUID128
    public let subject: Subject
    /// The name of the element that raised it.
    public let element: String
    public let rule: String
    public let clause: String
    /// The day of the fact, or the day on which the deadline passed.
    public let date: CalendarDate
    /// The base period that the day lies in, in whose pay the fine is deducted.
    public let period: Period
    /// What it costs, positive; `nil` when the rule sets no amount.
    public let amount: Money?
    /// Where the money goes.
    public let fund: String?
    public let fact: UUID128?
    public let text: BilingualText
    /// The name of the waiver under which nothing follows from it; it is reported all the same.
    public var waiver: String?
}

/// A decision that somebody has to take by a deadline.
public struct TaskRequest: Hashable, Sendable, Codable {
    public let id: UUID128
    public let subject: Subject
    public let rule: String
    public let clause: String
    /// The name of the element, such as `removal from the post`.
    public let task: String
    /// The place in an approval chain, from zero.
    public let step: Int
    public let role: String
    /// The subject's unit when it is known, so that the right holder of the role is asked.
    public let unit: String?
    public let dueAt: Timestamp
    public let options: [String]
    public let text: BilingualText
    public let fact: UUID128?
    /// What the answer needs to know again: the period judged, the instance, the task this one continues.
    public let context: [String: String]
}

/// A grade that changes, or is proposed to.
public struct GradeChange: Hashable, Sendable {
    public let id: UUID128
    public let subject: Subject
    public let ladder: String
    public let from: String?
    public let to: String
    public let effectiveFrom: CalendarDate
    /// `false` while somebody still has to approve it.
    public let decided: Bool
    public let rule: String
    public let clause: String
    public let reason: BilingualText
    public let task: UUID128?
}

/// A change of a person's standing, such as `suspended`.
public struct StatusChange: Hashable, Sendable {
    public let id: UUID128
    public let subject: Subject
    public let status: String
    public let from: CalendarDate
    public let rule: String
    public let clause: String
    public let fact: UUID128?
}

/// Who is told.
public struct Audience: Hashable, Sendable, Codable {
    public enum Kind: String, Sendable, Codable, CaseIterable { case manager, role, unit, everyone }

    public let kind: Kind
    /// The role's or the unit's name.
    public let value: String?

    public init(kind: Kind, value: String? = nil) {
        self.kind = kind
        self.value = value
    }
}

/// A message to be rendered from a template and sent.
public struct NoticeRequest: Hashable, Sendable {
    public let id: UUID128
    /// Whom it is about; `nil` for a bulletin about everyone.
    public let subject: Subject?
    /// The ``NoticeRule/name``.
    public let notice: String
    public let rule: String
    public let clause: String
    public let audience: Audience
    public let channels: [String]
    public let values: [String: String]
    /// The lines of a bulletin, best first.
    public let rows: [[String: String]]
    public let dueAt: Timestamp
}

/// When a notice is sent, to whom, by which channel, and its templates.
public struct NoticeRule: Hashable, Sendable {
    public enum Trigger: Hashable, Sendable {
        /// A single fact.
        case fact
        /// The close of a period, one notice for each subject.
        case period(Period.Kind)
        /// The close of a period, one notice with a row for each subject.
        case across(Period.Kind)
        /// An event of a service, such as `gradus.pay.statement.finalised.v1`.
        case event(type: String)
    }

    public let name: String
    public let rule: String
    public let clause: String
    public let trigger: Trigger
    public let audience: Audience
    public let channels: [String]
    public let subject: BilingualText
    /// A mustache template.
    public let body: BilingualText
}

/// Something that could not be judged because data are missing; never silently zero.
public struct Gap: Hashable, Sendable {
    public enum Kind: String, Sendable {
        case excluded, missingActual, missingTarget, missingGrade, missingAmount, noRow, waiver
    }

    public let kind: Kind
    public let rule: String
    public let figure: String
    public let text: BilingualText
}

/// What a decision brought about, or why it was not accepted.
public enum Answer: Hashable, Sendable {
    case effects([Effect])
    /// The task stays open.
    case refused(BilingualText)
}
