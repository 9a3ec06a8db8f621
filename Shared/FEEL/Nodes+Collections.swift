import Domain

final class ListNode: Node {
    private let elements: [any Node]
    init(_ elements: [any Node]) { self.elements = elements }
    func evaluate(_ frame: inout Evaluation) -> Value {
        guard frame.spend(elements.count) else { return .null }
        var values: [Value] = []
        values.reserveCapacity(elements.count)
        for element in elements { values.append(element.evaluate(&frame)) }
        return .list(values)
    }
}

/// A context literal; each entry sees the ones before it as local variables.
final class ContextNode: Node {
    private let shape: Context.Shape
    private let entries: [any Node]

    init(names: [String], entries: [any Node]) {
        shape = Context.Shape(names)
        self.entries = entries
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        guard frame.spend(entries.count) else { return .null }
        let base = frame.locals.count
        for entry in entries {
            let value = entry.evaluate(&frame)
            frame.locals.append(value)
        }
        let values = Array(frame.locals[base...])
        frame.locals.removeLast(entries.count)
        return .context(Context(shape: shape, values: values))
    }
}

final class RangeNode: Node {
    private let low: any Node
    private let high: any Node
    private let lowIncluded: Bool
    private let highIncluded: Bool
    private let offset: Int

    init(_ low: any Node, _ lowIncluded: Bool, _ high: any Node, _ highIncluded: Bool, at offset: Int) {
        self.low = low
        self.high = high
        self.lowIncluded = lowIncluded
        self.highIncluded = highIncluded
        self.offset = offset
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        let low = low.evaluate(&frame)
        let high = high.evaluate(&frame)
        if !low.isNull, !high.isNull {
            guard low.typeName == high.typeName, let order = Operators.order(low, high), order <= 0 else {
                return frame.fail("a range needs two ends of one type, the lower first", at: offset)
            }
        }
        return .range(ValueRange(low: low, lowIncluded: lowIncluded, high: high, highIncluded: highIncluded))
    }
}

/// `(< 10)` and the like.
final class ComparisonRangeNode: Node {
    private let sign: Comparison
    private let end: any Node
    init(_ sign: Comparison, _ end: any Node) {
        self.sign = sign
        self.end = end
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        .range(Self.range(sign, end.evaluate(&frame)))
    }

    static func range(_ sign: Comparison, _ end: Value) -> ValueRange {
        switch sign {
        case .equal: ValueRange(low: end, lowIncluded: true, high: end, highIncluded: true, form: .equal)
        case .notEqual: ValueRange(low: end, lowIncluded: false, high: end, highIncluded: false, form: .notEqual)
        case .less: ValueRange(low: .null, lowIncluded: false, high: end, highIncluded: false, form: .oneSided)
        case .lessOrEqual: ValueRange(low: .null, lowIncluded: false, high: end, highIncluded: true, form: .oneSided)
        case .greater: ValueRange(low: end, lowIncluded: false, high: .null, highIncluded: false, form: .oneSided)
        case .greaterOrEqual: ValueRange(low: end, lowIncluded: true, high: .null, highIncluded: false, form: .oneSided)
        }
    }
}

final class PathNode: Node {
    private let operand: any Node
    private let name: String
    private let offset: Int

    init(_ operand: any Node, _ name: String, at offset: Int) {
        self.operand = operand
        self.name = name
        self.offset = offset
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        let value = operand.evaluate(&frame)
        if case .context(let context) = value, let entry = context[name] { return entry }
        return member(of: value, &frame)
    }

    private func member(of value: Value, _ frame: inout Evaluation) -> Value {
        switch value {
        case .list(let values):
            guard frame.spend(values.count) else { return .null }
            return .list(values.map { member(of: $0, &frame) })
        case .context(let context):
            return context[name] ?? frame.fail("the context has no entry “\(name)”", at: offset)
        default:
            return Properties.value(of: value, name) ?? frame.fail("\(value.typeName) has no “\(name)”", at: offset)
        }
    }
}

