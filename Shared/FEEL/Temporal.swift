/// A day of the Gregorian calendar, extended backwards and forwards to ±999 999 999 years.
public struct FEELDate: Sendable, Hashable, Comparable {
    /// The year; there is a year 0.
    public let year: Int32
    /// 1 to 12.
    public let month: UInt8
    /// 1 to 31.
    public let day: UInt8

    /// A day; nil when the calendar has no such day.
    public init?(year: Int, month: Int, day: Int) {
        guard year.magnitude <= 999_999_999, month >= 1, month <= 12, day >= 1 else { return nil }
        guard day <= Self.days(inMonth: month, of: year) else { return nil }
        self.init(unchecked: year, month, day)
    }

    private init(unchecked year: Int, _ month: Int, _ day: Int) {
        self.year = Int32(truncatingIfNeeded: year)
        self.month = UInt8(truncatingIfNeeded: month)
        self.day = UInt8(truncatingIfNeeded: day)
    }

    /// 1970-01-01.
    static let epoch = FEELDate(unchecked: 1970, 1, 1)

    /// The day so many days after 1970-01-01; nil outside the calendar.
    public init?(daysSince1970 days: Int64) {
        guard days.magnitude < 400_000_000_000 else { return nil }
        // The year is counted from March, so that the leap day is its last.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        self.init(year: Int(year), month: Int(month), day: Int(day))
    }

    /// How many days after 1970-01-01 this is.
    public var daysSince1970: Int64 {
        let shiftedYear = Int64(year) - (month <= 2 ? 1 : 0)
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let monthFromMarch = (Int64(month) + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// Whether a year has 366 days.
    public static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// 1 for Monday to 7 for Sunday.
    public var weekday: Int {
        let remainder = (daysSince1970 + 3) % 7
        return Int(remainder < 0 ? remainder + 7 : remainder) + 1
    }

    /// 1 for 1 January.
    public var dayOfYear: Int {
        Int(daysSince1970 - (FEELDate(unchecked: Int(year), 1, 1)).daysSince1970) + 1
    }

    /// The week by ISO 8601: the first one has the year's first Thursday.
    public var weekOfYear: Int {
        let thursday = FEELDate(daysSince1970: daysSince1970 - Int64(weekday) + 4) ?? self
        return (thursday.dayOfYear - 1) / 7 + 1
    }

    /// The day so many months later, held to the last day of a shorter month; nil outside the calendar.
    public func adding(months: Int64) -> FEELDate? {
        let (total, overflow) = (Int64(year) * 12 + Int64(month) - 1).addingReportingOverflow(months)
        guard !overflow else { return nil }
        let newYear = Int((total >= 0 ? total : total - 11) / 12)
        let newMonth = Int(total - Int64(newYear) * 12) + 1
        guard newYear.magnitude <= 999_999_999 else { return nil }
        let last = Self.days(inMonth: newMonth, of: newYear)
        return FEELDate(year: newYear, month: newMonth, day: min(Int(day), last))
    }

    /// Order in time.
    public static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.year, lhs.month, lhs.day) < (rhs.year, rhs.month, rhs.day)
    }

    /// `2026-03-31`, `-2017-12-31`.
    public var text: String {
        let digits = String(year.magnitude)
        let padded = String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
        return (year < 0 ? "-" : "") + padded + "-" + FEELTime.twoDigits(Int(month)) + "-"
            + FEELTime.twoDigits(Int(day))
    }
}

/// Where a time of day applies.
public enum FEELZone: Sendable, Hashable {
    /// Nowhere in particular.
    case local
    /// So many seconds east of Greenwich.
    case offset(seconds: Int32)
    /// A zone of the time zone database, such as `Europe/Paris`.
    case named(String)

    var text: String {
        switch self {
        case .local: return ""
        case .named(let name): return "@" + name
        case .offset(let seconds):
            if seconds == 0 { return "Z" }
            let size = Int(seconds.magnitude)
            let minutes = FEELTime.twoDigits(size / 3_600) + ":" + FEELTime.twoDigits(size / 60 % 60)
            let rest = size % 60 == 0 ? "" : ":" + FEELTime.twoDigits(size % 60)
            return (seconds < 0 ? "-" : "+") + minutes + rest
        }
    }
}

