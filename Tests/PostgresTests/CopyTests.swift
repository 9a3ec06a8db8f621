import Domain
import Postgres
import TestServers
import Testing

@Suite(.needsPostgres)
struct CopyTests {
    private static let table = """
        CREATE TABLE fact (
            id uuid PRIMARY KEY, small int2, medium int4, large int8, flag bool, day date, moment timestamptz,
            name text, raw bytea, document jsonb)
        """
    private static let columns = [
        "id", "small", "medium", "large", "flag", "day", "moment", "name", "raw", "document",
    ]

    @Test func writesEveryTypeAsAStatementWould() async throws {
        try await withConnection { connection throws in
            try connection.run(script: Self.table)
            let count = try connection.copyIn(table: "public.fact", columns: Self.columns) { writer in
                writer.beginRow()
                writer.uuid(UUID128(high: 1, low: 2))
                writer.int2(-7)
                writer.int4(.max)
                writer.int8(.min)
                writer.bool(true)
                writer.date(CalendarDate(dayNumber: 20_517))
                writer.timestamp(microsecondsSince1970: 1_772_676_000_000_000)
                writer.text("客户经理")
                writer.bytes([1, 0, 255])
                writer.jsonb("{\"a\": 1}")
                writer.beginRow()
                writer.uuid(high: 1, low: 3)
                for _ in 0..<9 { writer.null() }
            }
            #expect(count == 2)
            let rows = try connection.query(
                """
                SELECT id::text, small::text, medium::text, large::text, flag::text, day::text, moment::text, name,
                    encode(raw, 'hex'), document::text FROM fact ORDER BY id
                """)
            #expect(
                try (0..<10).map { try rows[0].text($0) } == [
                    "00000000-0000-0001-0000-000000000002", "-7", "2147483647", "-9223372036854775808", "true",
                    "2026-03-05", "2026-03-05 02:00:00+00", "客户经理", "0100ff", "{\"a\": 1}",
                ])
            #expect((1..<10).allSatisfy { rows[1].isNull($0) })
        }
    }

    @Test func writesMoreThanItsBufferHoldsInRowsAndInOneValue() async throws {
        let large = [UInt8](repeating: 65, count: 3_000_000)
        try await withConnection { connection throws in
            try connection.run(script: "CREATE TABLE t (a int4, b bytea)")
            let sizes = [0, 1, 131_000, 131_072, 131_073, 200_000, 3_000_000]
            let count = try connection.copyIn(table: "t", columns: ["a", "b"]) { writer in
                for number in 0..<20_000 {
                    writer.beginRow()
                    writer.int4(Int32(number))
                    writer.bytes(large[..<(number % 300)])
                }
                for size in sizes {
                    writer.beginRow()
                    writer.int4(-1)
                    writer.bytes(large[..<size])
                }
            }
            #expect(count == 20_000 + sizes.count)
            let row = try connection.query(
                """
                SELECT sum(a)::int8, sum(length(b)) FILTER (WHERE a >= 0),
                    array_agg(length(b) ORDER BY length(b)) FILTER (WHERE a < 0) FROM t
                """)[0]
            #expect(try row.int8(0) == 199_990_000 - Int64(sizes.count))
            #expect(try row.int8(1) == (0..<20_000).reduce(0) { $0 + Int64($1 % 300) })
            #expect(try row.int4s(2) == sizes.map(Int32.init))
        }
    }

    @Test func leavesNothingWhenARowIsRefused() async throws {
        try await withConnection { connection throws in
            try connection.run(script: "CREATE TABLE t (a int4 CONSTRAINT t_once PRIMARY KEY)")
            let error = #expect(throws: PostgresError.self) {
                try connection.copyIn(table: "t", columns: ["a"]) { writer in
                    for number in 0..<100_000 {
                        writer.beginRow()
                        writer.int4(Int32(number % 50_000))
                    }
                }
            }
            #expect(error?.isUniqueViolation(of: "t_once") == true)
            #expect(try connection.integer("SELECT count(*) FROM t") == 0)
        }
    }

    @Test func leavesNothingWhenTheBodyGivesUp() async throws {
        try await withConnection { connection throws in
            try connection.run(script: "CREATE TABLE t (a int4)")
            #expect(throws: PostgresError.misused(reason: "enough")) {
                try connection.copyIn(table: "t", columns: ["a"]) { writer throws(PostgresError) in
                    writer.beginRow()
                    writer.int4(1)
                    throw .misused(reason: "enough")
                }
            }
            #expect(try connection.integer("SELECT count(*) FROM t") == 0)
        }
    }

    @Test(arguments: [1, 3])
    func refusesRowsOfTheWrongWidth(fields: Int) async throws {
        try await withConnection { connection throws in
            try connection.run(script: "CREATE TABLE t (a int4, b int4)")
            let error = #expect(throws: PostgresError.self) {
                try connection.copyIn(table: "t", columns: ["a", "b"]) { writer in
                    writer.beginRow()
                    for _ in 0..<fields { writer.int4(1) }
                }
            }
            #expect(error?.code == "GR-PG-005")
            #expect(try connection.integer("SELECT count(*) FROM t") == 0)
        }
    }

    @Test func failsWhenTheSessionIsLostOnTheWay() async throws {
        try await withTestDatabase { url in
            let connection = try connect(url)
            let administrator = try connect(url)
            try connection.run(script: "CREATE TABLE t (a int8)")
            let backend = try connection.backend()
            let error = #expect(throws: PostgresError.self) {
                try connection.copyIn(table: "t", columns: ["a"]) { writer in
                    for number in 0..<3_000_000 {
                        if number == 1_000_000 { try? administrator.terminate(backend) }
                        writer.beginRow()
                        writer.int8(Int64(number))
                    }
                }
            }
            #expect(error?.isTransient == true)
            #expect(connection.isBroken)
            #expect(try administrator.integer("SELECT count(*) FROM t") == 0)
        }
    }

    @Test func spoilsTheTransactionItFailsIn() async throws {
        try await withConnection { connection throws in
            try connection.run(script: "CREATE TABLE t (a int4)")
            let error = #expect(throws: TransactionError<PostgresError>.self) {
                try connection.transaction { transaction throws(PostgresError) in
                    _ = try? transaction.copyIn(table: "t", columns: ["missing"]) { _ in }
                }
            }
            #expect(error == .spoiled)
        }
    }

    @Test func writesNoRowsWhenThereAreNone() async throws {
        try await withConnection { connection throws in
            try connection.run(script: "CREATE TABLE t (a int4)")
            #expect(try connection.copyIn(table: "t", columns: ["a"]) { _ in } == 0)
        }
    }

    @Test func readsManyRowsInBulk() async throws {
        try await withConnection { connection throws in
            var sum: Int64 = 0
            var texts = Set<String?>()
            try connection.copyOut(
                "SELECT n::int8, CASE WHEN n % 2 = 0 THEN 'even' END FROM generate_series(1, 100000) AS n"
            ) { row throws(PostgresError) in
                sum += try row.int8(0)
                texts.insert(try row.optionalText(1))
            }
            #expect(sum == 5_000_050_000)
            #expect(texts == ["even", nil])
            try connection.copyOut("SELECT 1 WHERE false") { _ in Issue.record("a row of an empty result") }
        }
    }

    @Test func stopsReadingWhenTheBodyGivesUp() async throws {
        try await withConnection { connection throws in
            #expect(throws: PostgresError.undecodable(column: "number 0", expected: "int2", found: "8 bytes")) {
                try connection.copyOut("SELECT n::int8 + 100000 FROM generate_series(1, 1000000) AS n") {
                    row throws(PostgresError) in
                    _ = try row.int2(0)
                }
            }
            #expect(try connection.integer("SELECT 1") == 1)
        }
    }
}
