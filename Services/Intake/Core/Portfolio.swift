import Domain

/// The facts that follow from assignments themselves: a customer joins and leaves a manager's portfolio.
public enum Portfolio {
    /// The source that these facts name.
    public static let source = "gradus.assignments"

    /// `portfolio.joined` on the first day of each assignment and `portfolio.left` on the first day after it.
    public static func lines(of assignments: [Assignment], offsetMinutes: Int) -> [CreditLine] {
        assignments.flatMap { assignment in
            // An assignment that ends as it begins was withdrawn: it never held.
            guard assignment.validTo.map({ $0 > assignment.validFrom }) ?? true else { return [CreditLine]() }
            var lines = [line(assignment, "portfolio.joined", assignment.validFrom, offsetMinutes)]
            if let end = assignment.validTo { lines.append(line(assignment, "portfolio.left", end, offsetMinutes)) }
            return lines
        }
    }

    private static func line(
        _ assignment: Assignment, _ type: String, _ date: CalendarDate, _ offsetMinutes: Int
    ) -> CreditLine {
        let subject = Subject(institution: assignment.institution, kind: .manager, id: assignment.manager)
        var fact = Fact(
            id: UUID128(high: 0, low: 0), subject: subject, type: type, businessDate: date,
            occurredAt: Timestamp(startOf: date, offsetMinutes: offsetMinutes), offsetMinutes: offsetMinutes,
            customer: assignment.customer, assignment: assignment.id,
            share: assignment.share == .whole ? nil : assignment.share.description, source: source,
            sourceID: assignment.id)
        let key = Movement.Key(source: source, sourceID: assignment.id)
        fact.id = CreditLine.identifier(key, subject, tag: CreditLine.tag(of: fact))
        return CreditLine(fact: fact)
    }
}
