/// How an expression is built, for tools that reason about it without evaluating it.
///
/// Parentheses are left out; names are not resolved, so a name may mean a variable, a local of a loop or filter, or a
/// function of the library.
public struct ExpressionForm: Sendable {
    /// A sign between two operands.
    public enum Sign: String, Sendable {
        case add = "+", subtract = "-", multiply = "*", divide = "/", power = "**"
        case equal = "=", notEqual = "!=", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
    }

    /// One `name in source` of a loop or a quantifier; `end` is set for `1..10`.
    public struct Iteration: Sendable {
        /// The local's name.
        public let name: String
        /// What is gone through, or the first number.
        public let source: ExpressionForm
        /// The last number of `1..10`.
        public let end: ExpressionForm?
    }

    /// One alternative of a condition on a value: of a table's cell, or behind `in`.
    public indirect enum Test: Sendable {
        /// `-`
        case any
        /// `< 100`
        case compare(Sign, ExpressionForm)
        /// A value, a list or a range to compare with.
        case value(ExpressionForm)
        /// A condition that speaks of the value as `?`.
        case condition(ExpressionForm)
        /// `not(…)`
        case not([Test])
    }

    /// What the expression is.
    public indirect enum Shape: Sendable {
        case literal(Value)
        case name(String)
        case list([ExpressionForm])
        case context([(name: String, value: ExpressionForm)])
        case range(low: ExpressionForm, high: ExpressionForm)
        case negation(ExpressionForm)
        case arithmetic(Sign, ExpressionForm, ExpressionForm)
        case comparison(Sign, ExpressionForm, ExpressionForm)
        case and([ExpressionForm])
        case or([ExpressionForm])
        case between(ExpressionForm, low: ExpressionForm, high: ExpressionForm)
        case membership(ExpressionForm, [Test])
        case property(ExpressionForm, String)
        case filter(ExpressionForm, ExpressionForm)
        /// A function by its name, with its arguments in the order written.
        case call(String, [ExpressionForm])
        case conditional(ExpressionForm, then: ExpressionForm, otherwise: ExpressionForm)
        case loop([Iteration], ExpressionForm)
        case quantified([Iteration], ExpressionForm)
        /// Anything else, such as a function that is defined on the spot.
        case other
    }

    private let syntax: Syntax

    init(_ syntax: Syntax) {
        if case .group(let inner) = syntax.kind { self = ExpressionForm(inner) } else { self.syntax = syntax }
    }

    /// The expression as text, in one canonical way of writing.
    public var text: String { Explanation(names: Names([]), values: []).text(syntax) }

    /// The outermost construct and its parts.
    public var shape: Shape {
        switch syntax.kind {
        case .literal(let value): .literal(value)
        case .name(let name): .name(name)
        case .list(let elements): .list(elements.map(ExpressionForm.init))
        case .context(let entries): .context(entries.map { ($0.name, ExpressionForm($0.value)) })
        case .range(let range): .range(low: ExpressionForm(range.low), high: ExpressionForm(range.high))
        case .comparisonRange(_, let end): .range(low: ExpressionForm(end), high: ExpressionForm(end))
        case .negate(let operand): .negation(ExpressionForm(operand))
        case .arithmetic(let sign, let left, let right):
            .arithmetic(Sign(sign), ExpressionForm(left), ExpressionForm(right))
        case .comparison(let sign, let left, let right):
            .comparison(Sign(sign), ExpressionForm(left), ExpressionForm(right))
        case .and(let parts): .and(parts.map(ExpressionForm.init))
        case .or(let parts): .or(parts.map(ExpressionForm.init))
        case .between(let value, let low, let high):
            .between(ExpressionForm(value), low: ExpressionForm(low), high: ExpressionForm(high))
        case .conditional(let condition, let positive, let negative):
            .conditional(ExpressionForm(condition), then: ExpressionForm(positive), otherwise: ExpressionForm(negative))
        default: compound
        }
    }

    private var compound: Shape {
        switch syntax.kind {
        case .inTests(let value, let tests): .membership(ExpressionForm(value), tests.map(Test.init))
        case .path(let operand, let name): .property(ExpressionForm(operand), name)
        case .filter(let operand, let condition): .filter(ExpressionForm(operand), ExpressionForm(condition))
        case .call(let callee, let arguments): Self.call(callee, arguments)
        case .loop(let iterations, let body): .loop(iterations.map(Iteration.init), ExpressionForm(body))
        case .quantified(_, let iterations, let condition):
            .quantified(iterations.map(Iteration.init), ExpressionForm(condition))
        default: .other
        }
    }

    private static func call(_ callee: Syntax, _ arguments: Syntax.Arguments) -> Shape {
        guard case .name(let name) = callee.kind else { return .other }
        switch arguments {
        case .positional(let values): return .call(name, values.map(ExpressionForm.init))
        case .named(let values): return .call(name, values.map { ExpressionForm($0.value) })
        }
    }
}

extension ExpressionForm.Iteration {
    init(_ iteration: Syntax.Iteration) {
        self.init(
            name: iteration.name, source: ExpressionForm(iteration.source), end: iteration.end.map(ExpressionForm.init))
    }
}

extension ExpressionForm.Test {
    init(_ test: Syntax.Test) {
        switch test {
        case .any: self = .any
        case .compare(let sign, let end): self = .compare(ExpressionForm.Sign(sign), ExpressionForm(end))
        case .expression(let value, usesInput: false): self = .value(ExpressionForm(value))
        case .expression(let value, usesInput: true): self = .condition(ExpressionForm(value))
        case .not(let tests): self = .not(tests.map(ExpressionForm.Test.init))
        }
    }
}

extension ExpressionForm.Sign {
    init(_ sign: Arithmetic) {
        switch sign {
        case .add: self = .add
        case .subtract: self = .subtract
        case .multiply: self = .multiply
        case .divide: self = .divide
        case .power: self = .power
        }
    }

    init(_ sign: Comparison) {
        switch sign {
        case .equal: self = .equal
        case .notEqual: self = .notEqual
        case .less: self = .less
        case .lessOrEqual: self = .lessOrEqual
        case .greater: self = .greater
        case .greaterOrEqual: self = .greaterOrEqual
        }
    }
}

extension Expression {
    /// How the expression is built.
    public var form: ExpressionForm { ExpressionForm(syntax) }
}

extension UnaryTests {
    /// The alternatives, one of which an input has to satisfy.
    public var forms: [ExpressionForm.Test] { syntax.map(ExpressionForm.Test.init) }
}
