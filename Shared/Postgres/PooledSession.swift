/// One connection of a pool, on an executor of its own.
actor PooledSession {
    private let executor = BlockingExecutor(label: "gradus.postgres.session")
    private let settings: ConnectionSettings
    private var connection: Connection?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ settings: ConnectionSettings) {
        self.settings = settings
    }

    func run<Value: Sendable>(
        _ body: @Sendable (Connection) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        let connection = try ready()
        defer { connection.abandon() }
        return try body(connection)
    }

    func transaction<Value: Sendable, Failure: Error>(
        _ isolation: Isolation,
        _ body: @Sendable (borrowing Transaction) throws(Failure) -> Value
    ) throws(TransactionError<Failure>) -> Value {
        let connection: Connection
        do {
            connection = try ready()
        } catch {
            throw .refused(error)
        }
        return try connection.transaction(isolation, body)
    }

    func close() {
        connection?.close()
        connection = nil
    }

    /// A session that was alive a moment ago: made now, or looked at without a round trip.
    private func ready() throws(PostgresError) -> Connection {
        if let connection {
            if !connection.checkAlive() { try connection.reconnect() }
            return connection
        }
        let made = try Connection(settings)
        connection = made
        return made
    }
}
