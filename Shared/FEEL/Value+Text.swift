import Domain

extension Value {
    /// The value as `string()` gives it: text as it stands, everything else in the language's own notation.
    public var text: String {
        if case .string(let value) = self { return value }
        return rendered
    }

    /// The value as it would be written in an expression; texts are quoted.
    ///
    /// What is longer than a million characters is cut off with “…”.
    public var rendered: String {
        var writer = ValueWriter()
        writer.write(self)
        return writer.text
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension ValueRange {
    /// `[1..10)`, `<= 10`.
    public var text: String { Value.range(self).rendered }
}

/// Writes values one after the other up to a length.
private struct ValueWriter {
    var text = ""
    private var length = 0
    private static let limit = 1_000_000

    private mutating func put(_ part: String) {
        text += part
        length += part.utf8.count
    }

    /// Whether the text has grown too long; the first time, that is shown.
    private mutating func isFull() -> Bool {
        guard length > Self.limit else { return false }
        if !text.hasSuffix("…") { text += "…" }
        return true
    }

    mutating func write(_ value: Value) {
        if isFull() { return }
        switch value {
        case .null: put("null")
        case .boolean(let value): put(value ? "true" : "false")
        case .number(let value): put(value.text)
        case .string(let value): put(Value.quoted(value))
        case .date(let value): put(value.text)
        case .time(let value): put(value.text)
        case .dateTime(let value): put(value.text)
        case .yearsMonthsDuration(let value): put(value.text)
        case .daysTimeDuration(let value): put(value.text)
        case .list(let values): write(values)
        case .context(let context): write(context)
        case .range(let range): write(range)
        case .function(let function): put(function.name.map { "function " + $0 } ?? "function")
        }
    }

    private mutating func write(_ values: [Value]) {
        put("[")
        for (index, value) in values.enumerated() where !isFull() {
            if index > 0 { put(", ") }
            write(value)
        }
        put("]")
    }

    private mutating func write(_ context: Context) {
        put("{")
        for (index, entry) in zip(context.names, context.values).enumerated() where !isFull() {
            if index > 0 { put(", ") }
            put((Names.isPlain(entry.0) ? entry.0 : Value.quoted(entry.0)) + ": ")
            write(entry.1)
        }
        put("}")
    }

    private mutating func write(_ range: ValueRange) {
        switch range.form {
        case .equal:
            put("= ")
            write(range.low)
        case .notEqual:
            put("!= ")
            write(range.low)
        case .oneSided where range.high.isNull:
            put(range.lowIncluded ? ">= " : "> ")
            write(range.low)
        case .oneSided:
            put(range.highIncluded ? "<= " : "< ")
            write(range.high)
        case .between:
            put(range.lowIncluded ? "[" : "(")
            write(range.low)
            put("..")
            write(range.high)
            put(range.highIncluded ? "]" : ")")
        }
    }
}

extension Value: CustomStringConvertible {
    /// The same as ``rendered``.
    public var description: String { rendered }
}
