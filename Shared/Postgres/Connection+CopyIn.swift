import CLibPQ

extension Connection {
    /// Large enough that a send costs little per row, small enough to stay in the processor's cache.
    private static let copyBufferSize = 128 << 10

    /// Writes rows in bulk, in binary, and gives their number.
    ///
    /// `table` may be `schema.table`. The rows stand when this returns (and the transaction commits). A failure,
    /// the body's own included, leaves none of them, and spoils an open transaction.
    @discardableResult
    public func copyIn(
        table: String, columns: [String], _ body: (inout CopyWriter) throws(PostgresError) -> Void
    ) throws(PostgresError) -> Int {
        let names = columns.map { Identifier.quoted($0) }.joined(separator: ", ")
        let handle = try live()
        try begin(
            "COPY \(Identifier.quoted(path: table)) (\(names)) FROM STDIN (FORMAT binary)",
            expecting: PGRES_COPY_IN, on: handle)

        var failure: PostgresError?
        do {
            var writer = try CopyWriter(self, columns: columns.count, buffer: reusableCopyBuffer())
            do {
                try body(&writer)
                writer.finish()
                failure = writer.failure
            } catch {
                failure = writer.failure ?? error
            }
        } catch {
            failure = error
        }
        let sent = PQputCopyEnd(handle, failure == nil ? nil : "given up by the sender")
        let answer = lastAnswer(on: handle)
        if let failure {
            // A lost session or a refusal by the server explains more than a failing write.
            if case .misused = failure { throw failure }
            if case .failure(let refusal) = answer, refusal.state != .queryCanceled { throw refusal }
            throw failure
        }
        let rows = try answer.get()
        guard sent == 1 else { throw self.failure(nil) }
        return rows.affectedRows
    }

    /// Reads the rows of a query in bulk and hands each to `body`; for results too large to hold.
    ///
    /// The row is valid only during the call. `sql` cannot have values. Its columns are known by number only.
    public func copyOut(
        _ sql: String, _ body: (borrowing CopiedRow) throws(PostgresError) -> Void
    ) throws(PostgresError) {
        let handle = try live()
        try begin("COPY (\(sql)) TO STDOUT (FORMAT binary)", expecting: PGRES_COPY_OUT, on: handle)
        var failure: PostgresError?
        var row = CopiedRow()
        while true {
            var message: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(handle, &message, 0)
            guard length > 0, let message else { break }
            defer { PQfreemem(message) }
            guard failure == nil else { continue }
            do {
                if try row.read(UnsafeRawBufferPointer(start: message, count: Int(length))) { try body(row) }
            } catch {
                failure = error
                cancel(handle)
            }
        }
        let answer = lastAnswer(on: handle)
        if let failure { throw failure }
        _ = try answer.get()
    }

    private func begin(
        _ sql: String, expecting status: ExecStatusType, on handle: OpaquePointer
    ) throws(PostgresError) {
        guard let result = PQexec(handle, sql) else { throw failure(nil) }
        if PQresultStatus(result) == status {
            PQclear(result)
        } else {
            _ = try rows(result)
            throw .misused(reason: "the server did not start the COPY")
        }
    }

    /// Reads until the session is ready again; the first error wins.
    private func lastAnswer(on handle: OpaquePointer) -> Result<Rows, PostgresError> {
        var answer: Result<Rows, PostgresError>?
        while let result = PQgetResult(handle) {
            do throws(PostgresError) {
                let rows = try rows(result)
                if answer == nil { answer = .success(rows) }
            } catch {
                if case .failure = answer { continue }
                answer = .failure(error)
            }
            if self.isBroken { break }
        }
        return answer ?? .failure(failure(nil))
    }

    /// Asks the server to stop sending, so that a body that gave up need not read the rest.
    private func cancel(_ handle: OpaquePointer) {
        guard let request = PQgetCancel(handle) else { return }
        defer { PQfreeCancel(request) }
        var reason = [CChar](repeating: 0, count: 256)
        _ = PQcancel(request, &reason, Int32(reason.count))
    }

    private func reusableCopyBuffer() -> UnsafeMutableRawBufferPointer {
        if let copyBuffer { return copyBuffer }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.copyBufferSize, alignment: 16)
        copyBuffer = buffer
        return buffer
    }
}
