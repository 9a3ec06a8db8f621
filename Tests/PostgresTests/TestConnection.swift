import Postgres
import Synchronization
import TestServers
import Testing

/// Runs `body` on a connection to a database of its own.
func withConnection(
    _ adjust: (inout ConnectionSettings) -> Void = { _ in }, _ body: (Connection) throws -> Void
) async throws {
    try await withTestDatabase { url in
        try body(try connect(url, adjust))
    }
}

/// Connects with the server's detail shown, since the data here is invented.
func connect(
    _ url: String, _ adjust: (inout ConnectionSettings) -> Void = { _ in }
) throws -> Connection {
    var settings = try ConnectionSettings(url)
    settings.showsRowDetail = true
    adjust(&settings)
    return try Connection(settings)
}

extension Connection {
    /// The first column of the only row, as an integer.
    func integer(_ sql: String, _ parameters: [Parameter] = []) throws -> Int64 {
        try query(sql, parameters)[0].int8(0)
    }

    /// The first column of the only row, as text.
    func text(_ sql: String, _ parameters: [Parameter] = []) throws -> String {
        try query(sql, parameters)[0].text(0)
    }

    /// The server process of this session.
    func backend() throws -> Int32 {
        try query("SELECT pg_backend_pid()")[0].int4(0)
    }

    /// Ends another session's server process and waits until it has gone.
    func terminate(_ backend: Int32) throws {
        try query("SELECT pg_terminate_backend($1, 5000)", [.int4(backend)])
    }
}

/// Collects what closures on other threads report.
final class Collected<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])

    func add(_ value: Value) { values.withLock { $0.append(value) } }
    var all: [Value] { values.withLock { $0 } }
}

/// The trait of every suite that needs a server: skipped visibly without one, failing where servers are required.
extension Trait where Self == ConditionTrait {
    static var needsPostgres: Self {
        .enabled(if: PostgresServer.isAvailable, "needs PostgreSQL's server programs or GRADUS_TEST_POSTGRES")
    }
}
