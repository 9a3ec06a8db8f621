/// The five-character code that PostgreSQL attaches to every refusal.
public struct SQLState: Hashable, Sendable, RawRepresentable {
    /// The code, such as `23505`.
    public let rawValue: String

    /// A state of its five-character code.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// A row with this key is there already.
    public static let uniqueViolation = SQLState(rawValue: "23505")
    /// A referenced row is missing, or a referencing one still there.
    public static let foreignKeyViolation = SQLState(rawValue: "23503")
    /// A value breaks a check constraint.
    public static let checkViolation = SQLState(rawValue: "23514")
    /// The statement was cancelled: it ran longer than `statement_timeout`, or an operator stopped it.
    public static let queryCanceled = SQLState(rawValue: "57014")
    /// A lock was not to be had within `lock_timeout`, or at once with `NOWAIT`.
    public static let lockNotAvailable = SQLState(rawValue: "55P03")
    /// The table does not exist.
    public static let undefinedTable = SQLState(rawValue: "42P01")
    /// A prepared statement's result changed its shape since it was prepared.
    static let featureNotSupported = SQLState(rawValue: "0A000")
    /// A prepared statement is not there any more.
    static let invalidStatementName = SQLState(rawValue: "26000")

    /// Connection lost, conflict with another transaction, resources short, lock not to be had, or server stopping.
    var isTransient: Bool {
        ["08", "40", "53", "57"].contains(rawValue.prefix(2)) || self == .lockNotAvailable
    }

    /// A constraint or a conflict: the only refusals of `COMMIT` that leave no doubt.
    var provesRollback: Bool { ["23", "40"].contains(rawValue.prefix(2)) }

    /// Data errors, whose messages may quote the value.
    var quotesValues: Bool { rawValue.hasPrefix("22") }
}
