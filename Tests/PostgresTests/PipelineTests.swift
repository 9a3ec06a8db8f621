import Postgres
import TestServers
import Testing

@Suite(.needsPostgres)
struct PipelineTests {
    @Test(arguments: [true, false])
    func answersInOrder(prepared: Bool) async throws {
        try await withConnection {
            $0.cachesStatements = prepared
        } _: { connection throws in
            for _ in 0..<2 {
                let answers = try connection.pipeline([
                    Statement("SELECT $1::int4", [.int4(1)]),
                    Statement("SELECT $1::text", [.text("two")]),
                    Statement("SELECT $1::int4", [.int4(3)]),
                ])
                #expect(try answers[0][0].int4(0) == 1)
                #expect(try answers[1][0].text(0) == "two")
                #expect(try answers[2][0].int4(0) == 3)
            }
            #expect(try connection.integer("SELECT 5") == 5)
        }
    }

    @Test func leavesNothingOfAFailedPipelineOutsideATransaction() async throws {
        try await withConnection { connection throws in
            try connection.run(script: "CREATE TABLE t (a int PRIMARY KEY)")
            let insert = "INSERT INTO t VALUES ($1)"
            let error = #expect(throws: PostgresError.self) {
                try connection.pipeline([
                    Statement(insert, [.int4(1)]), Statement(insert, [.int4(1)]), Statement("SELECT $1", [.int8(2)]),
                ])
            }
            #expect(error?.isUniqueViolation() == true)
            #expect(try connection.integer("SELECT count(*) FROM t") == 0)
            #expect(try connection.pipeline([Statement("SELECT $1", [.int8(2)])])[0][0].int8(0) == 2)
        }
    }

    @Test func spoilsTheTransactionItFailsIn() async throws {
        try await withConnection { connection throws in
            let error = #expect(throws: TransactionError<PostgresError>.self) {
                try connection.transaction { transaction throws(PostgresError) in
                    _ = try? transaction.pipeline([Statement("SELECT 1 / $1::int4", [.int4(0)]), Statement("SELECT 1")])
                }
            }
            #expect(error == .spoiled)
        }
    }

    @Test func carriesLargeValuesBothWaysWithoutStandstill() async throws {
        let large = [UInt8](repeating: 7, count: 3_000_000)
        try await withConnection { connection throws in
            let answers = try connection.pipeline(
                (0..<8).map { _ in Statement("SELECT $1::bytea", [.bytes(large)]) })
            #expect(try answers.allSatisfy { try $0[0].withBytes(0) { $0.count } == 3_000_000 })
        }
    }

    @Test func endsWithAnErrorWhenTheSessionIsLost() async throws {
        try await withConnection { connection throws in
            let error = #expect(throws: PostgresError.self) {
                try connection.pipeline([
                    Statement("SELECT 1"), Statement("SELECT pg_terminate_backend(pg_backend_pid())"),
                    Statement("SELECT 2"),
                ])
            }
            #expect(error?.isTransient == true)
            #expect(connection.isBroken)
            try connection.reconnect()
            #expect(try connection.integer("SELECT 1") == 1)
        }
    }

    @Test func answersNothingToNothing() async throws {
        try await withConnection { connection throws in
            #expect(try connection.pipeline([]).isEmpty)
        }
    }
}
