extension Parser {
    /// The whole text as the unary tests of a decision table's cell.
    mutating func parseAllTests() throws(FEELError) -> [Syntax.Test] {
        skipSpace()
        let start = position
        if take("-") {
            skipSpace()
            if position == text.count { return [.any] }
            position = start
        }
        if let negated = try negatedTests() { return [negated] }
        position = start
        let (tests, _) = try testList()
        skipSpace()
        guard position == text.count else { throw failure("expected “,” or the end of the tests") }
        return tests
    }

    /// `not(…)` over the whole cell; nothing when it is only the beginning of an expression.
    private mutating func negatedTests() throws(FEELError) -> Syntax.Test? {
        guard isAt(word: "not", from: position) != nil else { return nil }
        // Tried on a copy, which leaves no trace when the cell turns out to be something else.
        var trial = self
        trial.position += 3
        guard trial.take("("), let (tests, _) = try? trial.testList(), trial.take(")") else { return nil }
        trial.skipSpace()
        guard trial.position == text.count else { return nil }
        self = trial
        return .not(tests)
    }

    private mutating func testList() throws(FEELError) -> ([Syntax.Test], [Syntax]) {
        var tests: [Syntax.Test] = []
        var parts: [Syntax] = []
        repeat {
            let (test, part) = try test()
            tests.append(test)
            parts.append(part)
        } while take(",")
        return (tests, parts)
    }

    private mutating func test() throws(FEELError) -> (Syntax.Test, Syntax) {
        if let sign = comparisonSign() {
            let operand = try additive()
            return (.compare(sign, operand), operand)
        }
        let (value, usesInput) = try watchingInput { (parser) throws(FEELError) in try parser.expression() }
        return (.expression(value, usesInput: usesInput), value)
    }

    /// What may stand after `in`: one test, or several in parentheses.
    mutating func inTests() throws(FEELError) -> ([Syntax.Test], [Syntax]) {
        skipSpace()
        guard current == "(" else {
            if let sign = comparisonSign() {
                let operand = try additive()
                return ([.compare(sign, operand)], [operand])
            }
            let (operand, usesInput) = try watchingInput { (parser) throws(FEELError) in try parser.additive() }
            return ([.expression(operand, usesInput: usesInput)], [operand])
        }
        return try nested { (parser) throws(FEELError) in try parser.parenthesisedTests() }
    }

    private mutating func parenthesisedTests() throws(FEELError) -> ([Syntax.Test], [Syntax]) {
        let start = position
        position += 1
        let saved = openRanges
        openRanges = 0
        defer { openRanges = saved }
        let (first, part) = try test()
        var tests = [first]
        var parts = [part]
        if case .expression(let low, let usesInput) = first, take("..") {
            let range = try postfix(try range(start, from: low, lowIncluded: false))
            return ([.expression(range, usesInput: usesInput)], [range])
        }
        while take(",") {
            let (test, part) = try test()
            tests.append(test)
            parts.append(part)
        }
        try expect(")", "after the tests of “in”")
        return (tests, parts)
    }

    /// Parses something and tells whether it mentions `?`; the surrounding test does not see that mention.
    private mutating func watchingInput(
        _ body: (inout Parser) throws(FEELError) -> Syntax
    ) throws(FEELError) -> (Syntax, Bool) {
        let outer = questionMarkUsed
        questionMarkUsed = false
        let result = try body(&self)
        defer { questionMarkUsed = outer }
        return (result, questionMarkUsed)
    }
}
