import CLibPQ

/// How much of others' work a transaction sees.
public enum Isolation: String, Sendable {
    /// Each statement sees what was committed before it. The normal case.
    case readCommitted = "READ COMMITTED"
    /// All statements see what was committed before the first. For reading one consistent picture.
    case repeatableRead = "REPEATABLE READ"
}

/// The way to the database inside a transaction. It is lent: a `borrowing` parameter cannot be kept.
///
/// Not `~Copyable`: Swift 6.3.1's optimiser aborts when it specialises a generic function over such a parameter.
public struct Transaction {
    /// The session, for code that is handed the session by others. Not to be kept.
    public let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Runs one statement with its values and gives its rows.
    @discardableResult
    public func query(_ sql: String, _ parameters: [Parameter] = []) throws(PostgresError) -> Rows {
        try connection.query(sql, parameters)
    }

    /// Runs one statement and gives the number of rows it touched.
    @discardableResult
    public func execute(_ sql: String, _ parameters: [Parameter] = []) throws(PostgresError) -> Int {
        try connection.execute(sql, parameters)
    }

    /// Sends several statements in one round trip; see ``Connection/pipeline(_:)``.
    public func pipeline(_ statements: [Statement]) throws(PostgresError) -> [Rows] {
        try connection.pipeline(statements)
    }

    /// Writes rows in bulk; see ``Connection/copyIn(table:columns:_:)``.
    @discardableResult
    public func copyIn(
        table: String, columns: [String], _ body: (inout CopyWriter) throws(PostgresError) -> Void
    ) throws(PostgresError) -> Int {
        try connection.copyIn(table: table, columns: columns, body)
    }

    /// Runs `body` so that its failure undoes only its own statements; see ``Connection/savepoint(_:)``.
    @discardableResult
    public func savepoint<Value, Failure: Error>(
        _ body: (borrowing Transaction) throws(Failure) -> Value
    ) throws(TransactionError<Failure>) -> Value {
        try connection.savepoint(body)
    }
}

extension Connection {
    /// Runs `body` between `BEGIN` and `COMMIT`, or rolls back what it threw.
    ///
    /// `body` cannot suspend, so nobody can wait for something else while holding row locks. After
    /// ``TransactionError/inDoubt(_:)`` the session is closed: reconnect, and look what the database holds.
    @discardableResult
    public func transaction<Value, Failure: Error>(
        _ isolation: Isolation = .readCommitted,
        _ body: (borrowing Transaction) throws(Failure) -> Value
    ) throws(TransactionError<Failure>) -> Value {
        guard isBroken || isIdle else {
            throw .refused(.misused(reason: "a transaction is open already; use a savepoint"))
        }
        do {
            try run(script: "BEGIN ISOLATION LEVEL " + isolation.rawValue)
        } catch {
            abandon()
            throw .refused(error)
        }
        let value: Value
        do {
            value = try body(Transaction(self))
        } catch {
            abandon()
            throw .rolledBack(error)
        }
        try commit(Failure.self)
        return value
    }

    private func commit<Failure: Error>(_: Failure.Type) throws(TransactionError<Failure>) {
        guard let handle = try? live(), PQtransactionStatus(handle) != PQTRANS_UNKNOWN else {
            // Lost before COMMIT was sent, so the server has rolled back or will.
            throw .refused(.unreachable(reason: "the connection was lost inside the transaction"))
        }
        guard PQtransactionStatus(handle) == PQTRANS_INTRANS else {
            // A failed statement whose error was hidden, or a body that ended the transaction itself.
            abandon()
            throw .spoiled
        }
        let answer: Rows
        do {
            answer = try rows(PQexec(handle, "COMMIT"))
        } catch {
            if let state = error.state, state.provesRollback {
                abandon()
                throw .refused(error)
            }
            close()
            throw .inDoubt(error)
        }
        // The server answers a COMMIT that it could only roll back with success and this tag.
        guard answer.commandTag == "COMMIT" else { throw .spoiled }
    }

    /// Ends whatever transaction is open without effect; closes the session if that cannot be done.
    func abandon() {
        guard !isBroken, !isIdle else { return }
        do {
            try run(script: "ROLLBACK")
        } catch {
            close()
        }
    }

    /// Runs `body` inside the open transaction so that its failure undoes only its own statements.
    ///
    /// Whatever this throws except `refused` and `inDoubt`, the transaction goes on as if `body` had not run.
    @discardableResult
    public func savepoint<Value, Failure: Error>(
        _ body: (borrowing Transaction) throws(Failure) -> Value
    ) throws(TransactionError<Failure>) -> Value {
        guard isInTransaction else {
            throw .refused(.misused(reason: "a savepoint needs an open transaction"))
        }
        savepoints += 1
        let name = "gradus_savepoint_\(savepoints)"
        defer { savepoints -= 1 }
        do {
            try run(script: "SAVEPOINT \(name)")
        } catch {
            throw .refused(error)
        }
        let value: Value
        do {
            value = try body(Transaction(self))
        } catch {
            try undo(to: name, Failure.self)
            throw .rolledBack(error)
        }
        if isSpoiled {
            try undo(to: name, Failure.self)
            throw .spoiled
        }
        do {
            try run(script: "RELEASE SAVEPOINT \(name)")
        } catch {
            throw .refused(error)
        }
        return value
    }

    private func undo<Failure: Error>(
        to savepoint: String, _: Failure.Type
    ) throws(TransactionError<Failure>) {
        do {
            try run(script: "ROLLBACK TO SAVEPOINT \(savepoint); RELEASE SAVEPOINT \(savepoint)")
        } catch {
            throw .refused(error)
        }
    }
}
