import Domain

extension Parser {
    /// The whole text as one expression.
    mutating func parseAll() throws(FEELError) -> Syntax {
        let result = try expression()
        skipSpace()
        guard position == text.count else { throw failure("expected an operator or the end of the expression") }
        return result
    }

    mutating func expression() throws(FEELError) -> Syntax {
        try nested { (parser) throws(FEELError) in try parser.statement() }
    }

    private mutating func statement() throws(FEELError) -> Syntax {
        skipSpace()
        let start = position
        if take(word: "if") { return try conditional(start) }
        if take(word: "for") { return try loop(start) }
        if take(word: "some") { return try quantified(start, every: false) }
        if take(word: "every") { return try quantified(start, every: true) }
        return try disjunction()
    }

    private mutating func conditional(_ start: Int) throws(FEELError) -> Syntax {
        let condition = try expression()
        try expect(word: "then", "after the condition of “if”")
        let positive = try expression()
        try expect(word: "else", "after the first result of “if”")
        let negative = try expression()
        return try make(.conditional(condition, positive, negative), at: start, [condition, positive, negative])
    }

    private mutating func loop(_ start: Int) throws(FEELError) -> Syntax {
        let (iterations, body) = try iterations("return", extra: ["partial"])
        return try make(.loop(iterations, body), at: start, parts(iterations, body))
    }

    private mutating func quantified(_ start: Int, every: Bool) throws(FEELError) -> Syntax {
        let (iterations, body) = try iterations("satisfies", extra: [])
        return try make(.quantified(every: every, iterations, body), at: start, parts(iterations, body))
    }

    private func parts(_ iterations: [Syntax.Iteration], _ body: Syntax) -> [Syntax] {
        iterations.flatMap { [$0.source] + ($0.end.map { [$0] } ?? []) } + [body]
    }

    /// `x in xs, y in 1..3 return …`
    private mutating func iterations(
        _ keyword: String, extra: [String]
    ) throws(FEELError) -> ([Syntax.Iteration], Syntax) {
        try withScope(extra) { (parser) throws(FEELError) in
            var iterations: [Syntax.Iteration] = []
            repeat {
                let name = try parser.iterationName()
                let source = try parser.expression()
                let end = parser.take("..") ? try parser.additive() : nil
                iterations.append(Syntax.Iteration(name: name, source: source, end: end))
                parser.declare(name)
            } while parser.take(",")
            try parser.expect(word: keyword, "after the lists to go through")
            return (iterations, try parser.expression())
        }
    }

    /// The words before `in`.
    private mutating func iterationName() throws(FEELError) -> String {
        skipSpace()
        var words: [String] = []
        while position < text.count, !(take(word: "in") && !words.isEmpty) {
            let start = position
            while let scalar = current, scalar.continuesName || (position > start && scalar.isNameSign) {
                position += 1
            }
            guard position > start else { throw failure("expected a variable name followed by “in”") }
            words.append(string(start..<position))
            skipSpace()
        }
        guard position < text.count, !words.isEmpty else { throw failure("expected “in” after the variable name") }
        return words.joined(separator: " ")
    }

    mutating func disjunction() throws(FEELError) -> Syntax {
        let first = try conjunction()
        guard take(word: "or") else { return first }
        var parts = [first]
        repeat { parts.append(try conjunction()) } while take(word: "or")
        return try make(.or(parts), at: first.offset, parts)
    }

    private mutating func conjunction() throws(FEELError) -> Syntax {
        let first = try comparison()
        guard take(word: "and") else { return first }
        var parts = [first]
        repeat { parts.append(try comparison()) } while take(word: "and")
        return try make(.and(parts), at: first.offset, parts)
    }

    /// A comparison sign, if one stands here.
    mutating func comparisonSign() -> Comparison? {
        skipSpace()
        switch current {
        case "=":
            position += 1
            return .equal
        case "!":
            return take("!=") ? .notEqual : nil
        case "<":
            return take("<=") ? .lessOrEqual : (take("<") ? .less : nil)
        case ">":
            return take(">=") ? .greaterOrEqual : (take(">") ? .greater : nil)
        default:
            return nil
        }
    }

    private mutating func comparison() throws(FEELError) -> Syntax {
        var left = try additive()
        while true {
            if let sign = comparisonSign() {
                let right = try additive()
                left = try make(.comparison(sign, left, right), at: left.offset, [left, right])
            } else if take(word: "between") {
                let low = try additive()
                try expect(word: "and", "between the two ends of “between”")
                let high = try additive()
                left = try make(.between(left, low, high), at: left.offset, [left, low, high])
            } else if take(word: "in") {
                let (tests, parts) = try inTests()
                left = try make(.inTests(left, tests), at: left.offset, [left] + parts)
            } else {
                return left
            }
        }
    }

