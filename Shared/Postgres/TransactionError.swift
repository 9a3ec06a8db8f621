/// How a transaction ended without a value; each case says what the database now holds.
public enum TransactionError<Failure: Error>: Error {
    /// Nothing: the body threw, and its work was rolled back.
    case rolledBack(Failure)
    /// Nothing: the server refused `BEGIN` or `COMMIT`, or the connection was lost before `COMMIT` was sent.
    case refused(PostgresError)
    /// Nothing: the body hid a failed statement, so `COMMIT` would only have rolled back.
    case spoiled
    /// Unknown: `COMMIT` got no clear answer, so look before retrying.
    case inDoubt(PostgresError)
}

extension TransactionError {
    /// True when running the whole transaction again may succeed.
    ///
    /// A lost `COMMIT` counts as transient: run it again only where the first statement shows whether
    /// the work was done already (a compare-and-set of the offset, a unique key).
    public var isTransient: Bool {
        switch self {
        case .rolledBack(let failure): (failure as any Error as? PostgresError)?.isTransient ?? false
        case .refused(let error): error.isTransient
        case .spoiled: false
        case .inDoubt: true
        }
    }

    /// The database's part in the failure, if it had one.
    public var postgresError: PostgresError? {
        switch self {
        case .rolledBack(let failure): failure as any Error as? PostgresError
        case .refused(let error), .inDoubt(let error): error
        case .spoiled: nil
        }
    }

    /// The stable code of this kind of ending; a database error keeps its own.
    public var code: String {
        switch self {
        case .rolledBack: postgresError?.code ?? "GR-PG-020"
        case .refused(let error): error.code
        case .spoiled: "GR-PG-021"
        case .inDoubt: "GR-PG-022"
        }
    }
}

extension TransactionError: CustomStringConvertible {
    /// One line for a log.
    public var description: String {
        switch self {
        case .rolledBack(let failure): "rolled back: \(failure)"
        case .refused(let error): "not committed: \(error)"
        case .spoiled: "rolled back: a statement failed and its error was not passed on"
        case .inDoubt(let error): "unknown whether committed: \(error)"
        }
    }
}

extension TransactionError: Equatable where Failure: Equatable {}
