public import Contracts
public import Domain
public import Schemes

/// What a rule brought about, in the form in which it is kept and published.
public enum EffectRecord: Codable, Hashable, Sendable {
    case finding(FindingEvent)
    case findingWithdrawn(id: UUID128, rule: String)
    case task(TaskEvent, request: TaskRequest)
    case taskClosed(id: UUID128, rule: String, outcome: String)
    /// The decision that closed it was undone.
    case taskReopened(id: UUID128, rule: String)
    case grade(GradeEvent, decided: Bool)
    /// What gave the grade was undone.
    case gradeWithdrawn(GradeEvent)
    case status(StatusEvent)
    case statusWithdrawn(id: UUID128, rule: String)
    case notice(Contracts.NoticeRequest)

    /// The identifier of the thing raised, withdrawn or closed.
    public var id: UUID128 {
        switch self {
        case .finding(let event): event.id
        case .task(let event, _): event.id
        case .grade(let event, _), .gradeWithdrawn(let event): event.id
        case .status(let event): event.id
        case .notice(let event): event.id
        case .findingWithdrawn(let id, _), .taskClosed(let id, _, _), .taskReopened(let id, _),
            .statusWithdrawn(let id, _):
            id
        }
    }

    /// The record of an effect of a scheme in one version.
    public init(_ effect: Effect, of scheme: Scheme) {
        switch effect {
        case .finding(let finding): self = .finding(FindingEvent(finding, of: scheme))
        case .findingWithdrawn(let id, let rule): self = .findingWithdrawn(id: id, rule: rule)
        case .task(let request): self = .task(TaskEvent(request, of: scheme), request: request)
        case .taskClosed(let id, let rule, let outcome): self = .taskClosed(id: id, rule: rule, outcome: outcome)
        case .grade(let change): self = .grade(GradeEvent(change, of: scheme), decided: change.decided)
        case .status(let change): self = .status(StatusEvent(change, of: scheme))
        case .statusWithdrawn(let id, let rule): self = .statusWithdrawn(id: id, rule: rule)
        case .notice(let notice): self = .notice(Contracts.NoticeRequest(notice, of: scheme))
        }
    }
}

/// What a revised evaluation changes among the effects of the one before it.
public struct EffectChanges: Sendable {
    public private(set) var changes: [EffectRecord] = []

    /// New identifiers are brought about, missing ones undone; a notice that was sent stays sent.
    public init(from before: [EffectRecord], to after: [EffectRecord]) {
        let known = Set(before.map(\.id))
        let kept = Set(after.map(\.id))
        for record in before where !kept.contains(record.id) {
            // A revision does not undo what somebody decided.
            switch record {
            case .taskClosed: continue
            case .grade(let event, decided: true) where event.task != nil: continue
            default: break
            }
            if let undoing = record.undoing { changes.append(undoing) }
        }
        changes += after.filter { !known.contains($0.id) }
    }
}

extension EffectRecord {
    /// What undoes it; `nil` for a notice, which stays sent, a proposal, and what undoes something itself.
    public var undoing: EffectRecord? {
        switch self {
        case .finding(let event): .findingWithdrawn(id: event.id, rule: event.rule)
        case .task(let event, _): .taskClosed(id: event.id, rule: event.rule, outcome: "withdrawn")
        case .taskClosed(let id, let rule, _): .taskReopened(id: id, rule: rule)
        case .status(let event): .statusWithdrawn(id: event.id, rule: event.rule)
        case .grade(let event, decided: true): .gradeWithdrawn(event)
        case .grade, .gradeWithdrawn, .notice, .findingWithdrawn, .taskReopened, .statusWithdrawn: nil
        }
    }
}

extension GradeEvent {
    /// The change back to the grade held before; `nil` when there was none.
    public var undone: GradeEvent? {
        guard let from else { return nil }
        var event = self
        event.id = DeterministicID.make("grade-undone", id.description)
        event.from = to
        event.to = from
        return event
    }

    init(_ change: GradeChange, of scheme: Scheme) {
        self.init(
            id: change.id, institution: scheme.institution, subject: change.subject, scheme: scheme.id,
            version: scheme.version, ladder: change.ladder, from: change.from, to: change.to,
            effectiveFrom: change.effectiveFrom, rule: change.rule, clause: change.clause,
            reason: Contracts.BilingualText(change.reason), task: change.task)
    }
}

extension FindingEvent {
    init(_ finding: Finding, of scheme: Scheme) {
        self.init(
            id: finding.id, institution: scheme.institution, subject: finding.subject, scheme: scheme.id,
            version: scheme.version, rule: finding.rule, clause: finding.clause, date: finding.date,
            period: finding.period, amount: finding.amount?.amountText, currency: finding.amount?.currency,
            fund: finding.fund, fact: finding.fact, text: Contracts.BilingualText(finding.text))
    }
}

extension TaskEvent {
    init(_ request: TaskRequest, of scheme: Scheme) {
        self.init(
            id: request.id, institution: scheme.institution, subject: request.subject, scheme: scheme.id,
            version: scheme.version, rule: request.rule, clause: request.clause, role: request.role,
            unit: request.unit, dueAt: request.dueAt, options: request.options,
            text: Contracts.BilingualText(request.text), fact: request.fact)
    }
}

extension StatusEvent {
    init(_ change: StatusChange, of scheme: Scheme) {
        self.init(
            id: change.id, institution: scheme.institution, subject: change.subject, scheme: scheme.id,
            version: scheme.version, rule: change.rule, clause: change.clause, status: change.status,
            from: change.from, fact: change.fact)
    }
}

extension Contracts.NoticeRequest {
    init(_ notice: Schemes.NoticeRequest, of scheme: Scheme) {
        var values = notice.values
        values["notice"] = notice.notice
        self.init(
            id: notice.id, institution: scheme.institution, scheme: scheme.id, version: scheme.version,
            rule: notice.rule, clause: notice.clause, audience: Contracts.Audience(notice.audience),
            subject: notice.subject, values: values, rows: notice.rows, dueAt: notice.dueAt, fact: nil)
    }
}

extension Contracts.Audience {
    init(_ audience: Schemes.Audience) {
        switch audience.kind {
        case .manager: self.init(kind: .manager)
        case .role: self.init(kind: .role, name: audience.value)
        case .unit: self.init(kind: .unit, name: audience.value)
        case .everyone: self.init(kind: .everyone)
        }
    }
}

extension Contracts.BilingualText {
    init(_ text: Schemes.BilingualText) { self.init(zh: text.zh, en: text.en) }
}
