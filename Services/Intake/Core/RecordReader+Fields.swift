import Contracts
import Domain

extension RecordReader {
    /// A value as the plan says: its text, and of what JSON type it is.
    struct Value {
        var slice: Slice
        var kind: Constant.Kind
        /// The scanner has seen that the text needs no escapes.
        var isPlain = false
    }

    /// The value of a field; `nil` when it is absent, which is a problem unless it is optional.
    @inline(__always)
    mutating func value(_ plan: FieldPlan, isRequired: Bool = true) -> Value? {
        if plan.slot < 0 { return Value(slice: plan.constant, kind: plan.constantKind) }
        let token = slots[plan.slot]
        guard token.end >= 0, token.kind != .string || token.end > token.start else {
            return absent(plan, isRequired: isRequired)
        }
        guard var value = scalar(token, plan) else { return nil }
        if let values = plan.values {
            guard let entry = values.first(where: { equals(value.slice, $0.from) }) else {
                if !plan.isOptional {
                    problems.append(
                        RecordProblem(.unknownValue, at: plan.path, "the value is not in the table of values"))
                }
                return nil
            }
            value = Value(slice: entry.to, kind: entry.kind)
        }
        return value
    }

    private mutating func absent(_ plan: FieldPlan, isRequired: Bool) -> Value? {
        if let fallback = plan.fallback { return Value(slice: fallback, kind: plan.fallbackKind) }
        if isRequired, !plan.isOptional {
            problems.append(RecordProblem(.missing, at: plan.path, "the member is missing"))
        }
        return nil
    }

    private mutating func scalar(_ token: JSONToken, _ plan: FieldPlan) -> Value? {
        switch token.kind {
        case .string:
            guard token.isEscaped else {
                return Value(
                    slice: Slice(start: Int(token.start), count: Int(token.end - token.start)), kind: .text,
                    isPlain: Int(token.start) >= base)
            }
            let start = work.count
            var text: [UInt8] = []
            JSONTape.appendText(token, of: work.span, to: &text)
            work.append(contentsOf: text)
            return Value(slice: Slice(start: start, count: work.count - start), kind: .text)
        case .number, .yes, .no:
            let slice = Slice(start: Int(token.start), count: Int(token.end - token.start))
            return Value(slice: slice, kind: token.kind == .number ? .number : .flag)
        case .object, .array, .null:
            problems.append(RecordProblem(.wrongType, at: plan.path, "the member is not a single value"))
            return nil
        }
    }

    /// A reference: text without blanks, slashes, quotes and control characters, 1 to 64 bytes.
    @inline(__always)
    mutating func reference(_ plan: FieldPlan, limit: Int = 64, isRequired: Bool = true) -> Slice? {
        guard let value = value(plan, isRequired: isRequired) else { return nil }
        guard value.kind == .text || plan.slot < 0 else {
            problems.append(RecordProblem(.wrongType, at: plan.path, "a reference must be text"))
            return nil
        }
        guard Int(value.slice.count) <= limit, isPlain(value.slice) else {
            problems.append(
                RecordProblem(
                    .badReference, at: plan.path, "the reference is too long or has a character it may not have"))
            return nil
        }
        return value.slice
    }

    @inline(__always)
    private func isPlain(_ slice: Slice) -> Bool {
        for index in slice.range {
            let byte = work[index]
            if byte <= 0x20 || byte == 0x7F || byte == 0x22 || byte == 0x5C || byte == 0x2F { return false }
        }
        return true
    }

    mutating func date(_ plan: FieldPlan, isRequired: Bool = true) -> CalendarDate? {
        guard let value = value(plan, isRequired: isRequired) else { return nil }
        guard value.kind == .text, let date = CalendarDate(utf8: work.span.extracting(value.slice.range)),
            date >= .earliest, date <= .latest
        else {
            problems.append(RecordProblem(.badDate, at: plan.path, "there is no such day"))
            return nil
        }
        return date
    }

