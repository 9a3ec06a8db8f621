import Domain
import Postgres
import TestServers
import Testing

@Suite(.needsPostgres)
struct ValueTests {
    @Test func givesBackEveryValueAsItWasSent() async throws {
        let uuid = UUID128(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)
        try await withConnection { connection throws in
            let rows = try connection.query(
                """
                SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
                    $1::text, $3::text, $7::text, $8::text, $9::text
                """,
                [
                    .int2(-2), .int4(.min), .int8(.max), .bool(true), .text("绩效 ✓"), .bytes([0, 255, 7]),
                    .uuid(uuid), .date(CalendarDate(dayNumber: 20_517)), .timestamp(Timestamp(microseconds: 1)),
                    .json("{\"b\":1, \"a\":2}"), .jsonb("{\"b\":1, \"a\":2}"), .numeric("-12.50"),
                ])
            let row = rows[0]
            #expect(try row.int2(0) == -2)
            #expect(try row.int4(1) == .min)
            #expect(try row.int8(2) == .max)
            #expect(try row.bool(3))
            #expect(try row.text(4) == "绩效 ✓")
            #expect(try row.bytes(5) == [0, 255, 7])
            #expect(try row.uuid(6) == uuid)
            #expect(try row.date(7).dayNumber == 20_517)
            #expect(try row.timestamp(8).microseconds == 1)
            #expect(try row.text(9) == "{\"b\":1, \"a\":2}")
            #expect(try row.text(10) == "{\"a\": 2, \"b\": 1}")
            #expect(try row.numeric(11) == "-12.50")
            #expect(try row.text(12) == "-2")
            #expect(try row.text(13) == "9223372036854775807")
            #expect(try row.text(14) == uuid.description)
            #expect(try row.text(15) == "2026-03-05")
            #expect(try row.text(16) == "1970-01-01 00:00:00.000001+00")
        }
    }

    @Test func givesBackNullForEveryType() async throws {
        let nulls: [Parameter] = [
            .int2(nil), .int4(nil), .int8(nil), .bool(nil), .text(nil), .bytes(nil), .uuid(nil),
            .date(daysSince1970: nil), .timestamp(microsecondsSince1970: nil), .json(nil), .jsonb(nil), .numeric(nil),
        ]
        try await withConnection { connection throws in
            let places = (1...nulls.count).map { "$\($0)" }.joined(separator: ", ")
            let row = try connection.query("SELECT \(places)", nulls)[0]
            #expect((0..<nulls.count).allSatisfy { row.isNull($0) })
            #expect(try row.optionalInt2(0) == nil)
            #expect(try row.optionalInt4(1) == nil)
            #expect(try row.optionalInt8(2) == nil)
            #expect(try row.optionalBool(3) == nil)
            #expect(try row.optionalText(4) == nil)
            #expect(try row.optionalBytes(5) == nil)
            #expect(try row.optionalUUID(6) == nil)
            #expect(try row.optionalDate(7) == nil)
            #expect(try row.optionalTimestamp(8) == nil)
            #expect(try row.optionalNumeric(11) == nil)
        }
    }

