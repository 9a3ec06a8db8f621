import Domain

/// A parsed expression: what was written, before names are resolved.
struct Syntax: Sendable {
    let kind: Kind
    /// Where it begins, in characters from the start of the text.
    let offset: Int
    /// How many levels its deepest part lies below.
    let depth: Int

    indirect enum Kind: Sendable {
        case literal(Value)
        /// `@"…"` around a text that is no date, time or duration.
        case unreadable(String)
        case name(String)
        case list([Syntax])
        case context([Entry])
        case range(RangeSyntax)
        case comparisonRange(Comparison, Syntax)
        case negate(Syntax)
        case arithmetic(Arithmetic, Syntax, Syntax)
        case comparison(Comparison, Syntax, Syntax)
        case and([Syntax])
        case or([Syntax])
        case between(Syntax, Syntax, Syntax)
        case inTests(Syntax, [Test])
        case instanceOf(Syntax, TypeSyntax)
        case path(Syntax, String)
        case filter(Syntax, Syntax)
        case call(Syntax, Arguments)
        case conditional(Syntax, Syntax, Syntax)
        case loop([Iteration], Syntax)
        case quantified(every: Bool, [Iteration], Syntax)
        case function([Parameter], Syntax)
        case externalFunction([Parameter])
        /// An expression in parentheses, kept so that explanations show what was written.
        case group(Syntax)
    }

    struct Entry: Sendable {
        let name: String
        let value: Syntax
    }

    struct RangeSyntax: Sendable {
        let low: Syntax
        let lowIncluded: Bool
        let high: Syntax
        let highIncluded: Bool
    }

    struct Iteration: Sendable {
        let name: String
        let source: Syntax
        /// The end of `1..10`, when the source is written as two ends.
        let end: Syntax?
    }

    struct Parameter: Sendable {
        let name: String
        let type: TypeSyntax?
    }

    enum Arguments: Sendable {
        case positional([Syntax])
        case named([(name: String, value: Syntax)])
    }

    /// One alternative of a unary test.
    indirect enum Test: Sendable {
        case any
        case compare(Comparison, Syntax)
        /// A value, range or list to compare with, or a condition that uses `?`.
        case expression(Syntax, usesInput: Bool)
        case not([Test])
    }
}

enum Arithmetic: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case power = "**"
}

enum Comparison: String, Sendable {
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
}

/// A type as written in an expression or a model.
indirect enum TypeSyntax: Sendable {
    case named(String)
    case list(TypeSyntax)
    case range(TypeSyntax)
    case context([(name: String, type: TypeSyntax)])
    case function([TypeSyntax], TypeSyntax)
}
