import Domain
import FEEL

/// The moments around the deadlines of duties.
struct DeadlineCases {
    let search: BoundarySearch
    private var storage: SchemeStorage { search.storage }

    /// The cases of one duty; `nil` when no facts of it can be made, as for one that depends on customers in charge.
    func cases(_ rule: ObligationRule) -> [BoundaryCase]? {
        let calendar = WorkCalendar()
        guard let instance = instance(rule, calendar) else { return nil }
        let day = rule.deadline.date(after: instance.last, calendar)
        let conditions = [rule.filter].compactMap { $0 }
        var fixed: [String: Value] = [:]
        if let attribute = rule.instance { fixed[attribute] = .string(instance.first.description) }
        guard var line = search.maker.lines([rule.factType], conditions, fixed: fixed, on: day).first else {
            return nil
        }
        for name in rule.same { line.take(.string("c-1"), as: name) }
        // Without a span of its own, a fact counts for the days it happened on.
        if rule.instance == nil, !rule.isDuePerFact, day != instance.last { return nil }
        guard let close = closes(rule, day) else { return nil }
        return moments(rule.deadline, day).map { side, date, time in
            var line = line
            line.date = date
            line.time = time
            let lines = instance.cause + [line]
            return BoundaryCase(
                side: side, value: "\(date) \(time)", lines: lines, closes: [close],
                observation: Observation(search.scheme, search.subject, lines, [close]))
        }
    }

    private func closes(_ rule: ObligationRule, _ day: CalendarDate) -> Period? {
        let base = storage.header.basePeriod
        guard rule.every.contains(base) else { return nil }
        return Period(base, containing: day)
    }

    /// The second before, the deadline, and the second after.
    private func moments(
        _ deadline: Deadline, _ day: CalendarDate
    ) -> [(SchemeBoundary.Side, CalendarDate, String)] {
        let seconds = deadline.at.seconds
        let after =
            seconds < 86_400 ? (day, Self.clock(seconds + 1)) : (day.adding(days: 1), Self.clock(1))
        return [
            (.below, day, Self.clock(seconds - 1)), (.at, day, Self.clock(seconds)), (.above, after.0, after.1),
        ]
    }

    private static func clock(_ seconds: Int64) -> String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }

    private struct Instance {
        let first: CalendarDate
        let last: CalendarDate
        let cause: [FactLine]
    }

    /// The first span, or fact, in the period of trial for which the duty is due.
    private func instance(_ rule: ObligationRule, _ calendar: WorkCalendar) -> Instance? {
        let start = Period(storage.header.basePeriod, containing: storage.header.effectiveFrom).next.first
        switch rule.due {
        case .every(let rhythm):
            let spans = rhythm.spans(
                from: start, through: start.adding(days: 400), counting: storage.header.effectiveFrom, calendar)
            return spans.first { start <= $0.first }.map { Instance(first: $0.first, last: $0.last, cause: []) }
        case .fact where rule.anchor != nil: return nil
        case .fact(let type):
            let day = calendar.workingDay(onOrAfter: start.adding(days: 4))
            var cause = FactLine(type: type, date: day)
            for name in rule.same { cause.take(.string("c-1"), as: name) }
            return Instance(first: day, last: day, cause: [cause])
        case .chosen, .on: return nil
        }
    }
}
