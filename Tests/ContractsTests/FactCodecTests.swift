import Domain
import Testing

@testable import Contracts

@Suite struct FactCodecTests {
    private let canonical = Samples.canonical

    @Test func writesTheCanonicalForm() throws {
        #expect(String(decoding: Samples.bytes(Samples.full), as: UTF8.self) == canonical)
    }

    @Test func readsBackWhatItWrites() throws {
        var random = SeededNumbers(seed: 20_260_305)
        for _ in 0..<2_000 {
            let fact = Samples.fact(&random)
            let bytes = Samples.bytes(fact)
            #expect(try FactCodec.decode(bytes.span) == fact)
            #expect(FactScanner().scanCanonical(bytes.span) != nil || fact.hasRareText)
        }
    }

    @Test func readsAnyKeyOrderAndWhiteSpaceAsTheSameFact() throws {
        let other = """
             { "sourceId":"evt-000123", "source":"core-banking","attributes": {"product" : "savings","first":true,"n":-12.50},
            "share":"0.6","assignment":"a-0001","customer":"c-0001","unit":"CNY","amount":"-1234.56",
            "reverses":"00000000-0000-0000-0000-0000000000ff","sign": -1,"occurredAt":"2026-03-05T10:00:00.000000+08:00",
            "businessDate":"2026-03-05","type":"deposit.moved","subject":"rm-017","kind":"manager",
            "institution":"dongguan-post","id":"5F0C0000-0000-5000-8000-00000000000A" }\n
            """
        #expect(try FactCodec.decode(Array(other.utf8).span) == Samples.full)
    }

