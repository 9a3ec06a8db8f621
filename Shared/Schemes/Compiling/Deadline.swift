import Domain

/// Seconds since midnight; 24:00 is allowed.
struct TimeOfDay: Hashable, Sendable {
    let seconds: Int64

    init(seconds: Int64) { self.seconds = seconds }

    init?(_ text: String) {
        let parts = text.split(separator: ":")
        guard parts.count == 2 || parts.count == 3, let hour = Int64(parts[0]), let minute = Int64(parts[1]),
            (0...24).contains(hour), (0...59).contains(minute)
        else { return nil }
        let second = parts.count == 3 ? Int64(parts[2]) : 0
        guard let second, (0...59).contains(second), hour < 24 || (minute == 0 && second == 0) else { return nil }
        seconds = hour * 3600 + minute * 60 + second
    }

    /// The close of business of catalogue C6.
    static let closeOfBusiness = TimeOfDay(seconds: 17 * 3600 + 30 * 60)
    static let endOfDay = TimeOfDay(seconds: 24 * 3600)
}

/// A point in time relative to a day.
struct Deadline: Hashable, Sendable {
    enum After: Hashable, Sendable {
        case days(Int)
        case workingDays(Int)
        /// The same day of a later month, or that month's last day.
        case months(Int)
        case endOfNextMonth
        case daysBefore(Int)
        case workingDaysBefore(Int)
    }

    let after: After
    let at: TimeOfDay
    /// Moves to the next working day when it falls on a day that is not worked.
    let rolls: Bool

    /// More days than the deadline can lie after the span it belongs to.
    var reach: Int {
        switch after {
        case .days(let count): count + 14
        case .months(let count): count * 31 + 14
        case .workingDays(let count): count * 2 + 21
        case .endOfNextMonth: 62
        case .daysBefore, .workingDaysBefore: 14
        }
    }

    func date(after day: CalendarDate, _ calendar: WorkCalendar) -> CalendarDate {
        let date: CalendarDate
        switch after {
        case .days(let count): date = day.adding(days: count)
        case .months(let count): date = day.adding(months: count)
        case .workingDays(let count): date = calendar.date(count, workingDaysAfter: day)
        case .endOfNextMonth: date = Period(.month, containing: day).next.last
        case .daysBefore(let count): date = day.adding(days: -count)
        case .workingDaysBefore(let count): date = calendar.date(count, workingDaysBefore: day)
        }
        return rolls ? calendar.workingDay(onOrAfter: date) : date
    }

    func moment(after day: CalendarDate, _ calendar: WorkCalendar) -> Timestamp {
        Timestamp(startOf: date(after: day, calendar)).adding(seconds: at.seconds)
    }

    /// Reads `3 working days`, `1 day`, `1 month` or `end of next month`.
    static func after(_ text: String) -> After? {
        if text == "end of next month" { return .endOfNextMonth }
        let words = text.split(separator: " ")
        guard let first = words.first, let count = Int(first), count >= 0 else { return nil }
        switch words.dropFirst().joined(separator: " ") {
        case "day", "days": return .days(count)
        case "month", "months": return .months(count)
        case "working day", "working days": return .workingDays(count)
        default: return nil
        }
    }

    /// Reads `3 working days` or `1 day` before a day.
    static func before(_ text: String) -> After? {
        switch after(text) {
        case .days(let count): .daysBefore(count)
        case .workingDays(let count): .workingDaysBefore(count)
        default: nil
        }
    }
}
