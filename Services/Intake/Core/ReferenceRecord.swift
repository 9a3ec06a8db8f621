public import Domain

/// A record about the organisation itself: the sources through which everything else is understood.
public enum ReferenceRecord: Hashable, Sendable {
    case institution(id: String, name: String, zone: String, currency: String)
    case unit(institution: String, id: String, name: String, parent: String?, type: String?)
    case manager(ManagerRecord)
    case customer(institution: String, id: String, unit: String?, tier: String?)
    case assignment(Assignment)
    case target(TargetRecord)
    case calendarDay(institution: String, date: CalendarDate, isWorking: Bool, name: String?)

    public var institution: String {
        switch self {
        case .institution(let id, _, _, _): id
        case .unit(let institution, _, _, _, _), .customer(let institution, _, _, _),
            .calendarDay(let institution, _, _, _):
            institution
        case .manager(let manager): manager.institution
        case .assignment(let assignment): assignment.institution
        case .target(let target): target.subject.institution
        }
    }
}

/// A manager's entry. Name and addresses go to the reference tables only, never into a fact.
public struct ManagerRecord: Hashable, Sendable {
    public var institution: String
    public var id: String
    public var unit: String
    public var name: String?
    public var email: String?
    public var webhook: String?
    public var language: String?
    public var status: String
    public var role: String
    public var entry: CalendarDate?
    public var education: String?
    public var date: CalendarDate
    public var occurredAt: Timestamp
    public var offsetMinutes: Int

    /// `manager.profile`: what rules may know of the manager.
    public func fact(source: String, sourceID: String) -> Fact {
        let subject = Subject(institution: institution, kind: .manager, id: id)
        var attributes: [String: AttributeValue] = ["unit": .text(unit), "status": .text(status), "role": .text(role)]
        attributes["entry"] = entry.map { .text($0.description) }
        attributes["education"] = education.map { .text($0) }
        return Fact(
            id: CreditLine.identifier(.init(source: source, sourceID: sourceID), subject, tag: ""), subject: subject,
            type: "manager.profile", businessDate: date, occurredAt: occurredAt, offsetMinutes: offsetMinutes,
            source: source, sourceID: sourceID, attributes: attributes)
    }
}

/// A figure that a manager or a unit is to reach in a period.
public struct TargetRecord: Hashable, Sendable {
    public var subject: Subject
    public var kpi: String
    public var period: Period
    public var amount: Quantity
    public var unit: String?
    public var date: CalendarDate
    public var occurredAt: Timestamp
    public var offsetMinutes: Int

    /// `target.set`.
    public func fact(source: String, sourceID: String) -> Fact {
        Fact(
            id: CreditLine.identifier(.init(source: source, sourceID: sourceID), subject, tag: ""), subject: subject,
            type: "target.set", businessDate: date, occurredAt: occurredAt, offsetMinutes: offsetMinutes,
            amount: amount, unit: unit, source: source, sourceID: sourceID,
            attributes: ["kpi": .text(kpi), "period": .text(period.description)])
    }
}
