import Postgres
import TestServers
import Testing

@Suite(.needsPostgres)
struct PoolTests {
    @Test func servesManyCallersWithFewConnections() async throws {
        try await withTestDatabase { url in
            let pool = Pool(try ConnectionSettings(url), connections: 3, waitLimit: .seconds(60))
            try await pool.withConnection { connection throws(PostgresError) in
                try connection.run(script: "CREATE TABLE tally (n int); INSERT INTO tally VALUES (0)")
            }
            let backends = try await withThrowingTaskGroup(of: Int32.self) { group in
                for _ in 0..<60 {
                    group.addTask {
                        try await pool.transaction { transaction throws(PostgresError) in
                            try transaction.execute("UPDATE tally SET n = n + 1")
                            return try transaction.query("SELECT pg_backend_pid()")[0].int4(0)
                        }
                    }
                }
                return try await group.reduce(into: Set<Int32>()) { $0.insert($1) }
            }
            #expect(backends.count <= 3)
            let total = try await pool.withConnection { connection throws(PostgresError) in
                try connection.query("SELECT n FROM tally")[0].int4(0)
            }
            #expect(total == 60)
            await pool.close()
        }
    }

    @Test func saysThatAllConnectionsAreInUse() async throws {
        try await withTestDatabase { url in
            let pool = Pool(try ConnectionSettings(url), connections: 1, waitLimit: .milliseconds(50))
            let holder = Task {
                try await pool.withConnection { connection throws(PostgresError) in
                    try connection.query("SELECT pg_sleep(2)")
                    return true
                }
            }
            try await waitUntil(
                url, "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(2)' AND state = 'active'")
            let error = await #expect(throws: PostgresError.self) { try await pool.ping() }
            #expect(error == .poolExhausted(connections: 1, waited: .milliseconds(50)))
            #expect(error?.isTransient == true)
            #expect(try await holder.value)
            try await pool.ping()
            await pool.close()
        }
    }

    @Test func givesTheTurnOfACancelledCallerToTheNext() async throws {
        try await withTestDatabase { url in
            let pool = Pool(try ConnectionSettings(url), connections: 1, waitLimit: .seconds(60))
            let holder = Task {
                try await pool.withConnection { connection throws(PostgresError) in
                    try connection.query("SELECT pg_sleep(1)")
                    return true
                }
            }
            try await waitUntil(
                url, "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(1)' AND state = 'active'")
            let impatient = Task { try await pool.ping() }
            let patient = Task { try await pool.ping() }
            impatient.cancel()
            await #expect(throws: PostgresError.cancelled) { try await impatient.value }
            #expect(try await holder.value)
            try await patient.value
            await pool.close()
        }
    }

    @Test func replacesAConnectionThatBroke() async throws {
        try await withTestDatabase { url in
            let pool = Pool(try ConnectionSettings(url), connections: 1)
            let backend = try await pool.withConnection { connection throws(PostgresError) in
                try connection.query("SELECT pg_backend_pid()")[0].int4(0)
            }
            try connect(url).terminate(backend)
            let other = try await pool.withConnection { connection throws(PostgresError) in
                try connection.query("SELECT pg_backend_pid()")[0].int4(0)
            }
            #expect(other != backend)
            await pool.close()
        }
    }

    @Test func rollsBackWhatABodyLeftOpen() async throws {
        try await withTestDatabase { url in
            let pool = Pool(try ConnectionSettings(url), connections: 1)
            try await pool.withConnection { connection throws(PostgresError) in
                try connection.run(script: "CREATE TABLE t (a int)")
                try connection.run(script: "BEGIN; INSERT INTO t VALUES (1)")
            }
            let count = try await pool.withConnection { connection throws(PostgresError) in
                try connection.query("SELECT count(*) FROM t")[0].int8(0)
            }
            #expect(count == 0)
            await pool.close()
        }
    }

    @Test func passesOnTheBodysOwnErrorAndStaysUsable() async throws {
        struct NotFound: Error, Equatable {}
        try await withTestDatabase { url in
            let pool = Pool(try ConnectionSettings(url), connections: 1)
            let error = await #expect(throws: TransactionError<NotFound>.self) {
                try await pool.transaction { _ throws(NotFound) in throw NotFound() }
            }
            #expect(error == .rolledBack(NotFound()))
            try await pool.ping()
            await pool.close()
        }
    }

    @Test func endsItsConnectionsWhenClosed() async throws {
        try await withTestDatabase { url in
            var settings = try ConnectionSettings(url)
            settings.applicationName = "pool-under-test"
            let pool = Pool(settings, connections: 2)
            try await pool.ping()
            await pool.close()
            await #expect(throws: PostgresError.poolClosed) { try await pool.ping() }
            try await waitUntil(
                url,
                "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pool-under-test')")
        }
    }

    @Test func saysWhenNoServerAnswers() async throws {
        let pool = Pool(try ConnectionSettings("postgresql://x@/x?host=/nowhere"), connections: 1)
        for _ in 0..<2 {
            let error = await #expect(throws: PostgresError.self) { try await pool.ping() }
            #expect(error?.code == "GR-PG-001")
        }
    }

    /// Waits until the query has a row; the suite's time limit ends a wait that is in vain.
    private func waitUntil(_ url: String, _ query: String) async throws {
        let observer = try connect(url)
        for _ in 0..<1000 {
            if try !observer.query(query).isEmpty { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("never became true: \(query)")
    }
}