    mutating func additive() throws(FEELError) -> Syntax {
        var left = try multiplicative()
        while true {
            skipSpace()
            let sign: Arithmetic
            if take("+") {
                sign = .add
            } else if take("-") {
                sign = .subtract
            } else {
                return left
            }
            let right = try multiplicative()
            left = try make(.arithmetic(sign, left, right), at: left.offset, [left, right])
        }
    }

    private mutating func multiplicative() throws(FEELError) -> Syntax {
        var left = try power()
        while true {
            skipSpace()
            let sign: Arithmetic
            if current == "*", peek(1) != "*" {
                sign = .multiply
            } else if current == "/" {
                sign = .divide
            } else {
                return left
            }
            position += 1
            let right = try power()
            left = try make(.arithmetic(sign, left, right), at: left.offset, [left, right])
        }
    }

    private mutating func power() throws(FEELError) -> Syntax {
        var left = try negation()
        while take("**") {
            let right = try negation()
            left = try make(.arithmetic(.power, left, right), at: left.offset, [left, right])
        }
        return left
    }

    private mutating func negation() throws(FEELError) -> Syntax {
        skipSpace()
        let start = position
        guard take("-") else { return try instanceOf() }
        let operand = try nested { (parser) throws(FEELError) in try parser.negation() }
        if case .literal(.number(let value)) = operand.kind {
            return try make(.literal(.number(-value)), at: start)
        }
        return try make(.negate(operand), at: start, [operand])
    }

    private mutating func instanceOf() throws(FEELError) -> Syntax {
        let operand = try postfix(try primary())
        skipSpace()
        guard instanceOfFollows(at: position) else { return operand }
        position += "instance".count
        guard take(word: "of") else { return operand }
        let type = try type()
        return try make(.instanceOf(operand, type), at: operand.offset, [operand])
    }

    /// Paths, filters and calls after an operand.
    mutating func postfix(_ operand: Syntax) throws(FEELError) -> Syntax {
        var result = operand
        while true {
            skipSpace()
            if current == ".", peek(1) != "." {
                position += 1
                guard let name = readMember() else { throw failure("expected a name after “.”") }
                result = try make(.path(result, name), at: result.offset, [result])
            } else if current == "[" {
                guard let filtered = try filter(result) else { return result }
                result = filtered
            } else if current == "(" {
                result = try call(result)
            } else {
                return result
            }
        }
    }

    /// `[condition]`; nothing when the bracket closes a range such as `[1..10[`.
    private mutating func filter(_ operand: Syntax) throws(FEELError) -> Syntax? {
        if openRanges > 0, bracketClosesRange() { return nil }
        position += 1
        let saved = openRanges
        openRanges = 0
        let condition = try withScope(["item"]) { (parser) throws(FEELError) in try parser.expression() }
        openRanges = saved
        try expect("]", "after the condition of a filter")
        return try make(.filter(operand, condition), at: operand.offset, [operand, condition])
    }

    private mutating func call(_ callee: Syntax) throws(FEELError) -> Syntax {
        position += 1
        let saved = openRanges
        openRanges = 0
        defer { openRanges = saved }
        if take(")") { return try make(.call(callee, .positional([])), at: callee.offset, [callee]) }
        if let first = namedArgument() {
            return try namedCall(callee, first)
        }
        var arguments: [Syntax] = []
        repeat { arguments.append(try expression()) } while take(",")
        try expect(")", "after the arguments of a function")
        return try make(.call(callee, .positional(arguments)), at: callee.offset, [callee] + arguments)
    }

    private mutating func namedCall(_ callee: Syntax, _ first: String) throws(FEELError) -> Syntax {
        var arguments = [(name: first, value: try expression())]
        while take(",") {
            guard let name = namedArgument() else { throw failure("expected a parameter name followed by “:”") }
            arguments.append((name: name, value: try expression()))
        }
        try expect(")", "after the arguments of a function")
        return try make(.call(callee, .named(arguments)), at: callee.offset, [callee] + arguments.map(\.value))
    }

    /// The name before `:`, if the argument is given by name.
    private mutating func namedArgument() -> String? {
        let start = position
        if let name = readDeclaredName(until: [":"]), take(":") { return name }
        position = start
        return nil
    }
}
