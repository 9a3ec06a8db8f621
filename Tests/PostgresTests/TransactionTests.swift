import Foundation
import Postgres
import TestServers
import Testing

@Suite(.needsPostgres)
struct TransactionTests {
    struct Stop: Error, Equatable {}

    @Test func keepsWhatCommitsAndNothingElse() async throws {
        try await withLedger { connection, _ throws in
            try connection.transaction { transaction throws(PostgresError) in
                try transaction.execute("INSERT INTO ledger VALUES (1)")
            }
            let error = #expect(throws: TransactionError<Stop>.self) {
                try connection.transaction { transaction throws(Stop) in
                    _ = try? transaction.execute("INSERT INTO ledger VALUES (2)")
                    throw Stop()
                }
            }
            #expect(error == .rolledBack(Stop()))
            #expect(try rows(connection) == [1])
            #expect(!connection.isInTransaction)
        }
    }

    @Test func doesNotBelieveTheCommitOfASpoiledTransaction() async throws {
        try await withLedger { connection, _ throws in
            let error = #expect(throws: TransactionError<PostgresError>.self) {
                try connection.transaction { transaction throws(PostgresError) in
                    try transaction.execute("INSERT INTO ledger VALUES (1)")
                    _ = try? transaction.execute("INSERT INTO ledger VALUES (1)")
                }
            }
            #expect(error == .spoiled)
            #expect(error?.isTransient == false)
            #expect(try rows(connection) == [])
        }
    }

    @Test func reportsARefusedCommitAsRolledBackForCertain() async throws {
        try await withLedger { connection, _ throws in
            try connection.run(
                script: "CREATE TABLE line (entry int REFERENCES ledger DEFERRABLE INITIALLY DEFERRED)")
            let error = #expect(throws: TransactionError<PostgresError>.self) {
                try connection.transaction { transaction throws(PostgresError) in
                    try transaction.execute("INSERT INTO line VALUES (9)")
                }
            }
            guard case .refused(let reason) = error else {
                Issue.record("not refused: \(String(describing: error))")
                return
            }
            #expect(reason.state == .foreignKeyViolation)
            #expect(try connection.query("SELECT 1 FROM line").isEmpty)
        }
    }

    @Test func isInDoubtWhenTheServerGoesAwayDuringCommit() async throws {
        try await withLedger { connection, url throws in
            // A deferred trigger ends this session inside COMMIT, so its answer never comes.
            try connection.run(
                script: """
                    CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS
                        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
                    CREATE CONSTRAINT TRIGGER lost AFTER INSERT ON ledger DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION end_session()
                    """)
            let error = #expect(throws: TransactionError<PostgresError>.self) {
                try connection.transaction { transaction throws(PostgresError) in
                    try transaction.execute("INSERT INTO ledger VALUES (1)")
                }
            }
            guard case .inDoubt = error else {
                Issue.record("not in doubt: \(String(describing: error))")
                return
            }
            #expect(error?.isTransient == true)
            #expect(error?.code == "GR-PG-022")
            #expect(connection.isBroken)
            try connection.reconnect()
            #expect(try rows(connection) == [])
        }
    }

    @Test func isInDoubtWhenTheSessionEndedUnnoticedBeforeCommit() async throws {
        try await withLedger { connection, url throws in
            let administrator = try connect(url)
            let error = #expect(throws: TransactionError<any Error>.self) {
                try connection.transaction { transaction throws(any Error) in
                    try transaction.execute("INSERT INTO ledger VALUES (1)")
                    try administrator.terminate(transaction.connection.backend())
                }
            }
            // libpq has not read the end of the session yet, so COMMIT was sent and got no answer.
            guard case .inDoubt(let reason) = error else {
                Issue.record("not in doubt: \(String(describing: error))")
                return
            }
            #expect(reason.isTransient)
        }
    }

    @Test func isRefusedWhenTheSessionWasKnownLostBeforeCommit() async throws {
        try await withLedger { connection, url throws in
            let administrator = try connect(url)
            let error = #expect(throws: TransactionError<any Error>.self) {
                try connection.transaction { transaction throws(any Error) in
                    try administrator.terminate(transaction.connection.backend())
                    _ = try? transaction.query("SELECT 1")
                }
            }
            guard case .refused(.unreachable) = error else {
                Issue.record("not refused: \(String(describing: error))")
                return
            }
            #expect(error?.isTransient == true)
        }
    }

    @Test func passesOnTheErrorOfALostSessionInsideTheBody() async throws {
        try await withLedger { connection, url throws in
            let administrator = try connect(url)
            let backend = try connection.backend()
            let error = #expect(throws: TransactionError<PostgresError>.self) {
                try connection.transaction { transaction throws(PostgresError) in
                    try? administrator.terminate(backend)
                    try transaction.execute("INSERT INTO ledger VALUES (1)")
                }
            }
            #expect(error?.isTransient == true)
            #expect(connection.isBroken)
        }
    }

    @Test func callsADeadlockTransient() async throws {
        try await withLedger { connection, url throws in
            try connection.run(script: "INSERT INTO ledger VALUES (1), (2)")
            try connection.run(script: "SET deadlock_timeout = '50ms'; BEGIN")
            try connection.query("SELECT 1 FROM ledger WHERE id = 1 FOR UPDATE")
            let backend = try connection.backend()
            let other = Thread {
                guard let other = try? connect(url) else { return }
                try? other.run(script: "SET deadlock_timeout = '1min'; BEGIN")
                _ = try? other.query("SELECT 1 FROM ledger WHERE id = 2 FOR UPDATE")
                _ = try? other.query("SELECT 1 FROM ledger WHERE id = 1 FOR UPDATE")
            }
            other.start()
            let observer = try connect(url)
            for _ in 0..<1000 {
                let blocked = try observer.query(
                    "SELECT 1 FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))",
                    [.int4(backend)])
                if !blocked.isEmpty { break }
                usleep(10_000)
            }
            let error = #expect(throws: PostgresError.self) {
                try connection.query("SELECT 1 FROM ledger WHERE id = 2 FOR UPDATE")
            }
            #expect(error?.state == SQLState(rawValue: "40P01"))
            #expect(error?.isTransient == true)
            #expect(connection.isSpoiled)
        }
    }

    @Test func undoesOnlyASavepointsOwnWork() async throws {
        try await withLedger { connection, _ throws in
            try connection.transaction { transaction throws(any Error) in
                try transaction.execute("INSERT INTO ledger VALUES (1)")
                let error = #expect(throws: TransactionError<PostgresError>.self) {
                    try transaction.savepoint { inner throws(PostgresError) in
                        try inner.execute("INSERT INTO ledger VALUES (2)")
                        try inner.execute("INSERT INTO ledger VALUES (1)")
                    }
                }
                #expect(error?.postgresError?.isUniqueViolation() == true)
                let hidden = #expect(throws: TransactionError<PostgresError>.self) {
                    try transaction.savepoint { inner throws(PostgresError) in
                        _ = try? inner.execute("INSERT INTO ledger VALUES (1)")
                    }
                }
                #expect(hidden == .spoiled)
                try transaction.savepoint { inner throws(PostgresError) in
                    try inner.execute("INSERT INTO ledger VALUES (3)")
                }
            }
            #expect(try rows(connection) == [1, 3])
        }
    }

    @Test func refusesATransactionInsideATransaction() async throws {
        try await withLedger { connection, _ throws in
            try connection.transaction { transaction throws(any Error) in
                #expect(throws: TransactionError<PostgresError>.self) {
                    try connection.transaction { _ throws(PostgresError) in }
                }
                try transaction.execute("INSERT INTO ledger VALUES (1)")
            }
            #expect(try rows(connection) == [1])
            #expect(throws: TransactionError<PostgresError>.self) {
                try connection.savepoint { _ throws(PostgresError) in }
            }
        }
    }

    @Test func refusesABodyThatEndsTheTransactionItself() async throws {
        try await withLedger { connection, _ throws in
            let error = #expect(throws: TransactionError<PostgresError>.self) {
                try connection.transaction { transaction throws(PostgresError) in
                    try transaction.connection.run(script: "ROLLBACK")
                }
            }
            #expect(error == .spoiled)
        }
    }

    @Test func seesOnePictureUnderRepeatableRead() async throws {
        try await withLedger { connection, url throws in
            let other = try connect(url)
            let counts = try connection.transaction(.repeatableRead) { transaction throws(PostgresError) in
                let before = try transaction.query("SELECT count(*) FROM ledger")[0].int8(0)
                try other.execute("INSERT INTO ledger VALUES (1)")
                return [before, try transaction.query("SELECT count(*) FROM ledger")[0].int8(0)]
            }
            #expect(counts == [0, 0])
        }
    }

    private func rows(_ connection: Connection) throws -> [Int32] {
        try connection.query("SELECT id FROM ledger ORDER BY id").map { try $0.int4(0) }
    }

    private func withLedger(_ body: (Connection, String) throws -> Void) async throws {
        try await withTestDatabase { url in
            let connection = try connect(url)
            try connection.run(script: "CREATE TABLE ledger (id int PRIMARY KEY)")
            try body(connection, url)
        }
    }
}
