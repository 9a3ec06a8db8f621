import Domain

extension Builtins {
    static let temporal: [Builtin] = [
        Builtin("date", [Form("from"), Form("year", "month", "day")], toDate),
        Builtin("time", [Form("from"), Form("hour", "minute", "second", "offset", required: 3)], toTime),
        Builtin("date and time", [Form("from"), Form("date", "time")], toDateTime),
        Builtin("duration", [Form("from")]) { arguments, frame in
            switch single(arguments[0]) {
            case .string(let text):
                return TemporalReader.duration(text) ?? frame.fail("“duration” cannot read the text as a duration")
            case .yearsMonthsDuration, .daysTimeDuration: return single(arguments[0])
            default: return wrong("duration", arguments, &frame)
            }
        },
        Builtin("years and months duration", [Form("from", "to")], monthsBetween),
        dayFunction("day of year") { .number($0.dayOfYear) },
        dayFunction("day of week") { .string(weekdays[$0.weekday - 1]) },
        dayFunction("month of year") { .string(months[Int($0.month) - 1]) },
        dayFunction("week of year") { .number($0.weekOfYear) },
    ]

    /// The functions that need a clock; without one they have no value.
    static func moments(_ clock: (@Sendable () -> FEELDateTime)?) -> [Builtin] {
        [
            Builtin("now", [Form()]) { _, frame in
                clock.map { .dateTime($0()) } ?? frame.fail("“now” has no value here: give the moment as a variable")
            },
            Builtin("today", [Form()]) { _, frame in
                clock.map { .date($0().date) } ?? frame.fail("“today” has no value here: give the day as a variable")
            },
        ]
    }

    private static let weekdays = [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    private static func dayFunction(_ name: String, _ body: @escaping @Sendable (FEELDate) -> Value) -> Builtin {
        Builtin(name, [Form("date")]) { arguments, frame in
            switch single(arguments[0]) {
            case .date(let date): body(date)
            case .dateTime(let moment): body(moment.date)
            default: wrong(name, arguments, &frame)
            }
        }
    }

    private static func toDate(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        if arguments.count == 3 {
            guard let year = exactInteger(arguments, 0), let month = exactInteger(arguments, 1),
                let day = exactInteger(arguments, 2), let date = FEELDate(year: year, month: month, day: day)
            else { return frame.fail("“date” needs a year, a month and a day that exist") }
            return .date(date)
        }
        switch single(arguments[0]) {
        case .string(let text):
            return TemporalReader.date(text).map(Value.date) ?? frame.fail("“date” cannot read the text as a date")
        case .date(let date): return .date(date)
        case .dateTime(let moment): return .date(moment.date)
        default: return wrong("date", arguments, &frame)
        }
    }

    private static func exactInteger(_ arguments: [Value], _ index: Int) -> Int? {
        number(arguments, index).flatMap { Int(exactly: $0) }
    }

    private static func toTime(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        if arguments.count >= 3 { return timeOfParts(arguments, &frame) }
        switch single(arguments[0]) {
        case .string(let text):
            return TemporalReader.time(text).map(Value.time) ?? frame.fail("“time” cannot read the text as a time")
        case .time(let time): return .time(time)
        case .dateTime(let moment): return .time(moment.time)
        case .date: return .time(FEELTime(secondOfDay: 0, nanosecond: 0, zone: .offset(seconds: 0)))
        default: return wrong("time", arguments, &frame)
        }
    }

    private static func timeOfParts(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        var zone = FEELZone.local
        if arguments.count == 4, !arguments[3].isNull {
            guard case .daysTimeDuration(let offset) = single(arguments[3]), offset.seconds.magnitude <= 18 * 3_600
            else {
                return wrong("time", arguments, &frame)
            }
            zone = .offset(seconds: Int32(offset.seconds))
        }
        guard let hour = exactInteger(arguments, 0), let minute = exactInteger(arguments, 1),
            let seconds = number(arguments, 2), let second = seconds.int64(rounding: .down),
            let nanosecond = ((seconds - Decimal128(second)) * Decimal128(1_000_000_000)).int64(rounding: .down),
            let time = FEELTime(
                hour: hour, minute: minute, second: Int(second), nanosecond: Int(nanosecond), zone: zone)
        else { return frame.fail("“time” needs an hour, a minute and a second that exist") }
        return .time(time)
    }

    private static func toDateTime(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        if arguments.count == 2 {
            guard case .time(let time) = single(arguments[1]) else { return wrong("date and time", arguments, &frame) }
            switch single(arguments[0]) {
            case .date(let date): return .dateTime(FEELDateTime(date: date, time: time))
            case .dateTime(let moment): return .dateTime(FEELDateTime(date: moment.date, time: time))
            default: return wrong("date and time", arguments, &frame)
            }
        }
        switch single(arguments[0]) {
        case .string(let text):
            guard let moment = TemporalReader.dateTime(text) else {
                return frame.fail("“date and time” cannot read the text as a date and time")
            }
            return .dateTime(moment)
        case .dateTime(let moment): return .dateTime(moment)
        case .date(let date):
            return .dateTime(
                FEELDateTime(date: date, time: FEELTime(secondOfDay: 0, nanosecond: 0, zone: .offset(seconds: 0))))
        default: return wrong("date and time", arguments, &frame)
        }
    }

    /// Whole months from one day to another, towards zero.
    private static func monthsBetween(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        guard let from = moment(arguments[0]), let to = moment(arguments[1]) else {
            return wrong("years and months duration", arguments, &frame)
        }
        let start = (
            Int64(from.date.year) * 12 + Int64(from.date.month),
            Int64(from.date.day) * 86_400 + Int64(from.time.secondOfDay)
        )
        let end = (
            Int64(to.date.year) * 12 + Int64(to.date.month), Int64(to.date.day) * 86_400 + Int64(to.time.secondOfDay)
        )
        var months = end.0 - start.0
        if months > 0, end.1 < start.1 { months -= 1 }
        if months < 0, end.1 > start.1 { months += 1 }
        return .yearsMonthsDuration(YearsMonthsDuration(totalMonths: months))
    }

    private static func moment(_ value: Value) -> FEELDateTime? {
        switch single(value) {
        case .date(let date): FEELDateTime(midnightOf: date)
        case .dateTime(let moment): moment
        default: nil
        }
    }
}
