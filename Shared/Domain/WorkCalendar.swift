/// Which days are worked: Monday to Friday, less public holidays, plus make-up working days (catalogue C6).
public struct WorkCalendar: Hashable, Sendable {
    public let holidays: Set<CalendarDate>
    public let makeUpDays: Set<CalendarDate>

    public init(holidays: Set<CalendarDate> = [], makeUpDays: Set<CalendarDate> = []) {
        self.holidays = holidays
        self.makeUpDays = makeUpDays
    }

    public func isWorkingDay(_ date: CalendarDate) -> Bool {
        if makeUpDays.contains(date) { return true }
        return date.weekday <= 5 && !holidays.contains(date)
    }

    /// The first working day on or after `date`.
    public func workingDay(onOrAfter date: CalendarDate) -> CalendarDate {
        var day = date
        while !isWorkingDay(day) { day = day.adding(days: 1) }
        return day
    }

    /// Day `count` of a period of working days that starts on the working day after `date` (catalogue C6).
    public func date(_ count: Int, workingDaysAfter date: CalendarDate) -> CalendarDate {
        var day = date
        for _ in 0..<max(0, count) { day = workingDay(onOrAfter: day.adding(days: 1)) }
        return day
    }

    /// The working day that lies `count` working days before `date`.
    public func date(_ count: Int, workingDaysBefore date: CalendarDate) -> CalendarDate {
        var day = date
        for _ in 0..<max(0, count) {
            repeat { day = day.adding(days: -1) } while !isWorkingDay(day) && day > .earliest
        }
        return day
    }

    /// The working days of a span, both ends included.
    public func workingDays(from first: CalendarDate, through last: CalendarDate) -> [CalendarDate] {
        guard first <= last else { return [] }
        return (first.dayNumber...last.dayNumber).map { CalendarDate(dayNumber: $0) }.filter(isWorkingDay)
    }
}
