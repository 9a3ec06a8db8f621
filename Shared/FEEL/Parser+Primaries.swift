import Domain

extension Parser {
    mutating func primary() throws(FEELError) -> Syntax {
        skipSpace()
        let start = position
        guard let scalar = current else { throw failure("expected a value") }
        switch scalar {
        case "\"":
            return try make(.literal(.string(try stringLiteral())), at: start)
        case "@":
            position += 1
            skipSpace()
            guard current == "\"" else { throw failure("expected a text in quotes after “@”") }
            let text = try stringLiteral()
            guard let value = TemporalReader.any(text) else { return try make(.unreadable(text), at: start) }
            return try make(.literal(value), at: start)
        case "(": return try parenthesis(start)
        case "[", "]": return try bracket(start)
        case "{": return try contextLiteral(start)
        case "?" where !(peek(1)?.continuesName ?? false):
            position += 1
            questionMarkUsed = true
            return try make(.name("?"), at: start)
        default:
            // A variable's name may begin with a digit, as in “30天存款”.
            if scalar.isDigit, let known = knownName(), known.name.unicodeScalars.contains(where: \.startsName) {
                return try word(start)
            }
            if scalar.isDigit || (scalar == "." && (peek(1)?.isDigit ?? false)) { return try number(start) }
            return try word(start)
        }
    }

    private mutating func word(_ start: Int) throws(FEELError) -> Syntax {
        if take(word: "true") { return try make(.literal(.boolean(true)), at: start) }
        if take(word: "false") { return try make(.literal(.boolean(false)), at: start) }
        if take(word: "null") { return try make(.literal(.null), at: start) }
        if isAt(word: "function", from: position) != nil, let literal = try functionLiteral(start) { return literal }
        for keyword in ["then", "else", "return", "satisfies", "in", "between", "and", "or"] {
            if isAt(word: keyword, from: position) != nil, knownName() == nil { throw failure("expected a value") }
        }
        guard let name = readName() else { throw failure("expected a value") }
        return try make(.name(name), at: start)
    }

    private mutating func number(_ start: Int) throws(FEELError) -> Syntax {
        while let scalar = current, scalar.isDigit { position += 1 }
        if current == ".", peek(1)?.isDigit ?? false {
            position += 1
            while let scalar = current, scalar.isDigit { position += 1 }
        }
        if current == "e" || current == "E" { takeExponent() }
        guard let value = Decimal128(string(start..<position)) else {
            throw failure("expected a number of at most 6144 digits", at: start)
        }
        return try make(.literal(.number(value)), at: start)
    }

    private mutating func takeExponent() {
        var end = position + 1
        if end < text.count, text[end] == "+" || text[end] == "-" { end += 1 }
        guard end < text.count, text[end].isDigit else { return }
        while end < text.count, text[end].isDigit { end += 1 }
        position = end
    }

    /// A text in double quotes; unknown escapes such as `\d` keep their backslash for patterns.
    mutating func stringLiteral() throws(FEELError) -> String {
        let start = position
        position += 1
        var result = String.UnicodeScalarView()
        while let scalar = current {
            position += 1
            if scalar == "\"" { return String(result) }
            guard scalar == "\\", let escaped = current else {
                result.append(scalar)
                continue
            }
            position += 1
            switch escaped {
            case "\"", "\\", "'": result.append(escaped)
            case "n": result.append("\n")
            case "r": result.append("\r")
            case "t": result.append("\t")
            case "u": try appendCode(digits: 4, to: &result)
            case "U": try appendCode(digits: 6, to: &result)
            default: result.append(contentsOf: ["\\", escaped])
            }
        }
        throw failure("expected a closing quote for the text that begins here,", at: start)
    }

