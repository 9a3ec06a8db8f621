/// Why the database, or the way to it, refused, in the terms a caller can act on.
///
/// Descriptions hold no parameter values, no row contents and no passwords, so they may be logged.
public enum PostgresError: Error, Hashable, Sendable {
    /// No connection: not to be made, or lost on the way. What was not committed is undone by the server.
    case unreachable(reason: String)
    /// The server refused a statement.
    case rejected(Rejection)
    /// A column's value is not what the caller asked for.
    case undecodable(column: String, expected: String, found: String)
    /// The connection string or a setting is wrong.
    case invalidSettings(reason: String)
    /// The caller's mistake; nothing was done.
    case misused(reason: String)
    /// Every connection of the pool stayed in use for the whole time a caller may wait.
    case poolExhausted(connections: Int, waited: Duration)
    /// The pool is closed: the process is shutting down.
    case poolClosed
    /// The waiting task was cancelled before it got a connection.
    case cancelled

    /// True when the same transaction, run again from its start, may succeed.
    public var isTransient: Bool {
        switch self {
        case .unreachable, .poolExhausted: true
        case .rejected(let rejection): rejection.state.isTransient
        case .undecodable, .invalidSettings, .misused, .poolClosed, .cancelled: false
        }
    }

    /// The code of a refusal by the server.
    public var state: SQLState? {
        if case .rejected(let rejection) = self { rejection.state } else { nil }
    }

    /// True when a row with this key is there already; with `constraint`, only by that constraint or index.
    public func isUniqueViolation(of constraint: String? = nil) -> Bool {
        guard case .rejected(let rejection) = self, rejection.state == .uniqueViolation else { return false }
        return constraint == nil || rejection.constraint == constraint
    }

    /// The stable code of this kind of error.
    public var code: String {
        switch self {
        case .unreachable: "GR-PG-001"
        case .rejected: "GR-PG-002"
        case .undecodable: "GR-PG-003"
        case .invalidSettings: "GR-PG-004"
        case .misused: "GR-PG-005"
        case .poolExhausted: "GR-PG-006"
        case .poolClosed: "GR-PG-007"
        case .cancelled: "GR-PG-008"
        }
    }
}

extension PostgresError: CustomStringConvertible {
    /// One line for a log: what is wrong, where, and what to do if that is known.
    public var description: String {
        switch self {
        case .unreachable(let reason): "database unreachable: \(reason)"
        case .rejected(let rejection): "database refused: \(rejection)"
        case .undecodable(let column, let expected, let found):
            "column \"\(column)\" is not readable as \(expected): it is \(found)"
        case .invalidSettings(let reason): "database settings: \(reason)"
        case .misused(let reason): "database misused: \(reason)"
        case .poolExhausted(let connections, let waited):
            "all \(connections) database connections were in use for \(waited); enlarge it or find slow statements"
        case .poolClosed: "the database pool is closed, the process is stopping"
        case .cancelled: "cancelled while waiting for a database connection"
        }
    }
}

/// What the server said when it refused a statement, without the values it was about.
public struct Rejection: Hashable, Sendable {
    /// The code to decide by.
    public let state: SQLState
    /// `ERROR`, `FATAL` or `PANIC`, in English whatever the server's language.
    public let severity: String
    /// The server's sentence; quoted values are left out of data errors.
    public let message: String
    /// The server's advice, if any.
    public let hint: String?
    /// The rows concerned; only when ``ConnectionSettings/showsRowDetail`` asks for it.
    public let detail: String?
    /// The table concerned, with its schema, if the server names one.
    public let table: String?
    /// The column concerned, if the server names one.
    public let column: String?
    /// The constraint or unique index that was violated, if any.
    public let constraint: String?
}

extension Rejection: CustomStringConvertible {
    /// State, sentence, place and advice on one line.
    public var description: String {
        var text = "\(state.rawValue) \(message)"
        if let table { text += " (table \(table)" + (column.map { ", column \($0)" } ?? "") + ")" }
        if let hint { text += "; hint: \(hint)" }
        if let detail { text += "; detail: \(detail)" }
        return text.replacing("\n", with: " ")
    }
}