/// The parts of dates, times, durations and ranges that can be asked for by name.
enum Properties {
    static func value(of value: Value, _ name: String) -> Value? {
        switch value {
        case .date(let date): return date.property(name)
        case .time(let time): return time.property(name, offset: time.offsetSeconds)
        case .dateTime(let moment):
            return moment.date.property(name) ?? moment.time.property(name, offset: moment.offsetSeconds)
        case .yearsMonthsDuration(let duration):
            switch name {
            case "years": return .number(Decimal128(duration.years))
            case "months": return .number(Decimal128(duration.months))
            default: return nil
            }
        case .daysTimeDuration(let duration): return duration.property(name)
        case .range(let range): return range.property(name)
        default: return nil
        }
    }
}

extension FEELDate {
    fileprivate func property(_ name: String) -> Value? {
        switch name {
        case "year": .number(Int(year))
        case "month": .number(Int(month))
        case "day": .number(Int(day))
        case "weekday": .number(weekday)
        default: nil
        }
    }
}

extension FEELTime {
    fileprivate func property(_ name: String, offset: Int64?) -> Value? {
        switch name {
        case "hour": return .number(hour)
        case "minute": return .number(minute)
        case "second": return .number(Decimal128(second))
        case "time offset": return offset.map { .daysTimeDuration(DaysTimeDuration(seconds: $0)) } ?? .null
        case "timezone":
            if case .named(let name) = zone { return .string(name) }
            return .null
        default: return nil
        }
    }
}

extension DaysTimeDuration {
    fileprivate func property(_ name: String) -> Value? {
        switch name {
        case "days": .number(Decimal128(days))
        case "hours": .number(Decimal128(hours))
        case "minutes": .number(Decimal128(minutes))
        case "seconds": .number(Decimal128(wholeSeconds))
        default: nil
        }
    }
}

extension ValueRange {
    fileprivate func property(_ name: String) -> Value? {
        switch name {
        case "start": form == .notEqual ? .null : low
        case "end": form == .notEqual ? .null : high
        case "start included": .boolean(lowIncluded)
        case "end included": .boolean(highIncluded)
        default: nil
        }
    }
}

/// `list[condition]` and `list[position]`.
final class FilterNode: Node {
    private let operand: any Node
    private let condition: any Node
    private let offset: Int

    init(_ operand: any Node, _ condition: any Node, at offset: Int) {
        self.operand = operand
        self.condition = condition
        self.offset = offset
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        let value = operand.evaluate(&frame)
        let values: [Value]
        switch value {
        case .list(let elements): values = elements
        case .null: values = []
        default: values = [value]
        }
        guard frame.spend(values.count) else { return .null }
        var kept: [Value] = []
        for (index, element) in values.enumerated() {
            switch test(element, &frame) {
            case .boolean(true): kept.append(element)
            case .boolean(false), .null: break
            case .number(let position) where index == 0: return pick(values, position, &frame)
            case let other: return frame.fail("a filter must give true or false, not \(other.typeName)", at: offset)
            }
        }
        if values.isEmpty, case .number(let position) = test(.null, &frame) { return pick(values, position, &frame) }
        if value.isNull { return frame.fail("null cannot be filtered", at: offset) }
        return .list(kept)
    }

    private func test(_ element: Value, _ frame: inout Evaluation) -> Value {
        frame.locals.append(element)
        let result = condition.evaluate(&frame)
        frame.locals.removeLast()
        return result
    }

    private func pick(_ values: [Value], _ position: Decimal128, _ frame: inout Evaluation) -> Value {
        if let index = Int(exactly: position) {
            if index > 0, index <= values.count { return values[index - 1] }
            if index < 0, index >= -values.count { return values[values.count + index] }
        }
        return frame.fail("there is no element \(position.text) in a list of \(values.count)", at: offset)
    }
}
