public import Domain
internal import FEEL

/// A running aggregate of facts that Scoring keeps, so that evaluation never reads facts again.
public struct SeriesDefinition: Sendable {
    /// How finely facts are summed.
    public enum Bucket: String, Sendable {
        case day, month

        func number(of date: CalendarDate) -> Int32 {
            switch self {
            case .day: date.dayNumber
            case .month: date.monthNumber
            }
        }

        func firstDay(of number: Int32) -> CalendarDate {
            switch self {
            case .day: CalendarDate(dayNumber: number)
            case .month: CalendarDate(monthNumber: number)
            }
        }
    }

    /// The place in ``Scheme/series``.
    public let index: Int
    /// Canonical text; equal keys of two schemes or versions mean the same series.
    public let key: String
    public let factTypes: [String]
    /// One aggregate for each customer, or for each combination of these attributes; a single one when it is empty.
    public let groups: [String]
    public let bucket: Bucket
    /// The series is asked for its last, least or greatest amount, which a reversal cannot subtract.
    public let needsOrder: Bool
    let filter: FactFormula?
    let value: FactFormula?

    /// What a fact adds, before its sign; `nil` when the series leaves it out.
    public func contribution(of fact: Fact) -> SeriesContribution? {
        guard factTypes.contains(fact.type) else { return nil }
        guard let group = group(of: fact) else { return nil }
        if filter == nil, value == nil {
            return SeriesContribution(group: group, amount: fact.amount?.tenThousandths ?? 0)
        }
        if let filter, filter.evaluate(fact).asBoolean != true { return nil }
        guard let value else { return SeriesContribution(group: group, amount: fact.amount?.tenThousandths ?? 0) }
        guard let number = value.evaluate(fact).asNumber,
            let amount = number.units(scale: 4, rounding: .halfUp)
        else { return nil }
        return SeriesContribution(group: group, amount: amount)
    }

    /// The fact's group; `nil` when it lacks something that facts are kept apart by.
    private func group(of fact: Fact) -> String? {
        if groups.isEmpty { return "" }
        if groups == ["customer"] { return fact.customer }
        var parts: [String] = []
        for name in groups {
            guard let part = fact.word(name) else { return nil }
            parts.append(part)
        }
        return Self.joined(parts)
    }

    /// One text for the parts of a group, which are split again by ``parts(of:)``.
    static func joined(_ parts: [String]) -> String { parts.joined(separator: "\u{1F}") }

    static func parts(of group: String) -> [String] {
        group.split(separator: "\u{1F}", omittingEmptySubsequences: false).map(String.init)
    }

    /// The bucket of a day: its day number, or twelve times the year plus the month less one.
    public func bucketNumber(of date: CalendarDate) -> Int32 { bucket.number(of: date) }
}

extension Fact {
    /// What the fact says under the name of an attribute, or as `customer`; `nil` when it says nothing.
    func word(_ name: String) -> String? {
        switch attributes[name] {
        case .text(let text)?, .number(let text)?: text
        case .flag(let flag)?: flag ? "yes" : "no"
        case nil: name == "customer" ? customer : nil
        }
    }
}

/// What one fact adds to a series.
public struct SeriesContribution: Hashable, Sendable {
    public let group: String
    /// In ten-thousandths, before the fact's sign.
    public let amount: Int64
}

/// One kept aggregate: a bucket of a series, for one group.
public struct SeriesRow: Hashable, Sendable {
    public var bucket: Int32
    public var group: String
    public var count: Int64
    /// Σ amount, in ten-thousandths, reversals subtracted.
    public var sum: Int64
    /// Σ amount × day of the month.
    public var weighted: Int64
    /// The amount of the fact that is last by business date, moment and id.
    public var last: Int64?
    public var min: Int64?
    public var max: Int64?

    public init(
        bucket: Int32, group: String = "", count: Int64, sum: Int64, weighted: Int64 = 0, last: Int64? = nil,
        min: Int64? = nil, max: Int64? = nil
    ) {
        self.bucket = bucket
        self.group = group
        self.count = count
        self.sum = sum
        self.weighted = weighted
        self.last = last
        self.min = min
        self.max = max
    }
}

extension CalendarDate {
    /// Months since the year zero, the number of a month's bucket.
    var monthNumber: Int32 {
        let (year, month, _) = civil
        return Int32(clamping: year * 12 + month - 1)
    }

    /// The first day of a month's bucket.
    init(monthNumber: Int32) {
        self =
            CalendarDate(year: Int(monthNumber) / 12, month: Int(monthNumber) % 12 + 1, day: 1) ?? .earliest
    }
}
