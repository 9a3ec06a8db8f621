/// Why an expression cannot be used: found when it is read, before any evaluation.
public struct FEELError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of mistake it is.
    public enum Kind: String, Sendable {
        /// The text does not follow the grammar.
        case syntax = "GR-FEEL-001"
        /// A name that is not in scope.
        case unknownName = "GR-FEEL-002"
        /// A function that does not exist or does not take these arguments.
        case unknownFunction = "GR-FEEL-003"
        /// The text is longer or nested deeper than the engine accepts.
        case tooLarge = "GR-FEEL-004"
        /// A type that does not exist.
        case unknownType = "GR-FEEL-005"
    }

    /// What kind of mistake it is.
    public let kind: Kind
    /// What is wrong and what was expected.
    public let message: String
    /// The line of the mistake, from 1.
    public let line: Int
    /// The character within the line, from 1.
    public let column: Int

    /// The stable code of the kind of mistake.
    public var code: String { kind.rawValue }
    /// `line 1, column 7: expected …`
    public var description: String { "line \(line), column \(column): \(message)" }

    /// A mistake at a place in a text.
    public init(kind: Kind, message: String, line: Int, column: Int) {
        self.kind = kind
        self.message = message
        self.line = line
        self.column = column
    }
}

/// Why an evaluation gave null where a value was wanted.
public struct Diagnostic: Sendable, Equatable, CustomStringConvertible {
    /// What went wrong.
    public let message: String
    /// Where in the text, in characters from its start; nil when it has no place in a text.
    public let offset: Int?

    /// A reason and its place.
    public init(message: String, offset: Int? = nil) {
        self.message = message
        self.offset = offset
    }

    /// The message, and its place when known.
    public var description: String {
        offset.map { "at character \($0 + 1): \(message)" } ?? message
    }
}

/// Bounds that keep hostile expressions from exhausting the machine.
public struct Limits: Sendable {
    /// The longest text that is read, in characters.
    public var textLength = 60_000
    /// The deepest nesting of an expression.
    public var nesting = 150
    /// The most elements of one list or entries of one context that are written out.
    public var elements = 2_000
    /// Steps of loops, calls and elements built in one evaluation.
    public var steps = 5_000_000
    /// The deepest nesting of evaluation across function calls.
    public var depth = 2_500

    /// The usual bounds.
    public init() {}
}
