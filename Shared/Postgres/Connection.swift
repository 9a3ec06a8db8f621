import CLibPQ

/// One blocking PostgreSQL session.
///
/// It belongs to one thread: make it there or hand it over whole. Every call blocks that thread until the server
/// answers, at most as long as the settings' time limits allow.
public final class Connection {
    /// How this connection was made, and is made again by ``reconnect()``.
    public let settings: ConnectionSettings
    private let notices: NoticeSink
    private var handle: OpaquePointer?
    let values = ParameterBuffer()
    var prepared = PreparedStatements()
    var copyBuffer: UnsafeMutableRawBufferPointer?
    var savepoints = 0

    /// Connects; throws ``PostgresError/unreachable(reason:)`` when no server answers or it does not let us in.
    public init(_ settings: ConnectionSettings) throws(PostgresError) {
        self.settings = settings
        self.notices = NoticeSink(settings.notices)
        try reconnect()
    }

    deinit {
        PQfinish(handle)
        copyBuffer?.deallocate()
    }

    /// Drops the session, if there is one, and makes another; an open transaction is rolled back by the server.
    public func reconnect() throws(PostgresError) {
        close()
        guard let opened = Self.open(settings.keywords) else { throw .unreachable(reason: "out of memory") }
        guard PQstatus(opened) == CONNECTION_OK else {
            let reason = settings.redact(String(cString: PQerrorMessage(opened)).onOneLine)
            PQfinish(opened)
            throw .unreachable(reason: reason)
        }
        notices.attach(to: opened)
        handle = opened
    }

    /// Ends the session; an open transaction is rolled back by the server.
    public func close() {
        PQfinish(handle)
        handle = nil
        prepared.removeAll()
    }

    /// True when a new session is needed. Sees a server that has gone only after a call failed, or ``checkAlive()``.
    public var isBroken: Bool {
        guard let handle else { return true }
        return PQstatus(handle) != CONNECTION_OK
    }

    /// Looks without a round trip whether the server has ended the session.
    public func checkAlive() -> Bool {
        guard let handle else { return false }
        // The first look reads the server's farewell, if there is one, the second finds the end behind it.
        return PQconsumeInput(handle) == 1 && PQconsumeInput(handle) == 1 && PQstatus(handle) == CONNECTION_OK
    }

    /// True between `BEGIN` and its end, failed or not.
    public var isInTransaction: Bool {
        let status = PQtransactionStatus(handle)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    /// True when the open transaction can only be rolled back, because a statement in it failed.
    public var isSpoiled: Bool { PQtransactionStatus(handle) == PQTRANS_INERROR }

    var isIdle: Bool { PQtransactionStatus(handle) == PQTRANS_IDLE }

    /// The live session, or the error that says there is none.
    func live() throws(PostgresError) -> OpaquePointer {
        guard let handle else { throw .unreachable(reason: "the connection is closed; reconnect first") }
        return handle
    }

    private static func open(_ keywords: [(key: String, value: String)]) -> OpaquePointer? {
        var characters: [CChar] = []
        var starts: [(key: Int, value: Int)] = []
        for (key, value) in keywords {
            let keyStart = characters.count
            characters += key.utf8CString
            starts.append((keyStart, characters.count))
            characters += value.utf8CString
        }
        return characters.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return nil }
            let keys: [UnsafePointer<CChar>?] = starts.map { base + $0.key } + [nil]
            let values: [UnsafePointer<CChar>?] = starts.map { base + $0.value } + [nil]
            return PQconnectdbParams(keys, values, 1)
        }
    }
}

@available(*, unavailable)
extension Connection: Sendable {}

extension Connection {
    /// What the last failure on this session was; `result` is nil when libpq has none.
    func failure(_ result: OpaquePointer?) -> PostgresError {
        if let result, let rejection = Rejection(result, showsRowDetail: settings.showsRowDetail) {
            return .rejected(rejection)
        }
        let reason = settings.redact(String(cString: PQerrorMessage(handle)).onOneLine)
        // After a failed write libpq may not have noticed yet that the server has gone: look.
        return checkAlive() ? .misused(reason: reason) : .unreachable(reason: reason)
    }

    /// Takes over a result and gives its rows, or the error it holds.
    func rows(_ result: OpaquePointer?) throws(PostgresError) -> Rows {
        guard let result else { throw failure(nil) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            return Rows(owning: result)
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            PQclear(result)
            close()
            throw .misused(reason: "COPY needs copyIn or copyOut; the connection was closed")
        default:
            defer { PQclear(result) }
            throw failure(result)
        }
    }
}