    mutating func moment(_ plan: FieldPlan, zone: [UInt8], isRequired: Bool = true) -> (Timestamp, Int)? {
        guard let value = value(plan, isRequired: isRequired) else { return nil }
        if value.kind == .text, value.slice.count >= 19, let moment = moment(value.slice, zone) { return moment }
        problems.append(RecordProblem(.badTime, at: plan.path, "there is no such moment"))
        return nil
    }

    private mutating func moment(_ slice: Slice, _ zone: [UInt8]) -> (Timestamp, Int)? {
        var slice = slice
        let last = work[slice.range.upperBound - 1]
        let sign = slice.count >= 25 ? work[slice.range.upperBound - 6] : 0
        if last != UInt8(ascii: "Z"), sign != UInt8(ascii: "+"), sign != UInt8(ascii: "-") {
            let start = work.count
            work.append(contentsOf: work[slice.range])
            work.append(contentsOf: zone)
            slice = Slice(start: start, count: work.count - start)
        }
        guard let moment = Timestamp(utf8: work.span.extracting(slice.range)), moment >= Self.earliest,
            moment <= Self.latest
        else { return nil }
        let end = slice.range.upperBound
        guard work[end - 1] != UInt8(ascii: "Z") else { return (moment, 0) }
        func two(_ start: Int) -> Int { Int(work[start] &- 0x30) * 10 + Int(work[start + 1] &- 0x30) }
        let minutes = two(end - 5) * 60 + two(end - 2)
        return (moment, work[end - 6] == UInt8(ascii: "-") ? -minutes : minutes)
    }

    private static let earliest = Timestamp(startOf: .earliest, offsetMinutes: 0)
    private static let latest = Timestamp(startOf: .latest, offsetMinutes: 0)

    /// An amount from decimal text or an exact JSON number; with a scale, from a whole number of smaller units.
    mutating func quantity(_ plan: FieldPlan, scale: Int?, isRequired: Bool = true) -> Quantity? {
        guard let value = value(plan, isRequired: isRequired) else { return nil }
        guard value.kind != .flag, value.slice.count <= 21,
            let read = Quantity(utf8: work.span.extracting(value.slice.range)), let amount = scaled(read, scale)
        else {
            problems.append(
                RecordProblem(
                    .badAmount, at: plan.path, "the amount is not an exact decimal number in the range that is kept"))
            return nil
        }
        return amount
    }

    private func scaled(_ read: Quantity, _ scale: Int?) -> Quantity? {
        guard let scale else { return read }
        guard read.tenThousandths.isMultiple(of: 10_000) else { return nil }
        let factors: [Int64] = [10_000, 1_000, 100, 10, 1]
        return Quantity(tenThousandths: read.tenThousandths / 10_000 * factors[scale])
    }

    /// `true` or `false`, also as text (files have nothing else); absent is false.
    mutating func flag(_ plan: FieldPlan) -> Bool {
        guard let value = value(plan, isRequired: false) else { return false }
        if equals(value.slice, Self.yes) { return true }
        if !equals(value.slice, Self.no) {
            problems.append(RecordProblem(.wrongType, at: plan.path, "the flag is neither true nor false"))
        }
        return false
    }

    private static let yes: StaticString = "true"
    private static let no: StaticString = "false"

    @inline(__always)
    func equals(_ slice: Slice, _ text: StaticString) -> Bool {
        work[slice.range].elementsEqual(text.description.utf8)
    }

    @inline(__always)
    func equals(_ slice: Slice, _ bytes: [UInt8]) -> Bool {
        guard Int(slice.count) == bytes.count else { return false }
        let start = Int(slice.start)
        for index in bytes.indices where work[start + index] != bytes[index] { return false }
        return true
    }

    @inline(__always)
    func equals(_ slice: Slice, _ other: Slice) -> Bool {
        guard slice.count == other.count else { return false }
        let (start, expected) = (Int(slice.start), Int(other.start))
        for index in 0..<Int(slice.count) where work[start + index] != work[expected + index] { return false }
        return true
    }
}
