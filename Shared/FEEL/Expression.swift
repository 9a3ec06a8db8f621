/// An expression read and compiled once, to be evaluated any number of times, from any thread.
///
/// ```swift
/// let names: Names = ["score", "months"]
/// let passes = try Expression(parsing: "score >= 95 and months = 3", names: names)
/// passes.evaluate([.number(97), .number(3)])  // true
/// ```
public struct Expression: Sendable {
    /// How to read an expression.
    public struct Dialect: Sendable {
        /// Whether a name that is not in scope is an error; otherwise it is null, with the reason noted.
        public var unknownNamesAreErrors = true
        /// The functions that may be called.
        public var library = Library.standard
        /// Types that `instance of` may name, beside those of the language.
        public var types: [String: FEELType] = [:]
        /// The bounds on text and evaluation.
        public var limits = Limits()

        /// The usual way: unknown names are errors, the functions of the standard.
        public init() {}

        /// The usual way with functions of the host added.
        public init(functions: [Function]) {
            library = Library.standard.adding(functions)
        }
    }

    /// Everything an expression is, in one object, so that passing an expression on costs nothing.
    private final class Content: Sendable {
        let text: String
        let names: Names
        let references: [Int]
        let syntax: Syntax
        let node: any Node
        let limits: Limits

        init(_ text: String, _ names: Names, _ references: [Int], _ syntax: Syntax, _ node: any Node, _ limits: Limits)
        {
            self.text = text
            self.names = names
            self.references = references
            self.syntax = syntax
            self.node = node
            self.limits = limits
        }
    }

    private let content: Content

    /// The text as it was written.
    public var text: String { content.text }
    /// The variables in scope.
    public var names: Names { content.names }
    /// The slots of the variables the expression uses, in order.
    public var references: [Int] { content.references }
    var syntax: Syntax { content.syntax }

    /// Reads and compiles an expression.
    ///
    /// - Throws: where the text leaves the grammar, uses an unknown name or is too large, with what was expected.
    public init(parsing text: String, names: Names, dialect: Dialect = Dialect()) throws(FEELError) {
        var parser = try Parser(text, names: names, library: dialect.library.table, limits: dialect.limits)
        let syntax = try parser.parseAll()
        var compiler = Compiler(names: names, dialect: dialect, place: parser.place)
        let node = try compiler.compile(syntax)
        content = Content(text, names, compiler.usedSlots.sorted(), syntax, node, dialect.limits)
    }

    /// The names of the variables the expression uses, in slot order.
    public var referencedNames: [String] { references.map { names.all[$0] } }

    /// The value for variables in slot order; null when there is none.
    public func evaluate(_ values: [Value]) -> Value {
        var frame = Evaluation(inputs: values, collects: false, limits: content.limits)
        return content.node.evaluate(&frame)
    }

    /// The value within an evaluation, on the values it holds.
    public func evaluate(in evaluation: inout Evaluation) -> Value {
        content.node.evaluate(&evaluation)
    }

    /// The value for variables in slot order, with the reasons for each null that came from a mistake.
    public func evaluate(_ values: [Value], diagnostics: inout [Diagnostic]) -> Value {
        var frame = Evaluation(inputs: values, collects: true, limits: content.limits)
        let value = content.node.evaluate(&frame)
        diagnostics += frame.diagnostics
        return value
    }
}

/// The condition of a decision table's cell: `< 100`, `"A", "B"`, `[18..21]`, `not(null)`, `? * 2 > 10`, `-`.
public struct UnaryTests: Sendable {
    /// Everything the tests are, in one object, so that going through a table's cells costs nothing.
    private final class Content: Sendable {
        let text: String
        let references: [Int]
        let isAny: Bool
        let syntax: [Syntax.Test]
        let tests: [CompiledTest]
        let limits: Limits

        init(_ text: String, _ references: [Int], _ syntax: [Syntax.Test], _ tests: [CompiledTest], _ limits: Limits) {
            self.text = text
            self.references = references
            self.syntax = syntax
            self.tests = tests
            self.limits = limits
            if case .any? = tests.first { isAny = true } else { isAny = false }
        }
    }

    private let content: Content

    /// The text as it was written.
    public var text: String { content.text }
    /// The slots of the variables the tests use, in order.
    public var references: [Int] { content.references }
    /// Whether the tests hold for every value (`-`).
    public var isAny: Bool { content.isAny }
    var syntax: [Syntax.Test] { content.syntax }

    /// Reads and compiles unary tests.
    public init(
        parsing text: String, names: Names, dialect: Expression.Dialect = Expression.Dialect()
    ) throws(FEELError) {
        var parser = try Parser(text, names: names, library: dialect.library.table, limits: dialect.limits)
        let syntax = try parser.parseAllTests()
        var compiler = Compiler(names: names, dialect: dialect, place: parser.place)
        let tests = try compiler.compile(syntax)
        content = Content(text, compiler.usedSlots.sorted(), syntax, tests, dialect.limits)
    }

    /// Whether an input satisfies the tests; nil when they have no answer for it.
    public func matches(_ input: Value, _ values: [Value]) -> Bool? {
        var evaluation = Evaluation(inputs: values, collects: false, limits: content.limits)
        return matches(input, in: &evaluation)
    }

    /// Whether an input satisfies the tests, within an evaluation.
    public func matches(_ input: Value, in evaluation: inout Evaluation) -> Bool? {
        content.isAny ? true : CompiledTest.anyHolds(content.tests, input, &evaluation)
    }

    /// Whether an input satisfies the tests, with the reasons for each null that came from a mistake.
    public func matches(_ input: Value, _ values: [Value], diagnostics: inout [Diagnostic]) -> Bool? {
        var evaluation = Evaluation(inputs: values, collects: true, limits: content.limits)
        defer { diagnostics += evaluation.diagnostics }
        return matches(input, in: &evaluation)
    }
}