    @Test(arguments: [
        (#""amount":"-1234.56""#, #""amount":-1234.56"#, FactRejection.Reason.wrongType),
        (#""amount":"-1234.56""#, #""amount":"1e5""#, .badAmount),
        (#""amount":"-1234.56""#, #""amount":"1.23456""#, .badAmount),
        (#""amount":"-1234.56""#, #""amount":"123456789012345678901234567890""#, .badAmount),
        (#""amount":"-1234.56""#, #""amount":null"#, .wrongType),
        (#""2026-03-05""#, #""2026-02-30""#, .impossibleDate),
        (#"10:00:00.000000+08:00"#, #"10:00:00.000000"#, .impossibleDate),
        (#"10:00:00.000000+08:00"#, #"25:00:00.000000+08:00"#, .impossibleDate),
        (#""sign":-1"#, #""sign":0"#, .badSign),
        (#""sign":-1"#, #""sign":"-1""#, .wrongType),
        (#""reverses":"00000000-0000-0000-0000-0000000000ff","#, "", .badSign),
        (#""subject":"rm-017""#, #""subject":"rm/017""#, .badReference),
        (#""subject":"rm-017""#, #""subject":"""#, .badReference),
        (#""subject":"rm-017""#, #""subject":"rm-\u0030""#, .badReference),
        (#""kind":"manager""#, #""kind":"Manager""#, .badReference),
        (#""type":"deposit.moved""#, #""type":"deposit""#, .badReference),
        (#""share":"0.6""#, #""share":"1.6""#, .badReference),
        (#""customer":"c-0001""#, #""account":"c-0001""#, .unknownKey),
        (#""customer":"c-0001""#, #""kind":"manager""#, .duplicateKey),
        (#","sourceId":"evt-000123""#, "", .missingKey),
        (#"{"first":true"#, #"{"first":[]"#, .wrongType),
        (#"{"first":true"#, #"{"product":true"#, .duplicateKey),
        (#"{"first":true"#, #"{"first":1e5"#, .badAmount),
        (#"5f0c0000-0000-5000-8000-00000000000a"#, #"5f0c0000-0000-5000-8000-00000000000g"#, .badID),
        ("}}", "}}x", .trailingBytes),
        ("}}", "}", .notJSON),
    ])
    func refusesWithAStableCode(original: String, replacement: String, reason: FactRejection.Reason) throws {
        let parts = canonical.split(separator: original, maxSplits: 1, omittingEmptySubsequences: false)
        try #require(parts.count == 2)
        let bytes = Array("\(parts[0])\(replacement)\(parts[1])".utf8)
        let rejection = #expect(throws: FactRejection.self) { try FactCodec.decode(bytes.span) }
        #expect(rejection?.reason == reason)
    }

    @Test func theTraceIsNotPartOfWhatAFactSays() throws {
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let bytes = Array((canonical.dropLast() + #","traceparent":"\#(trace)"}"#).utf8)
        let plain = String(decoding: bytes, as: UTF8.self).replacing(#""first":true,"n":-12.50,"#, with: "")
        #expect(FactScanner().scanCanonical(Array(plain.utf8).span) != nil)
        #expect(try FactCodec.decode(bytes.span) == Samples.full)
        #expect(FactCodec.traceparent(bytes.span) == trace)
        let first = Array(#"{"traceparent":"\#(trace)","#.utf8) + canonical.utf8.dropFirst()
        #expect(FactCodec.traceparent(first.span) == trace)
        #expect(FactCodec.traceparent(Array(canonical.utf8).span) == nil)
        for bad in [
            trace.uppercased(), "01" + trace.dropFirst(2), String(trace.dropLast()), trace.replacing("-", with: "0"),
        ] {
            let wrong = Array((canonical.dropLast() + #","traceparent":"\#(bad)"}"#).utf8)
            let rejection = #expect(throws: FactRejection.self) { try FactCodec.decode(wrong.span) }
            #expect(rejection?.reason == .badReference && rejection?.field == "traceparent")
        }
    }

    @Test func refusesEveryTruncation() {
        let bytes = Array(canonical.utf8)
        for length in 0..<bytes.count {
            let rejection = #expect(throws: FactRejection.self) {
                try FactScanner().scan(bytes.span.extracting(0..<length))
            }
            #expect(length == 0 ? rejection?.reason == .empty : rejection?.position ?? -1 <= length)
        }
    }

    @Test func refusesWrongEncodingAndTellsWhere() {
        var bytes = Array(canonical.utf8)
        bytes[100] = 0xD6
        bytes[101] = 0xD0
        let rejection = #expect(throws: FactRejection.self) { try FactScanner().scan(bytes.span) }
        #expect(rejection == FactRejection(.notUTF8, at: 100))
    }

    @Test func refusesAnOversizedFact() {
        let bytes = [UInt8](repeating: UInt8(ascii: " "), count: FactCodec.maximumBytes + 1)
        let rejection = #expect(throws: FactRejection.self) { try FactScanner().scan(bytes.span) }
        #expect(rejection?.reason == .tooLarge)
    }

    @Test func bothReadersAgreeOnMutatedFacts() throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = SeededNumbers(seed: seed)
        var fast = 0
        for _ in 0..<60_000 {
            var bytes = Samples.bytes(Samples.fact(&random))
            if random.chance(30) {
                bytes.removeLast()
                bytes += #","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}"#.utf8
            }
            random.mutate(&bytes)
            guard let quick = FactScanner().scanCanonical(bytes.span) else { continue }
            fast += 1
            let general = try? FactParser.parse(bytes.span)
            #expect(quick == general, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(fast > 1_000, "the mutations must leave facts that the fast path reads")
    }

    @Test func markersAreKnownByTheirFirstKeyAndReadBack() throws {
        let marker = PeriodMarker(
            close: UUID128(high: 1, low: 2), institution: "dongguan-post", period: .month(year: 2026, month: 3),
            attempt: 2, partition: 7,
            schemes: [SchemeReference(scheme: "dongguan-post/big-customer-centre", version: 3)],
            assignments: 123)
        guard case .periodMarker = FactMessage(marker.encoded.span) else {
            Issue.record("not seen as a marker"); return
        }
        #expect(try PeriodMarker(marker.encoded.span) == marker)
        let published = SchemeMarker(
            institution: "dongguan-post", scheme: SchemeReference(scheme: "dongguan-post/x", version: 1), partition: 0)
        guard case .schemePublished = FactMessage(published.encoded.span) else { Issue.record("not published"); return }
        #expect(try SchemeMarker(published.encoded.span) == published)
        guard case .fact = FactMessage(Array(canonical.utf8).span) else { Issue.record("a fact is no marker"); return }
        #expect(throws: FactRejection.self) { try PeriodMarker(Array(marker.encoded.dropLast()).span) }
    }
}
