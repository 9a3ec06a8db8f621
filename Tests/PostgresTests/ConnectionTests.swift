import Postgres
import TestServers
import Testing

@Suite(.enabled(if: PostgresServer.isAvailable, "needs PostgreSQL's server programs"))
struct ConnectionTests {
    @Test func answersAQuery() async throws {
        try await withConnection { connection in
            let rows = try connection.query("SELECT $1::int8 + 1", [.int8(41)])
            #expect(try rows[0].int8(0) == 42)
        }
    }
}

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
