import Domain

/// The operators of the language on values, with its rules for null and for values of different types.
enum Operators {
    /// `=`: nil when the values cannot be compared.
    ///
    /// - Parameter steps: what the evaluation may still spend; lists and contexts cost a step per element.
    static func equal(_ left: Value, _ right: Value, _ steps: inout Int) -> Bool? {
        switch (left, right) {
        case (.number(let a), .number(let b)): return a == b
        case (.string(let a), .string(let b)): return a == b
        case (.boolean(let a), .boolean(let b)): return a == b
        case (.null, .null): return true
        case (.null, _), (_, .null): return false
        case (.date(let a), .date(let b)): return a == b
        case (.time(let a), .time(let b)): return equalTimes(a, b)
        case (.dateTime(let a), .dateTime(let b)): return compare(a, b) == 0
        case (.date(let a), .dateTime(let b)): return compare(FEELDateTime(midnightOf: a, beside: b), b) == 0
        case (.dateTime(let a), .date(let b)): return compare(a, FEELDateTime(midnightOf: b, beside: a)) == 0
        case (.yearsMonthsDuration(let a), .yearsMonthsDuration(let b)): return a == b
        case (.daysTimeDuration(let a), .daysTimeDuration(let b)): return a == b
        case (.list(let a), .list(let b)): return equalLists(a, b, &steps)
        case (.context(let a), .context(let b)): return equalContexts(a, b, &steps)
        case (.range(let a), .range(let b)): return a == b
        case (.function(let a), .function(let b)): return a === b
        case (.list(let a), _) where a.count == 1: return equal(a[0], right, &steps)
        case (_, .list(let b)) where b.count == 1: return equal(left, b[0], &steps)
        default: return nil
        }
    }

    private static func equalLists(_ left: [Value], _ right: [Value], _ steps: inout Int) -> Bool? {
        guard left.count == right.count else { return false }
        steps -= left.count
        guard steps >= 0 else { return nil }
        for (a, b) in zip(left, right) where equal(a, b, &steps) != true { return false }
        return true
    }

    private static func equalContexts(_ left: Context, _ right: Context, _ steps: inout Int) -> Bool? {
        guard left.count == right.count else { return false }
        steps -= left.count
        guard steps >= 0 else { return nil }
        for (name, value) in zip(left.names, left.values) {
            guard let other = right[name], equal(value, other, &steps) == true else { return false }
        }
        return true
    }

    private static func equalTimes(_ left: FEELTime, _ right: FEELTime) -> Bool? {
        compare(left, right).map { $0 == 0 }
    }

    /// -1, 0 or 1; nil when the values have no order between them.
    static func order(_ left: Value, _ right: Value) -> Int? {
        switch (left, right) {
        case (.number(let a), .number(let b)): a < b ? -1 : (a == b ? 0 : 1)
        case (.string(let a), .string(let b)): a == b ? 0 : (precedes(a, b) ? -1 : 1)
        case (.date(let a), .date(let b)): a < b ? -1 : (a == b ? 0 : 1)
        case (.time(let a), .time(let b)): compare(a, b)
        case (.dateTime(let a), .dateTime(let b)): compare(a, b)
        case (.date(let a), .dateTime(let b)): compare(FEELDateTime(midnightOf: a, beside: b), b)
        case (.dateTime(let a), .date(let b)): compare(a, FEELDateTime(midnightOf: b, beside: a))
        case (.yearsMonthsDuration(let a), .yearsMonthsDuration(let b)): a < b ? -1 : (a == b ? 0 : 1)
        case (.daysTimeDuration(let a), .daysTimeDuration(let b)): a < b ? -1 : (a == b ? 0 : 1)
        default: nil
        }
    }

    /// Texts are ordered by their characters' codes, so that the order is the same everywhere.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars)
    }

    /// Moments are compared to the second, as the standard does; a zone is needed on both or on neither.
    static func compare(_ left: FEELDateTime, _ right: FEELDateTime) -> Int? {
        let a = left.localSeconds
        let b = right.localSeconds
        let leftOffset = left.offsetSeconds
        let rightOffset = right.offsetSeconds
        guard (leftOffset == nil) == (rightOffset == nil) else { return a == b ? nil : (a < b ? -1 : 1) }
        let first = a - (leftOffset ?? 0)
        let second = b - (rightOffset ?? 0)
        return first < second ? -1 : (first == second ? 0 : 1)
    }

    static func compare(_ left: FEELTime, _ right: FEELTime) -> Int? {
        let a = Int64(left.secondOfDay) - (left.offsetSeconds ?? 0)
        let b = Int64(right.secondOfDay) - (right.offsetSeconds ?? 0)
        guard (left.offsetSeconds == nil) == (right.offsetSeconds == nil) else { return nil }
        return a < b ? -1 : (a == b ? 0 : 1)
    }

    static func compares(_ sign: Comparison, _ order: Int) -> Bool {
        switch sign {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }

    /// Whether a value lies in a range; nil when it has no order with the ends.
    static func contains(_ range: ValueRange, _ value: Value, _ steps: inout Int) -> Bool? {
        if value.isNull { return nil }
        switch range.form {
        case .equal: return equal(value, range.low, &steps)
        case .notEqual: return equal(value, range.low, &steps).map { !$0 }
        case .between, .oneSided: break
        }
        var inside = true
        if !range.low.isNull {
            guard let order = order(range.low, value) else { return nil }
            inside = order < 0 || (order == 0 && range.lowIncluded)
        } else if range.form == .between {
            return nil
        }
        if !range.high.isNull {
            guard let order = order(value, range.high) else { return nil }
            inside = inside && (order < 0 || (order == 0 && range.highIncluded))
        } else if range.form == .between {
            return nil
        }
        return inside
    }

    /// Whether a test of the form “value” holds: equality, or membership in a range or a list, also one of ranges.
    static func matches(_ input: Value, _ test: Value, _ steps: inout Int) -> Bool? {
        switch test {
        case .range(let range): return matches(input, range, &steps)
        case .list(let values):
            if case .list = input, equal(input, test, &steps) == true { return true }
            return values.contains { element in
                if case .range(let range) = element { return matches(input, range, &steps) == true }
                return equal(input, element, &steps) == true
            }
        default: return equal(input, test, &steps)
        }
    }

    private static func matches(_ input: Value, _ range: ValueRange, _ steps: inout Int) -> Bool? {
        if case .range(let other) = input { return range == other }
        return contains(range, input, &steps)
    }
}

extension FEELDateTime {
    /// The first second of a day in no particular zone.
    init(midnightOf date: FEELDate) {
        self.init(date: date, time: FEELTime(secondOfDay: 0, nanosecond: 0, zone: .local))
    }

    /// The first second of a day as it compares with another moment: in UTC when that one has a zone.
    init(midnightOf date: FEELDate, beside other: FEELDateTime) {
        let zone = other.time.zone == .local ? FEELZone.local : .offset(seconds: 0)
        self.init(date: date, time: FEELTime(secondOfDay: 0, nanosecond: 0, zone: zone))
    }
}

extension FEELTime {
    /// The offset that applies; for a named zone the one without daylight saving, for lack of a day.
    var offsetSeconds: Int64? {
        switch zone {
        case .local: nil
        case .offset(let seconds): Int64(seconds)
        case .named(let name): ZoneRules.offset(of: name, atLocalSeconds: Int64(secondOfDay))
        }
    }
}
