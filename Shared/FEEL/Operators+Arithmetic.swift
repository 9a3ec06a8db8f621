import Domain

extension Operators {
    /// `left sign right`; nil when the operator is not defined for these values or the result has no place.
    static func calculate(_ sign: Arithmetic, _ left: Value, _ right: Value) -> Value? {
        switch (left, right) {
        case (.number(let a), .number(let b)): return number(sign, a, b)
        case (.string(let a), .string(let b)): return sign == .add ? .string(a + b) : nil
        case (.list(let a), _) where a.count == 1: return calculate(sign, a[0], right)
        case (_, .list(let b)) where b.count == 1: return calculate(sign, left, b[0])
        case (.yearsMonthsDuration, _), (_, .yearsMonthsDuration): return months(sign, left, right)
        case (.daysTimeDuration, _), (_, .daysTimeDuration): return seconds(sign, left, right)
        default: return sign == .subtract ? difference(left, right) : nil
        }
    }

    static func number(_ sign: Arithmetic, _ left: Decimal128, _ right: Decimal128) -> Value? {
        let result: Decimal128
        switch sign {
        case .add: result = left + right
        case .subtract: result = left - right
        case .multiply: result = left * right
        case .divide: result = left / right
        case .power: result = left.power(right)
        }
        return result.isNaN ? nil : .number(result)
    }

    static func negate(_ value: Value) -> Value? {
        switch value {
        case .number(let value): return .number(-value)
        case .yearsMonthsDuration(let value):
            guard value.totalMonths != Int64.min else { return nil }
            return .yearsMonthsDuration(YearsMonthsDuration(totalMonths: -value.totalMonths))
        case .daysTimeDuration(let value):
            return DaysTimeDuration(totalNanoseconds: -value.totalNanoseconds).map(Value.daysTimeDuration)
        default: return nil
        }
    }

    private static func months(_ sign: Arithmetic, _ left: Value, _ right: Value) -> Value? {
        switch (left, sign, right) {
        case (.yearsMonthsDuration(let a), .add, .yearsMonthsDuration(let b)):
            return monthsResult(Int128(a.totalMonths) + Int128(b.totalMonths))
        case (.yearsMonthsDuration(let a), .subtract, .yearsMonthsDuration(let b)):
            return monthsResult(Int128(a.totalMonths) - Int128(b.totalMonths))
        case (.yearsMonthsDuration(let a), .divide, .yearsMonthsDuration(let b)):
            return number(.divide, Decimal128(a.totalMonths), Decimal128(b.totalMonths))
        case (.yearsMonthsDuration(let a), .multiply, .number(let b)),
            (.number(let b), .multiply, .yearsMonthsDuration(let a)):
            return scaledMonths(Decimal128(a.totalMonths) * b)
        case (.yearsMonthsDuration(let a), .divide, .number(let b)):
            return scaledMonths(Decimal128(a.totalMonths) / b)
        case (_, .add, .yearsMonthsDuration(let b)): return moved(left, months: b.totalMonths)
        case (_, .subtract, .yearsMonthsDuration(let b)):
            return b.totalMonths == Int64.min ? nil : moved(left, months: -b.totalMonths)
        case (.yearsMonthsDuration(let a), .add, _): return moved(right, months: a.totalMonths)
        default: return nil
        }
    }

    private static func monthsResult(_ months: Int128) -> Value? {
        Int64(exactly: months).map { .yearsMonthsDuration(YearsMonthsDuration(totalMonths: $0)) }
    }

    private static func scaledMonths(_ months: Decimal128) -> Value? {
        months.int64(rounding: .down).map { .yearsMonthsDuration(YearsMonthsDuration(totalMonths: $0)) }
    }

    private static func moved(_ value: Value, months: Int64) -> Value? {
        switch value {
        case .date(let date): date.adding(months: months).map(Value.date)
        case .dateTime(let moment):
            moment.date.adding(months: months).map { .dateTime(FEELDateTime(date: $0, time: moment.time)) }
        default: nil
        }
    }