/// A time of day to the nanosecond.
public struct FEELTime: Sendable, Hashable {
    /// Seconds since midnight, 0 to 86 399.
    public let secondOfDay: Int32
    /// 0 to 999 999 999.
    public let nanosecond: Int32
    /// Where the time applies.
    public let zone: FEELZone

    /// A time; nil when the clock does not show it.
    public init?(hour: Int, minute: Int, second: Int, nanosecond: Int = 0, zone: FEELZone = .local) {
        guard (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second) else { return nil }
        guard (0..<1_000_000_000).contains(nanosecond) else { return nil }
        self.init(secondOfDay: hour * 3_600 + minute * 60 + second, nanosecond: nanosecond, zone: zone)
    }

    init(secondOfDay: Int, nanosecond: Int, zone: FEELZone) {
        self.secondOfDay = Int32(truncatingIfNeeded: secondOfDay)
        self.nanosecond = Int32(truncatingIfNeeded: nanosecond)
        self.zone = zone
    }

    /// 0 to 23.
    public var hour: Int { Int(secondOfDay) / 3_600 }
    /// 0 to 59.
    public var minute: Int { Int(secondOfDay) / 60 % 60 }
    /// 0 to 59.
    public var second: Int { Int(secondOfDay) % 60 }

    var localText: String {
        Self.twoDigits(hour) + ":" + Self.twoDigits(minute) + ":" + Self.twoDigits(second)
            + Self.fractionText(nanosecond)
    }

    /// `10:30:00`, `10:30:00.5+02:00`, `10:30:00@Europe/Paris`.
    public var text: String { localText + zone.text }

    static func twoDigits(_ value: Int) -> String {
        value < 10 ? "0" + String(value) : String(value)
    }

    static func fractionText(_ nanoseconds: Int32) -> String {
        if nanoseconds == 0 { return "" }
        var digits = String(nanoseconds)
        digits = String(repeating: "0", count: 9 - digits.utf8.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "." + digits
    }
}

/// A day and a time of day.
public struct FEELDateTime: Sendable, Hashable {
    /// The day.
    public let date: FEELDate
    /// The time on that day.
    public let time: FEELTime

    /// A moment on a day.
    public init(date: FEELDate, time: FEELTime) {
        self.date = date
        self.time = time
    }

    /// Seconds since 1970 by the wall clock, zone left aside.
    var localSeconds: Int64 { date.daysSince1970 * 86_400 + Int64(time.secondOfDay) }

    /// A moment from seconds by the wall clock.
    init?(localSeconds: Int64, nanosecond: Int32, zone: FEELZone) {
        var days = localSeconds / 86_400
        var rest = localSeconds % 86_400
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        guard let date = FEELDate(daysSince1970: days) else { return nil }
        self.init(date: date, time: FEELTime(secondOfDay: Int(rest), nanosecond: Int(nanosecond), zone: zone))
    }

    /// A moment in UTC, so many seconds after the beginning of 1970; one outside the calendar is that beginning.
    public init(secondsSince1970 seconds: Int64) {
        let zone = FEELZone.offset(seconds: 0)
        if let moment = FEELDateTime(localSeconds: seconds, nanosecond: 0, zone: zone) {
            self = moment
        } else {
            self.init(date: .epoch, time: FEELTime(secondOfDay: 0, nanosecond: 0, zone: zone))
        }
    }

    /// The seconds east of Greenwich that apply; nil for a moment without zone.
    var offsetSeconds: Int64? {
        switch time.zone {
        case .local: nil
        case .offset(let seconds): Int64(seconds)
        case .named(let name): ZoneRules.offset(of: name, atLocalSeconds: localSeconds)
        }
    }

    /// `2026-03-31T10:30:00+08:00`.
    public var text: String { date.text + "T" + time.text }
}
