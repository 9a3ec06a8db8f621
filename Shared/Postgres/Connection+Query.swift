import CLibPQ

extension Connection {
    /// Runs one statement with its values and gives its rows.
    @discardableResult
    public func query(_ sql: String, _ parameters: [Parameter] = []) throws(PostgresError) -> Rows {
        try values.fill(parameters)
        guard settings.cachesStatements else { return try rows(send(sql)) }
        let mayRepeat = isIdle
        do {
            return try rows(send(prepared: try prepare(sql)))
        } catch {
            guard error.state == .invalidStatementName || error.state == .featureNotSupported else { throw error }
            // The plan is out of date (a table was altered) or gone. Outside a transaction the statement left nothing.
            prepared.forget(sql, values.types)
            guard mayRepeat, isIdle else { throw error }
            return try rows(send(prepared: try prepare(sql)))
        }
    }

    /// Runs one statement and gives the number of rows it touched.
    @discardableResult
    public func execute(_ sql: String, _ parameters: [Parameter] = []) throws(PostgresError) -> Int {
        try query(sql, parameters).affectedRows
    }

    /// Runs a text of several statements without values, in one round trip and one implicit transaction.
    public func run(script: String) throws(PostgresError) {
        _ = try rows(PQexec(try live(), script))
    }

    /// One round trip to the server; throws when it does not answer.
    public func ping() throws(PostgresError) {
        try run(script: "SELECT 1")
    }

    /// Sends several statements in one round trip and gives their rows in order.
    ///
    /// After the first that fails the server skips the rest; its error is thrown. Inside a transaction that spoils the
    /// transaction, as any failed statement does. Outside one, the statements are one transaction of their own: all or
    /// none take effect.
    public func pipeline(_ statements: [Statement]) throws(PostgresError) -> [Rows] {
        guard !statements.isEmpty else { return [] }
        let handle = try live()
        guard PQenterPipelineMode(handle) == 1 else { throw failure(nil) }
        do throws(PostgresError) {
            let expected = try enqueue(statements, on: handle)
            let answers = try collect(expected, from: handle)
            guard PQexitPipelineMode(handle) == 1 else { throw failure(nil) }
            return try answers.get()
        } catch {
            // Answers may still be under way: nothing but a new session can follow them.
            if let session = try? live(), PQpipelineStatus(session) != PQ_PIPELINE_OFF { close() }
            throw error
        }
    }

    private func send(_ sql: String) throws(PostgresError) -> OpaquePointer? {
        PQexecParams(
            try live(), sql, values.count, values.types, values.pointers, values.lengths, values.formats, 1)
    }

    private func send(prepared name: String) throws(PostgresError) -> OpaquePointer? {
        PQexecPrepared(try live(), name, values.count, values.pointers, values.lengths, values.formats, 1)
    }

    private func prepare(_ sql: String) throws(PostgresError) -> String {
        if let name = prepared.name(of: sql, values.types) { return name }
        if prepared.isFull {
            try run(script: "DEALLOCATE ALL")
            prepared.removeAll()
        }
        let name = prepared.nextName()
        _ = try rows(PQprepare(try live(), name, sql, values.count, values.types))
        prepared.remember(name, for: sql, values.types)
        return name
    }
}

extension Connection {
    /// What the server will answer, in order.
    private enum Expected {
        case preparation(name: String, sql: String, types: [UInt32])
        case rows
    }

    private func enqueue(
        _ statements: [Statement], on handle: OpaquePointer
    ) throws(PostgresError) -> [Expected] {
        var expected: [Expected] = []
        var fresh = prepared
        for statement in statements {
            try values.fill(statement.parameters)
            var sent: Int32
            if !settings.cachesStatements || fresh.isFull {
                sent = PQsendQueryParams(
                    handle, statement.sql, values.count, values.types, values.pointers, values.lengths,
                    values.formats, 1)
            } else {
                sent = 1
                var name = fresh.name(of: statement.sql, values.types)
                if name == nil {
                    let chosen = fresh.nextName()
                    sent = PQsendPrepare(handle, chosen, statement.sql, values.count, values.types)
                    fresh.remember(chosen, for: statement.sql, values.types)
                    expected.append(.preparation(name: chosen, sql: statement.sql, types: values.types))
                    name = chosen
                }
                if sent == 1, let name {
                    sent = PQsendQueryPrepared(
                        handle, name, values.count, values.pointers, values.lengths, values.formats, 1)
                }
            }
            guard sent == 1 else { throw failure(nil) }
            expected.append(.rows)
        }
        guard PQpipelineSync(handle) == 1 else { throw failure(nil) }
        prepared.skipNames(to: fresh)
        return expected
    }

    /// Reads every answer up to the synchronisation point; throws only when the session is lost.
    private func collect(
        _ expected: [Expected], from handle: OpaquePointer
    ) throws(PostgresError) -> Result<[Rows], PostgresError> {
        var answers: [Rows] = []
        var refusal: PostgresError?
        for item in expected {
            guard let result = PQgetResult(handle) else { throw failure(nil) }
            if PQresultStatus(result) == PGRES_PIPELINE_ABORTED {
                PQclear(result)
            } else {
                do {
                    let rows = try rows(result)
                    switch item {
                    case .preparation(let name, let sql, let types): prepared.remember(name, for: sql, types)
                    case .rows: answers.append(rows)
                    }
                } catch {
                    guard PQstatus(handle) == CONNECTION_OK else { throw error }
                    if refusal == nil { refusal = error }
                    if error.state == .invalidStatementName || error.state == .featureNotSupported {
                        prepared.removeAll()
                    }
                }
            }
            while let rest = PQgetResult(handle) { PQclear(rest) }
        }
        guard let end = PQgetResult(handle) else { throw failure(nil) }
        defer { PQclear(end) }
        guard PQresultStatus(end) == PGRES_PIPELINE_SYNC else { throw failure(end) }
        if let refusal { return .failure(refusal) }
        return .success(answers)
    }
}
