import Domain

extension Value {
    /// The value as `string()` gives it: text as it stands, everything else in the language's own notation.
    public var text: String {
        if case .string(let value) = self { return value }
        return rendered
    }

    /// The value as it would be written in an expression; texts are quoted.
    public var rendered: String {
        switch self {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .number(let value): value.text
        case .string(let value): Self.quoted(value)
        case .date(let value): value.text
        case .time(let value): value.text
        case .dateTime(let value): value.text
        case .yearsMonthsDuration(let value): value.text
        case .daysTimeDuration(let value): value.text
        case .list(let values): "[" + values.map(\.rendered).joined(separator: ", ") + "]"
        case .context(let context): Self.rendered(context)
        case .range(let range): range.text
        case .function(let function): "function " + (function.name ?? "")
        }
    }

    private static func rendered(_ context: Context) -> String {
        let entries = zip(context.names, context.values).map { name, value in
            (Names.isPlain(name) ? name : quoted(name)) + ": " + value.rendered
        }
        return "{" + entries.joined(separator: ", ") + "}"
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
    public var text: String {
        switch form {
        case .equal: return "= " + low.rendered
        case .notEqual: return "!= " + low.rendered
        case .oneSided:
            if high.isNull { return (lowIncluded ? ">= " : "> ") + low.rendered }
            return (highIncluded ? "<= " : "< ") + high.rendered
        case .between:
            let open = lowIncluded ? "[" : "("
            let close = highIncluded ? "]" : ")"
            return open + low.rendered + ".." + high.rendered + close
        }
    }
}

extension Value: CustomStringConvertible {
    /// The same as ``rendered``.
    public var description: String { rendered }
}
