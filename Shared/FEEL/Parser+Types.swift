extension Parser {
    private static let simpleTypes = [
        "years and months duration", "days and time duration", "date and time", "date time", "number", "string",
        "boolean", "date", "time", "Any", "Null", "dateTime", "dayTimeDuration", "yearMonthDuration",
    ]

    /// A type such as `list<number>`, `context<a: string>`, `function<number> -> string`, `tLoan`.
    mutating func type() throws(FEELError) -> TypeSyntax {
        try nested { (parser) throws(FEELError) in try parser.innerType() }
    }

    private mutating func innerType() throws(FEELError) -> TypeSyntax {
        skipSpace()
        for keyword in ["list", "range", "context", "function"] {
            guard let end = isAt(word: keyword, from: position) else { continue }
            let start = position
            position = end
            if take("<") { return try generic(keyword) }
            position = start
        }
        for name in Self.simpleTypes {
            if let end = wordsEnd(name) {
                position = end
                return .named(name)
            }
        }
        var parts: [String] = []
        repeat {
            guard let name = readWords() else { throw failure("expected a type") }
            parts.append(name)
        } while current == "." && take(".")
        return .named(parts.joined(separator: "."))
    }

    private func wordsEnd(_ name: String) -> Int? {
        NameTable([name]).longestMatch(in: text, at: position)?.end
    }

    private mutating func generic(_ keyword: String) throws(FEELError) -> TypeSyntax {
        switch keyword {
        case "context":
            var entries: [(name: String, type: TypeSyntax)] = []
            if take(">") { return .context([]) }
            repeat {
                guard let name = readDeclaredName(until: [":"]) else { throw failure("expected the name of an entry") }
                try expect(":", "after the name of an entry")
                entries.append((name: name, type: try type()))
            } while take(",")
            try expect(">", "after the entries of a context type")
            return .context(entries)
        case "function":
            var parameters: [TypeSyntax] = []
            if !take(">") {
                repeat { parameters.append(try type()) } while take(",")
                try expect(">", "after the parameter types of a function")
            }
            try expect("->", "before the result type of a function")
            return .function(parameters, try type())
        default:
            let element = try type()
            try expect(">", "after the element type")
            return keyword == "list" ? .list(element) : .range(element)
        }
    }
}