    private static func seconds(_ sign: Arithmetic, _ left: Value, _ right: Value) -> Value? {
        switch (left, sign, right) {
        case (.daysTimeDuration(let a), .add, .daysTimeDuration(let b)):
            return secondsResult(a.totalNanoseconds + b.totalNanoseconds)
        case (.daysTimeDuration(let a), .subtract, .daysTimeDuration(let b)):
            return secondsResult(a.totalNanoseconds - b.totalNanoseconds)
        case (.daysTimeDuration(let a), .divide, .daysTimeDuration(let b)):
            return number(.divide, a.decimalSeconds, b.decimalSeconds)
        case (.daysTimeDuration(let a), .multiply, .number(let b)),
            (.number(let b), .multiply, .daysTimeDuration(let a)):
            return DaysTimeDuration(decimalSeconds: a.decimalSeconds * b).map(Value.daysTimeDuration)
        case (.daysTimeDuration(let a), .divide, .number(let b)):
            return DaysTimeDuration(decimalSeconds: a.decimalSeconds / b).map(Value.daysTimeDuration)
        case (_, .add, .daysTimeDuration(let b)): return moved(left, by: b.totalNanoseconds)
        case (_, .subtract, .daysTimeDuration(let b)): return moved(left, by: -b.totalNanoseconds)
        case (.daysTimeDuration(let a), .add, _): return moved(right, by: a.totalNanoseconds)
        default: return nil
        }
    }

    private static func secondsResult(_ nanoseconds: Int128) -> Value? {
        DaysTimeDuration(totalNanoseconds: nanoseconds).map(Value.daysTimeDuration)
    }

    private static func moved(_ value: Value, by nanoseconds: Int128) -> Value? {
        switch value {
        case .date(let date):
            return shift(FEELDateTime(midnightOf: date), nanoseconds).map { .date($0.date) }
        case .dateTime(let moment): return shift(moment, nanoseconds).map(Value.dateTime)
        case .time(let time):
            let day: Int128 = 86_400 * 1_000_000_000
            let total = Int128(time.secondOfDay) * 1_000_000_000 + Int128(time.nanosecond) + nanoseconds
            let inDay = ((total % day) + day) % day
            return .time(
                FEELTime(
                    secondOfDay: Int(inDay / 1_000_000_000), nanosecond: Int(inDay % 1_000_000_000), zone: time.zone))
        default: return nil
        }
    }

    private static func shift(_ moment: FEELDateTime, _ nanoseconds: Int128) -> FEELDateTime? {
        let total = Int128(moment.localSeconds) * 1_000_000_000 + Int128(moment.time.nanosecond) + nanoseconds
        var seconds = total / 1_000_000_000
        var rest = total % 1_000_000_000
        if rest < 0 {
            rest += 1_000_000_000
            seconds -= 1
        }
        guard let local = Int64(exactly: seconds) else { return nil }
        return FEELDateTime(localSeconds: local, nanosecond: Int32(rest), zone: moment.time.zone)
    }

    /// The time between two points; a date counts as its midnight, in UTC when the other has a zone.
    private static func difference(_ left: Value, _ right: Value) -> Value? {
        switch (left, right) {
        case (.time(let a), .time(let b)):
            guard (a.offsetSeconds == nil) == (b.offsetSeconds == nil) else { return nil }
            let first = Int64(a.secondOfDay) - (a.offsetSeconds ?? 0)
            let second = Int64(b.secondOfDay) - (b.offsetSeconds ?? 0)
            return between(first, a.nanosecond, second, b.nanosecond)
        default:
            guard let a = moment(left), let b = moment(right) else { return nil }
            let bothDates = left.asDate != nil || right.asDate != nil
            guard bothDates || (a.offsetSeconds == nil) == (b.offsetSeconds == nil) else { return nil }
            return between(
                a.localSeconds - (a.offsetSeconds ?? 0), a.time.nanosecond,
                b.localSeconds - (b.offsetSeconds ?? 0), b.time.nanosecond)
        }
    }

    private static func moment(_ value: Value) -> FEELDateTime? {
        switch value {
        case .date(let date): FEELDateTime(midnightOf: date)
        case .dateTime(let moment): moment
        default: nil
        }
    }

    private static func between(_ a: Int64, _ nanosA: Int32, _ b: Int64, _ nanosB: Int32) -> Value? {
        let total = (Int128(a) - Int128(b)) * 1_000_000_000 + Int128(nanosA) - Int128(nanosB)
        return secondsResult(total)
    }
}

extension DaysTimeDuration {
    /// The length in seconds with its fraction.
    var decimalSeconds: Decimal128 {
        Decimal128(seconds) + Decimal128(units: Int64(nanoseconds), scale: 9)
    }

    /// A length of so many seconds, cut off at the nanosecond; nil when it does not fit.
    init?(decimalSeconds: Decimal128) {
        guard !decimalSeconds.isNaN, let whole = decimalSeconds.int64(rounding: .floor) else { return nil }
        let rest = (decimalSeconds - Decimal128(whole)) * Decimal128(1_000_000_000)
        guard let nanoseconds = rest.int64(rounding: .down) else { return nil }
        self.init(totalNanoseconds: Int128(whole) * 1_000_000_000 + Int128(nanoseconds))
    }
}
