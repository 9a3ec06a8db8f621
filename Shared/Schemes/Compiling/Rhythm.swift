import Domain

/// How often something is due: by the calendar, or every so many days counted from the beginning.
enum Rhythm: Hashable, Sendable {
    case calendar(Cadence)
    case days(Int)

    /// Reads a cadence's name or `7 days`.
    init?(_ text: String) {
        if let cadence = Cadence(rawValue: text) {
            self = .calendar(cadence)
            return
        }
        let words = text.split(separator: " ")
        guard words.count == 2, words[1] == "days", let count = Int(words[0]), count > 0 else { return nil }
        self = .days(count)
    }

    /// The spans that end between two days, in order; spans of days follow each other from `start` on.
    func spans(
        from first: CalendarDate, through last: CalendarDate, counting start: CalendarDate, _ calendar: WorkCalendar
    ) -> [(first: CalendarDate, last: CalendarDate)] {
        switch self {
        case .calendar(let cadence): return cadence.spans(from: first, through: last, calendar)
        case .days(let count):
            let passed = max(0, first.days(since: start) / count - 1)
            var begin = start.adding(days: passed * count)
            var spans: [(first: CalendarDate, last: CalendarDate)] = []
            while begin.adding(days: count - 1) <= last {
                let end = begin.adding(days: count - 1)
                if end >= first { spans.append((begin, end)) }
                begin = end.adding(days: 1)
            }
            return spans
        }
    }
}

extension SchemeStorage {
    /// How many days before a period a fact may lie that meets something due in it.
    var reach: Int {
        obligations.map { rule -> Int in
            let rhythms: [Rhythm] =
                switch rule.due {
                case .every(let rhythm): [rhythm]
                case .chosen(let slot): words(of: slot).compactMap { Rhythm($0) }
                case .fact, .on: []
                }
            let longest = rhythms.map(\.longest).max() ?? 0
            return longest > 92 || rule.deadline.reach > 62 ? longest + rule.deadline.reach : 0
        }.reduce(130, max)
    }

    private func words(of slot: Int) -> [String] {
        guard case .table(let plan, let column) = figure(slot).work else { return [] }
        return plan.rows.map { $0.outputs[column].text.filter { $0 != "\"" } }
    }
}

extension Rhythm {
    /// The days of the longest span.
    fileprivate var longest: Int {
        switch self {
        case .days(let count): count
        case .calendar(.year): 366
        case .calendar: 92
        }
    }
}

/// When a notice reminds of an obligation that is not met yet.
struct ReminderPlan: Sendable {
    let obligation: String
    /// Days from the deadline on which to remind.
    let offsets: [Deadline.After]
}

extension SchemeCompiler {
    /// `reminds of: <obligation>`, `before: [10 working days]`, `after: [1 day]`.
    func reminder(_ fields: Fields) -> ReminderPlan? {
        guard fields.has("reminds of"), let name = fields.text("reminds of") else { return nil }
        let known = heads.filter { $0.kind == .obligation }.map(\.name.text)
        if !known.contains(name.text) {
            faults.report(
                .unknownName, at: name.place, "there is no obligation `\(name.text)`", nearest(name.text, in: known))
        }
        let before = fields.texts("before").map { ($0, Deadline.before($0.text)) }
        let after = (fields.has("after") ? fields.texts("after") : []).map { ($0, Deadline.after($0.text)) }
        for (text, offset) in before + after where offset == nil {
            faults.report(
                .wrongForm, at: text.place, "`\(text.text)` is not a number of days",
                "write for example `3 working days`"
            )
        }
        return ReminderPlan(obligation: name.text, offsets: (before + after).compactMap(\.1))
    }
}
