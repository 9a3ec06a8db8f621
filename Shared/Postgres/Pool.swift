/// A bounded number of connections for asynchronous callers: HTTP handlers and other low-volume work.
///
/// Connections are made when first needed and made again when they break. A caller that finds all of them in use
/// waits in line, at most for `waitLimit`.
public actor Pool {
    private struct Waiter {
        let ticket: Int
        let continuation: CheckedContinuation<Turn, Never>
    }

    private enum Turn: Sendable {
        case session(PooledSession)
        case failure(PostgresError)
    }

    private let settings: ConnectionSettings
    private let limit: Int
    private let waitLimit: Duration
    private var idle: [PooledSession] = []
    private var made = 0
    private var waiters: [Waiter] = []
    private var tickets = 0
    private var isClosed = false

    /// A pool of at most `connections`; makes none yet.
    public init(_ settings: ConnectionSettings, connections: Int, waitLimit: Duration = .seconds(5)) {
        precondition(connections > 0, "a pool needs at least one connection")
        self.settings = settings
        self.limit = connections
        self.waitLimit = waitLimit
    }

    /// Lends a connection to `body`, which blocks a thread of the pool, not the caller's.
    ///
    /// A transaction that `body` leaves open is rolled back.
    public func withConnection<Value: Sendable>(
        _ body: @Sendable (Connection) throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        let session = try await acquire()
        do {
            let value = try await session.run(body)
            await release(session)
            return value
        } catch {
            await release(session)
            throw error
        }
    }

    /// Runs `body` as one transaction; see ``Connection/transaction(_:_:)``.
    @discardableResult
    public func transaction<Value: Sendable, Failure: Error>(
        _ isolation: Isolation = .readCommitted,
        _ body: @Sendable (borrowing Transaction) throws(Failure) -> Value
    ) async throws(TransactionError<Failure>) -> Value {
        let session: PooledSession
        do {
            session = try await acquire()
        } catch {
            throw .refused(error)
        }
        do {
            let value = try await session.transaction(isolation, body)
            await release(session)
            return value
        } catch {
            await release(session)
            throw error
        }
    }

    /// Throws unless the database answers; for readiness checks.
    public func ping() async throws(PostgresError) {
        try await withConnection { connection throws(PostgresError) in try connection.ping() }
    }

    /// Refuses new callers, sends those in line away, and ends the connections, lent ones when they come back.
    public func close() async {
        isClosed = true
        let turnedAway = waiters
        waiters = []
        for waiter in turnedAway { waiter.continuation.resume(returning: .failure(.poolClosed)) }
        let ending = idle
        idle = []
        for session in ending { await session.close() }
    }

    private func acquire() async throws(PostgresError) -> PooledSession {
        guard !isClosed else { throw .poolClosed }
        if let session = idle.popLast() { return session }
        if made < limit {
            made += 1
            return PooledSession(settings)
        }
        switch await turnInLine() {
        case .session(let session): return session
        case .failure(let error): throw error
        }
    }

    private func turnInLine() async -> Turn {
        tickets += 1
        let ticket = tickets
        let limit = waitLimit
        let alarm = Task { [weak self] in
            do { try await Task.sleep(for: limit) } catch { return }
            await self?.giveUp(ticket, .poolExhausted(connections: self?.limit ?? 0, waited: limit))
        }
        defer { alarm.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(returning: .failure(.cancelled))
                } else {
                    waiters.append(Waiter(ticket: ticket, continuation: continuation))
                }
            }
        } onCancel: {
            Task { await self.giveUp(ticket, .cancelled) }
        }
    }

    private func giveUp(_ ticket: Int, _ reason: PostgresError) {
        guard let position = waiters.firstIndex(where: { $0.ticket == ticket }) else { return }
        waiters.remove(at: position).continuation.resume(returning: .failure(reason))
    }

    private func release(_ session: PooledSession) async {
        if isClosed {
            await session.close()
        } else if !waiters.isEmpty {
            waiters.removeFirst().continuation.resume(returning: .session(session))
        } else {
            idle.append(session)
        }
    }
}
