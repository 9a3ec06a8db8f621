import Postgres
import TestServers
import Testing

@Suite(.needsPostgres)
struct ConnectionTests {
    @Test func readsTheSameInstantWhateverTheServersZone() async throws {
        try await withConnection { connection throws in
            #expect(try connection.text("SHOW timezone") == "UTC")
            #expect(try connection.text("SHOW client_encoding") == "UTF8")
        }
    }

    @Test func appliesItsTimeLimitsAndSearchPathToTheSession() async throws {
        try await withConnection {
            $0.statementTimeoutMilliseconds = 1234
            $0.lockTimeoutMilliseconds = 2345
            $0.idleInTransactionTimeoutMilliseconds = 3456
            $0.applicationName = "gradus-test"
            $0.searchPath = ["scoring", "odd name"]
        } _: { connection throws in
            let rows = try connection.query(
                """
                SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),
                    current_setting('idle_in_transaction_session_timeout'),
                    current_setting('application_name'), current_setting('search_path')
                """)
            let shown = try (0..<5).map { try rows[0].text($0) }
            #expect(shown == ["1234ms", "2345ms", "3456ms", "gradus-test", "\"scoring\",\"odd name\""])
        }
    }

    @Test func namesAServerThatIsNotThere() throws {
        let settings = try ConnectionSettings("postgresql://someone:s3cret@/x?host=/nowhere")
        #expect {
            _ = try Connection(settings)
        } throws: { error in
            guard case .unreachable = error as? PostgresError else { return false }
            return (error as? PostgresError)?.isTransient == true && !"\(error)".contains("s3cret")
        }
    }

    @Test func neverShowsThePassword() throws {
        let settings = try ConnectionSettings("postgresql://someone:s3cret@db.example:6432/pay?application_name=x")
        #expect("\(settings)" == "host=db.example port=6432 dbname=pay user=someone")
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!dumped.contains("s3cret"))
        #expect(!String(reflecting: settings).contains("s3cret"))
    }

    @Test func refusesAnUnreadableLocationWithoutQuotingIt() {
        #expect {
            _ = try ConnectionSettings("postgresql://someone:s3%zzcret@host/db")
        } throws: { error in
            guard case .invalidSettings = error as? PostgresError else { return false }
            return !"\(error)".contains("cret")
        }
    }

    @Test func stopsAStatementAtItsTimeLimitAndCallsThatTransient() async throws {
        try await withConnection {
            $0.statementTimeoutMilliseconds = 50
        } _: { connection throws in
            let error = #expect(throws: PostgresError.self) { try connection.query("SELECT pg_sleep(10)") }
            #expect(error?.state == .queryCanceled)
            #expect(error?.isTransient == true)
            #expect(try connection.integer("SELECT 1") == 1)
        }
    }

    @Test func stopsWaitingForALockAtItsLimit() async throws {
        try await withTestDatabase { url in
            let owner = try connect(url)
            try owner.run(script: "CREATE TABLE t (a int)")
            try owner.run(script: "BEGIN; LOCK t")
            let other = try connect(url) { $0.lockTimeoutMilliseconds = 50 }
            let error = #expect(throws: PostgresError.self) { try other.execute("INSERT INTO t VALUES (1)") }
            #expect(error?.state == .lockNotAvailable)
            #expect(error?.isTransient == true)
        }
    }

    @Test func sendsNoticesToTheirReceiver() async throws {
        let notices = Collected<Notice>()
        try await withConnection {
            $0.notices = { notices.add($0) }
        } _: { connection throws in
            try connection.run(script: "DO $$ BEGIN RAISE WARNING 'slow disk'; END $$")
            #expect(notices.all.map(\.severity) == ["WARNING"])
            #expect(notices.all.map(\.message) == ["slow disk"])
        }
    }

    @Test func mapsAUniqueViolationToItsConstraint() async throws {
        try await withConnection {
            $0.showsRowDetail = false
        } _: { connection throws in
            try connection.run(script: "CREATE TABLE payout (manager text, CONSTRAINT once UNIQUE (manager))")
            try connection.execute("INSERT INTO payout VALUES ($1)", [.text("rm-secret")])
            let error = #expect(throws: PostgresError.self) {
                try connection.execute("INSERT INTO payout VALUES ($1)", [.text("rm-secret")])
            }
            #expect(error?.isUniqueViolation() == true)
            #expect(error?.isUniqueViolation(of: "once") == true)
            #expect(error?.isUniqueViolation(of: "other") == false)
            #expect(error?.isTransient == false)
            #expect(error?.code == "GR-PG-002")
            guard case .rejected(let rejection) = error else { return }
            #expect(rejection.table == "public.payout")
            #expect(rejection.detail == nil)
            #expect(!"\(rejection)".contains("rm-secret"))
        }
    }

    @Test func leavesValuesOutOfDataErrors() async throws {
        try await withConnection {
            $0.showsRowDetail = false
        } _: { connection throws in
            let error = #expect(throws: PostgresError.self) {
                try connection.query("SELECT $1::text::int", [.text("6222-account")])
            }
            #expect(error?.state == SQLState(rawValue: "22P02"))
            #expect(error.map { "\($0)".contains("6222") } == false)
        }
    }

    @Test func seesAnEndedSessionWithoutARoundTripAndReconnects() async throws {
        try await withTestDatabase { url in
            let connection = try connect(url)
            let administrator = try connect(url)
            try connection.query("SELECT 1")
            #expect(connection.checkAlive())
            try administrator.terminate(connection.backend())
            #expect(!connection.checkAlive())
            #expect(connection.isBroken)
            #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
            try connection.reconnect()
            #expect(try connection.integer("SELECT 1") == 1)
        }
    }

    @Test func comesBackAfterTheServerCrashed() throws {
        let server = try PostgresServer()
        let connection = try connect(server.url)
        try connection.run(script: "CREATE TABLE t (a int)")
        try connection.execute("INSERT INTO t VALUES ($1)", [.int4(1)])
        server.crash()
        let lost = #expect(throws: PostgresError.self) { try connection.query("SELECT a FROM t") }
        #expect(lost?.isTransient == true)
        let absent = #expect(throws: PostgresError.self) { try connection.reconnect() }
        #expect(absent?.isTransient == true)
        #expect(connection.isBroken)
        #expect(server.start())
        try connection.reconnect()
        #expect(try connection.integer("SELECT a FROM t") == 1)
    }

    @Test func refusesAServerThatCannotWrite() async throws {
        try await withTestDatabase { url in
            let administrator = try connect(url)
            let name = try administrator.query("SELECT current_database()::text")[0].text(0)
            try administrator.run(
                script: "ALTER DATABASE \(Identifier.quoted(name)) SET default_transaction_read_only = on")
            #expect(throws: PostgresError.self) { try connect(url) }
            let reader = try connect(url) { $0.requiresWritableServer = false }
            #expect(try reader.integer("SELECT 1") == 1)
        }
    }

    @Test func preparesAgainWhenATableChangedItsShape() async throws {
        try await withConnection { connection throws in
            try connection.run(script: "CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
            #expect(try connection.query("SELECT * FROM t").columnCount == 1)
            try connection.run(script: "ALTER TABLE t ADD COLUMN b int")
            #expect(try connection.query("SELECT * FROM t").columnCount == 2)
            try connection.run(script: "DEALLOCATE ALL")
            #expect(try connection.query("SELECT * FROM t").columnCount == 2)
        }
    }

    @Test func worksWithoutPreparedStatements() async throws {
        try await withConnection {
            $0.cachesStatements = false
        } _: { connection throws in
            for value in 1...3 {
                #expect(try connection.integer("SELECT $1::int4", [.int4(Int32(value))]) == Int64(value))
            }
            #expect(try connection.integer("SELECT count(*) FROM pg_prepared_statements") == 0)
        }
    }

    @Test func boundsThePreparedStatementsOfASession() async throws {
        try await withConnection { connection throws in
            for number in 0..<600 { try connection.query("SELECT \(number)") }
            let prepared = try connection.query("SELECT count(*) FROM pg_prepared_statements")[0].int8(0)
            #expect(prepared <= 256)
        }
    }

    @Test func quotesNamesThatNeedIt() async throws {
        try await withConnection { connection throws in
            let name = "a \"b\"; DROP TABLE x --"
            try connection.run(script: "CREATE TABLE \(Identifier.quoted(name)) (a int)")
            let rows = try connection.query("SELECT 1 FROM pg_class WHERE relname = $1", [.text(name)])
            #expect(rows.count == 1)
            #expect(Identifier.quoted(path: "scoring.fact") == "\"scoring\".\"fact\"")
        }
    }

    @Test func refusesCopyThroughQuery() async throws {
        try await withConnection { connection throws in
            let error = #expect(throws: PostgresError.self) { try connection.query("COPY (SELECT 1) TO STDOUT") }
            #expect(error?.isTransient == false)
            #expect(connection.isBroken)
        }
    }
}
