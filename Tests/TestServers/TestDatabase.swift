import Foundation
import Postgres

/// Runs `body` with the URL of a fresh database that is dropped afterwards.
public func withTestDatabase<Value>(
    isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> Value
) async throws -> Value {
    let server = try PostgresServer.shared()
    let name = "test_" + UUID().uuidString.replacing("-", with: "").lowercased()
    let administrator = try Connection(ConnectionSettings(server))
    try administrator.run(script: "CREATE DATABASE \(Identifier.quoted(name))")
    administrator.close()

    let outcome: Result<Value, any Error>
    do {
        outcome = .success(try await body(testURL(server, database: name)))
    } catch {
        outcome = .failure(error)
    }
    try administrator.reconnect()
    try administrator.run(script: "SET client_min_messages = warning")
    try administrator.run(script: "DROP DATABASE \(Identifier.quoted(name)) WITH (FORCE)")
    return try outcome.get()
}

/// The server's URL with another database.
func testURL(_ server: String, database: String) -> String {
    guard let scheme = server.range(of: "://") else { return server + " dbname=" + database }
    let options = server[scheme.upperBound...].firstIndex(of: "?") ?? server.endIndex
    let path = server[scheme.upperBound..<options].firstIndex(of: "/") ?? options
    return server[..<path] + "/" + database + server[options...]
}
