import Domain
import FEEL

/// The days around the one on which an answer that nobody gave goes to the next higher role.
struct EscalationCases {
    let search: BoundarySearch

    /// The last fact whose answer is overdue at a close, and the first whose answer is not; `nil` when nothing escalates.
    func cases(_ rule: TaskRule, _ types: [String]) -> [BoundaryCase]? {
        guard let step = rule.steps.first, step.escalatesTo != nil, case .fact(let when) = rule.trigger else {
            return nil
        }
        let header = search.storage.header
        let close = Period(header.basePeriod, containing: header.effectiveFrom).next
        let end = Timestamp(startOf: close.last.adding(days: 1))
        let calendar = WorkCalendar()
        let days = calendar.workingDays(from: close.first, through: close.last)
        let due = days.map { step.within.moment(after: $0, calendar) }
        guard let overdue = due.lastIndex(where: { $0 < end }), overdue + 1 < days.count else { return nil }
        return [(SchemeBoundary.Side.below, overdue), (.above, overdue + 1)].compactMap { side, index in
            let conditions = [when].compactMap { $0 }
            guard let line = search.maker.lines(types, conditions, fixed: [:], on: days[index]).first else {
                return nil
            }
            return BoundaryCase(
                side: side, value: "due \(due[index].date())", lines: [line], closes: [close],
                observation: Observation(search.scheme, search.subject, [line], [close]))
        }
    }
}