    @Test func namesTheColumnThatIsNotWhatWasAskedFor() async throws {
        try await withConnection { connection throws in
            let row = try connection.query(
                "SELECT NULL::int4 AS grade, 'x'::text AS name, 70000 AS big, 'infinity'::date AS day, 1.5::float8 AS f"
            )[0]
            #expect(throws: PostgresError.undecodable(column: "grade", expected: "int4", found: "NULL")) {
                try row.int4(0)
            }
            #expect(throws: PostgresError.undecodable(column: "name", expected: "int8", found: "text")) {
                try row.int8(1)
            }
            #expect(throws: PostgresError.undecodable(column: "big", expected: "int2", found: "int4")) {
                try row.int2(2)
            }
            #expect(throws: PostgresError.undecodable(column: "day", expected: "a finite date", found: "date")) {
                try row.date(3)
            }
            #expect(throws: PostgresError.self) { try row.int8(4) }
            #expect(throws: PostgresError.self) { try row.text(4) }
            #expect(try row.int8(2) == 70000)
        }
    }

    @Test(arguments: [
        "0", "0.00", "1", "-1", "9999", "10000", "10000.0001", "0.0001", "0.00001", "-0.000000012345",
        "123456789012345678901234567890.123456789", "100000000", "NaN", "Infinity", "-Infinity", "12345.6789000",
    ])
    func readsNumericsWithAllTheirDigits(text: String) async throws {
        try await withConnection { connection throws in
            let row = try connection.query("SELECT $1::numeric, $1::numeric::text", [.numeric(text)])[0]
            #expect(try row.numeric(0) == text)
            #expect(try row.text(1) == text)
        }
    }

    @Test func sendsArraysWithAndWithoutNull() async throws {
        let ids = [UUID128(high: 1, low: 2), UUID128(high: .max, low: 0)]
        try await withConnection { connection throws in
            let row = try connection.query(
                """
                SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text,
                    $2, $3, $6, $7
                """,
                [
                    .int2s([1, nil, -3]), .int4s([Int32]()), .int8s([.max, .min] as [Int64]),
                    .bools([true, nil, false]),
                    .dates(daysSince1970: [0, 20_517] as [Int32]), .uuids(ids), .texts(["a", "", "b,\"c\" 中"]),
                    .texts([nil, "x"]), .bytesArray([[1, 2], nil, []]),
                ])[0]
            let texts = try (0..<9).map { try row.text($0) }
            #expect(
                texts == [
                    "{1,NULL,-3}", "{}", "{9223372036854775807,-9223372036854775808}", "{t,NULL,f}",
                    "{1970-01-01,2026-03-05}", "{\(ids[0]),\(ids[1])}", "{a,\"\",\"b,\\\"c\\\" 中\"}",
                    "{NULL,x}", "{\"\\\\x0102\",NULL,\"\\\\x\"}",
                ])
            #expect(try row.int4s(9) == [])
            #expect(try row.int8s(10) == [.max, .min])
            #expect(try row.uuids(11) == ids)
            #expect(try row.texts(12) == ["a", "", "b,\"c\" 中"])
        }
    }

    @Test func encodesAnArrayFromFieldsOfSomethingElse() async throws {
        let rows = (0..<1000).map { (number: Int) -> (manager: Int32, amount: Int64?) in
            (Int32(number), number.isMultiple(of: 3) ? nil : Int64(number) * 10_000)
        }
        try await withConnection { connection throws in
            let sums = try connection.query(
                "SELECT sum(m)::int8, sum(a)::int8, count(a) FROM unnest($1::int4[], $2::int8[]) AS t(m, a)",
                [.int4s(count: rows.count) { rows[$0].manager }, .int8s(count: rows.count) { rows[$0].amount }])[0]
            #expect(try sums.int8(0) == 499_500)
            #expect(try sums.int8(1) == rows.reduce(0) { $0 + ($1.amount ?? 0) })
            #expect(try sums.int8(2) == 666)
        }
    }

    @Test func refusesAnArrayWithNullWhereNoneIsExpected() async throws {
        try await withConnection { connection throws in
            let row = try connection.query("SELECT ARRAY[1, NULL]::int4[] AS ranks")[0]
            #expect(throws: PostgresError.self) { try row.int4s(0) }
        }
    }

    @Test func carriesValuesOfManyMegabytes() async throws {
        let large = [UInt8](unsafeUninitializedCapacity: 20_000_000) { buffer, count in
            for index in 0..<20_000_000 { buffer[index] = UInt8(truncatingIfNeeded: index &* 31) }
            count = 20_000_000
        }
        try await withConnection { connection throws in
            let row = try connection.query("SELECT $1, md5($1)", [.bytes(large)])[0]
            #expect(try row.withBytes(0) { $0.elementsEqual(large) })
            // The next, small statement works on a fresh buffer.
            #expect(try connection.integer("SELECT $1::int4", [.int4(5)]) == 5)
        }
    }

    @Test func refusesTextThatWouldBeCutAtANul() async throws {
        try await withConnection { connection throws in
            #expect(throws: PostgresError.self) { try connection.query("SELECT $1::text", [.text("a\0b")]) }
            #expect(throws: PostgresError.misused(reason: "a parameter's text holds a NUL character")) {
                try connection.query("SELECT $1::interval", [.inferred("1 day\0")])
            }
        }
    }

    @Test func readsEnumsAndNamesAsText() async throws {
        try await withConnection { connection throws in
            try connection.run(script: "CREATE TYPE state AS ENUM ('open', 'closed')")
            let row = try connection.query("SELECT $1::state, 'n'::name, 'v'::varchar", [.inferred("open")])[0]
            #expect(try (0..<3).map { try row.text($0) } == ["open", "n", "v"])
        }
    }

    @Test func countsAffectedRows() async throws {
        try await withConnection { connection throws in
            try connection.run(script: "CREATE TABLE t (a int)")
            #expect(try connection.execute("INSERT INTO t SELECT generate_series(1, 7)") == 7)
            #expect(try connection.execute("UPDATE t SET a = 0 WHERE a > $1", [.int4(4)]) == 3)
            #expect(try connection.execute("DELETE FROM t WHERE a = 99") == 0)
        }
    }

    @Test func refusesMoreParametersThanTheProtocolCounts() async throws {
        try await withConnection { connection throws in
            let many = [Parameter](repeating: .int4(1), count: 65_536)
            let error = #expect(throws: PostgresError.self) { try connection.query("SELECT 1", many) }
            #expect(error?.code == "GR-PG-005")
        }
    }
}