    private mutating func appendCode(digits: Int, to result: inout String.UnicodeScalarView) throws(FEELError) {
        var code = try hexadecimal(digits)
        if (0xD800...0xDBFF).contains(code), current == "\\", peek(1) == "u" {
            position += 2
            let low = try hexadecimal(4)
            guard (0xDC00...0xDFFF).contains(low) else { throw failure("expected the second half of a character code") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw failure("expected the code of a character") }
        result.append(scalar)
    }

    private mutating func hexadecimal(_ digits: Int) throws(FEELError) -> UInt32 {
        guard position + digits <= text.count, let code = UInt32(string(position..<position + digits), radix: 16) else {
            throw failure("expected \(digits) hexadecimal digits")
        }
        position += digits
        return code
    }

    /// `(a + b)`, `(1..10]`, `(< 10)`
    private mutating func parenthesis(_ start: Int) throws(FEELError) -> Syntax {
        position += 1
        if let sign = comparisonSign() {
            let end = try withOpenRange { (parser) throws(FEELError) in try parser.additive() }
            try expect(")", "after the end of a range")
            return try make(.comparisonRange(sign, end), at: start, [end])
        }
        let saved = openRanges
        openRanges = 0
        let first = try expression()
        openRanges = saved
        if take("..") { return try range(start, from: first, lowIncluded: false) }
        try expect(")", "to close the parenthesis")
        return try make(.group(first), at: start, [first])
    }

    /// `[1, 2]`, `[1..10)`, `]1..10]`
    private mutating func bracket(_ start: Int) throws(FEELError) -> Syntax {
        let inverted = current == "]"
        position += 1
        if inverted {
            let low = try expression()
            try expect("..", "after the lower end of a range")
            return try range(start, from: low, lowIncluded: false)
        }
        if take("]") { return try make(.list([]), at: start) }
        let saved = openRanges
        openRanges = 0
        defer { openRanges = saved }
        let first = try expression()
        if take("..") { return try range(start, from: first, lowIncluded: true) }
        var elements = [first]
        while take(",") {
            elements.append(try expression())
            try checkCount(elements.count)
        }
        try expect("]", "after the elements of a list")
        return try make(.list(elements), at: start, elements)
    }

    mutating func range(_ start: Int, from low: Syntax, lowIncluded: Bool) throws(FEELError) -> Syntax {
        let high = try withOpenRange { (parser) throws(FEELError) in try parser.expression() }
        skipSpace()
        let closed = current == "]"
        guard closed || current == ")" || current == "[" else {
            throw failure("expected “]” or “)” to close the range")
        }
        position += 1
        let range = Syntax.RangeSyntax(low: low, lowIncluded: lowIncluded, high: high, highIncluded: closed)
        return try make(.range(range), at: start, [low, high])
    }

    private mutating func withOpenRange(
        _ body: (inout Parser) throws(FEELError) -> Syntax
    ) throws(FEELError) -> Syntax {
        openRanges += 1
        let result = try body(&self)
        openRanges -= 1
        return result
    }

    /// Whether the bracket here is the end of `[1..10[`: nothing that could be a filter follows it.
    func bracketClosesRange() -> Bool {
        var next = position + 1
        while next < text.count, text[next].isSpace { next += 1 }
        guard next < text.count else { return true }
        switch text[next] {
        case ")", "]", ",", "}", "=", "!", "<", ">", "+", "*", "/", ".":
            return !(text[next] == "." && next + 1 < text.count && text[next + 1].isDigit)
        default: break
        }
        for word in ["and", "or", "then", "else", "return", "satisfies", "in", "instance"] {
            if isAt(word: word, from: next) != nil { return true }
        }
        return false
    }

    private mutating func contextLiteral(_ start: Int) throws(FEELError) -> Syntax {
        position += 1
        if take("}") { return try make(.context([]), at: start) }
        let saved = openRanges
        openRanges = 0
        defer { openRanges = saved }
        let entries = try withScope([]) { (parser) throws(FEELError) in try parser.contextEntries() }
        try expect("}", "after the entries of a context")
        return try make(.context(entries), at: start, entries.map(\.value))
    }

    private mutating func contextEntries() throws(FEELError) -> [Syntax.Entry] {
        var entries: [Syntax.Entry] = []
        repeat {
            skipSpace()
            let place = position
            let name: String
            if current == "\"" {
                name = try stringLiteral()
            } else {
                guard let declared = readDeclaredName(until: [":"]) else {
                    throw failure("expected the name of an entry")
                }
                name = declared
            }
            guard !entries.contains(where: { $0.name == name }) else {
                throw failure("the entry “\(name)” is given twice,", at: place)
            }
            try expect(":", "after the name of an entry")
            let value = try expression()
            entries.append(Syntax.Entry(name: name, value: value))
            try checkCount(entries.count)
            declare(name)
            declareMember(name)
        } while take(",")
        return entries
    }

    /// `function(a, b: number) a + b`; nothing when the word is a name.
    private mutating func functionLiteral(_ start: Int) throws(FEELError) -> Syntax? {
        position += "function".count
        guard take("(") else {
            position = start
            return nil
        }
        var parameters: [Syntax.Parameter] = []
        if !take(")") {
            repeat {
                guard let name = readDeclaredName(until: [",", ")", ":"]) else {
                    throw failure("expected a parameter name")
                }
                parameters.append(Syntax.Parameter(name: name, type: take(":") ? try type() : nil))
            } while take(",")
            try expect(")", "after the parameters of a function")
        }
        if take(word: "external") {
            let body = try expression()
            return try make(.externalFunction(parameters), at: start, [body])
        }
        let body = try withScope(parameters.map(\.name)) { (parser) throws(FEELError) in try parser.expression() }
        return try make(.function(parameters, body), at: start, [body])
    }
}
