import Contracts
import Foundation
import Testing

@Suite struct JSONScannerTests {
    func fault(_ text: [UInt8]) -> JSONFault? {
        var tape = JSONTape()
        do {
            try tape.scan(text.span)
            return nil
        } catch {
            return error
        }
    }

    @Test func findsEveryValueInPlace() throws {
        let text = #" {"a":[1,-2.5e+3,true,false,null],"b":{"c":"x\u884c\n\ud83d\ude00"},"":""} "#
        let bytes = Array(text.utf8)
        var tape = JSONTape()
        try tape.scan(bytes.span)
        let array = tape.member("a", of: 0, in: bytes.span) ?? -1
        #expect(
            tape.elements(of: array).map { JSONTape.text(tape.tokens[$0], of: bytes.span) } == [
                "1", "-2.5e+3", "true", "false", "null",
            ])
        let object = tape.member("b", of: 0, in: bytes.span) ?? -1
        let inner = tape.member("c", of: object, in: bytes.span) ?? -1
        #expect(JSONTape.text(tape.tokens[inner], of: bytes.span) == "x行\n😀")
        #expect(tape.members(of: 0, in: bytes.span).map(\.name) == ["a", "b", ""])
    }

    @Test(arguments: [
        ("", JSONFault.empty), ("  ", .empty), ("{", .truncated), (#"{"a""#, .truncated), (#"{"a":"#, .truncated),
        (#"{"a":1"#, .truncated), (#""abc"#, .truncated), ("tru", .truncated), ("-", .truncated), ("1.", .truncated),
        ("01", .badNumber(at: 0)), ("1.x", .badNumber(at: 0)), ("[1,]", .unexpectedByte(0x5D, at: 3)),
        (#"{"a":1,}"#, .unexpectedByte(0x7D, at: 7)), ("{1:2}", .unexpectedByte(0x31, at: 1)),
        ("trux", .unexpectedByte(0x78, at: 3)),
        ("1 2", .contentAfterEnd(at: 2)), ("\"a\tb\"", .controlCharacter(at: 2)), (#""\x""#, .badEscape(at: 1)),
        (#""\ud800""#, .badEscape(at: 1)), (#""\udc00x""#, .badEscape(at: 1)), (#""\u12g4""#, .badEscape(at: 1)),
        (String(repeating: "[", count: 65), .tooDeep(at: 64)),
    ])
    func refuses(text: String, expected: JSONFault) {
        #expect(fault(Array(text.utf8)) == expected)
    }

    @Test(
        arguments: [
            [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE0, 0x80, 0x80], [0x80], [0xFF],
            [0xD6, 0xD0],
        ] as [[UInt8]])
    func refusesWhatIsNotUTF8(bytes: [UInt8]) {
        for padding in 0..<9 {
            let text = [0x22] + [UInt8](repeating: 0x61, count: padding) + bytes + [0x22, 0x20, 0x20, 0x20]
            #expect(fault(text) == .notUTF8(at: 1 + padding))
        }
    }

    /// Random texts cut and changed anywhere: the scanner and the reference parser agree on what is JSON.
    @Test func agreesWithFoundationOnDamagedTexts() throws {
        let seedText = Array(#"{"a":[1,-2.5e+3,true,null],"b":{"c":"x\u884c行","d":""},"e":0.10,"f":[[],{}]}"#.utf8)
        var state: UInt64 = 7
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var accepted = 0
        for _ in 0..<20_000 {
            var text = seedText
            for _ in 0...random(2) { text[random(text.count)] = UInt8(random(128)) }
            let isJSON = (try? JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)) != nil
            // Foundation reads UTF-16 and UTF-32, where a NUL byte has a meaning, and refuses numbers too large for it.
            guard !text.contains(0) else { continue }
            if fault(text) == nil { accepted += 1 }
            #expect((fault(text) == nil) == isJSON, "\(String(decoding: text, as: UTF8.self))")
        }
        #expect(accepted > 1_000)
    }
}
