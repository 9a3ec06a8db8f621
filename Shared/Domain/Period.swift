/// A calendar period that can be closed: a day, an ISO week, a month, a quarter or a year.
public enum Period: Hashable, Sendable {
    case day(CalendarDate)
    /// The ISO week whose Monday is given.
    case week(monday: CalendarDate)
    case month(year: Int, month: Int)
    case quarter(year: Int, quarter: Int)
    case year(Int)

    public enum Kind: String, Sendable, CaseIterable, Codable { case day, week, month, quarter, year }

    public var kind: Kind {
        switch self {
        case .day: .day
        case .week: .week
        case .month: .month
        case .quarter: .quarter
        case .year: .year
        }
    }

    public var first: CalendarDate {
        switch self {
        case .day(let date): date
        case .week(let monday): monday
        case .month(let year, let month): Self.date(year, month, 1)
        case .quarter(let year, let quarter): Self.date(year, quarter * 3 - 2, 1)
        case .year(let year): Self.date(year, 1, 1)
        }
    }

    public var last: CalendarDate { next.first.adding(days: -1) }

    public var next: Period { shifted(by: 1) }
    public var previous: Period { shifted(by: -1) }

    public func shifted(by count: Int) -> Period {
        switch self {
        case .day(let date): .day(date.adding(days: count))
        case .week(let monday): .week(monday: monday.adding(days: 7 * count))
        default: Period(kind, containing: first.adding(months: months * count))
        }
    }

    /// The period of `kind` that `date` lies in.
    public init(_ kind: Kind, containing date: CalendarDate) {
        let (year, month, _) = date.civil
        switch kind {
        case .day: self = .day(date)
        case .week: self = .week(monday: date.adding(days: 1 - date.weekday))
        case .month: self = .month(year: year, month: month)
        case .quarter: self = .quarter(year: year, quarter: (month + 2) / 3)
        case .year: self = .year(year)
        }
    }

    public func contains(_ date: CalendarDate) -> Bool { first <= date && date <= last }

    public func contains(_ other: Period) -> Bool { first <= other.first && other.last <= last }

    /// The periods of a shorter kind that start inside this one, in order.
    public func parts(_ kind: Kind) -> [Period] {
        var parts: [Period] = []
        var part = Period(kind, containing: first)
        if part.first < first { part = part.next }
        let end = last
        while part.first <= end {
            parts.append(part)
            part = part.next
        }
        return parts
    }

    private var months: Int {
        switch self {
        case .quarter: 3
        case .year: 12
        default: 1
        }
    }

    private static func date(_ year: Int, _ month: Int, _ day: Int) -> CalendarDate {
        CalendarDate(year: year, month: month, day: day) ?? .earliest
    }
}

extension Period: Comparable {
    /// By first day, then the shorter period first.
    public static func < (lhs: Period, rhs: Period) -> Bool {
        (lhs.first, lhs.last) < (rhs.first, rhs.last)
    }
}

extension Period: LosslessStringConvertible {
    /// Accepts `2026-03-05`, `2026-W10`, `2026-03`, `2026-Q1` and `2026`.
    public init?(_ description: String) {
        let parts = description.split(separator: "-", omittingEmptySubsequences: false)
        guard let yearText = parts.first, yearText.count == 4, let year = Int(yearText), (1900...2199).contains(year)
        else { return nil }
        switch parts.count {
        case 1: self = .year(year)
        case 2:
            guard let period = Self.partOfYear(year, parts[1]) else { return nil }
            self = period
        case 3:
            guard let date = CalendarDate(description) else { return nil }
            self = .day(date)
        default: return nil
        }
    }

    private static func partOfYear(_ year: Int, _ text: Substring) -> Period? {
        if text.first == "Q", let quarter = Int(text.dropFirst()), (1...4).contains(quarter), text.count == 2 {
            return .quarter(year: year, quarter: quarter)
        }
        if text.first == "W", text.count == 3, let week = Int(text.dropFirst()), (1...53).contains(week) {
            // 4 January always lies in week 1.
            let monday = Period(.week, containing: date(year, 1, 4)).first.adding(days: 7 * (week - 1))
            let period = Period.week(monday: monday)
            return period.description == "\(year)-\(text)" ? period : nil
        }
        guard text.count == 2, let month = Int(text), (1...12).contains(month) else { return nil }
        return .month(year: year, month: month)
    }

    public var description: String {
        switch self {
        case .day(let date): return date.description
        case .week(let monday):
            // The week belongs to the year of its Thursday.
            let thursday = monday.adding(days: 3)
            let week = thursday.days(since: Self.date(thursday.year, 1, 1)) / 7 + 1
            return "\(DigitRun.text(thursday.year, 4))-W\(DigitRun.text(week, 2))"
        case .month(let year, let month): return "\(DigitRun.text(year, 4))-\(DigitRun.text(month, 2))"
        case .quarter(let year, let quarter): return "\(DigitRun.text(year, 4))-Q\(quarter)"
        case .year(let year): return DigitRun.text(year, 4)
        }
    }
}

extension Period: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let period = Period(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a period such as 2026-03 or 2026-Q1"))
        }
        self = period
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
