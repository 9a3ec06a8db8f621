import Domain

@testable import Contracts

/// Repeatable numbers; the seed is printed with a failure.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    /// Changes, removes, repeats or inserts a few bytes.
    mutating func mutate(_ bytes: inout [UInt8]) {
        let interesting = Array(#""\{}[]:,0159.-+eE/ "#.utf8) + [0, 0x1F, 0x7F, 0x80, 0xC3, 0xE4, 0xFF]
        for _ in 0..<Int.random(in: 0...3, using: &self) where bytes.count > 20 {
            let index = Int.random(in: 0..<bytes.count - 12, using: &self)
            switch Int.random(in: 0..<6, using: &self) {
            case 0: bytes[index] = interesting.randomElement(using: &self) ?? 0
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(interesting.randomElement(using: &self) ?? 0, at: index)
            case 3: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 4: bytes.insert(contentsOf: bytes[index..<index + 10], at: index)
            default: bytes.swapAt(index, index + 1)
            }
        }
    }
}

enum Samples {
    static let canonical =
        #"{"id":"5f0c0000-0000-5000-8000-00000000000a","institution":"dongguan-post","kind":"manager","subject":"rm-017","#
        + #""type":"deposit.moved","businessDate":"2026-03-05","occurredAt":"2026-03-05T10:00:00.000000+08:00","sign":-1,"#
        + #""reverses":"00000000-0000-0000-0000-0000000000ff","amount":"-1234.56","unit":"CNY","customer":"c-0001","#
        + #""assignment":"a-0001","share":"0.6","source":"core-banking","sourceId":"evt-000123","#
        + #""attributes":{"first":true,"n":-12.50,"product":"savings"}}"#

    static let full = Fact(
        id: UUID128(high: 0x5F0C_0000_0000_5000, low: 0x8000_0000_0000_000A),
        subject: Subject(institution: "dongguan-post", kind: .manager, id: "rm-017"), type: "deposit.moved",
        businessDate: CalendarDate(dayNumber: 20_517), occurredAt: Timestamp(microseconds: 1_772_676_000_000_000),
        sign: -1, reverses: UUID128(high: 0, low: 0xFF), amount: Quantity(tenThousandths: -12_345_600), unit: "CNY",
        customer: "c-0001", assignment: "a-0001", share: "0.6", source: "core-banking", sourceID: "evt-000123",
        attributes: ["product": .text("savings"), "first": .flag(true), "n": .number("-12.50")])

    static func bytes(_ fact: Fact) -> [UInt8] {
        var bytes: [UInt8] = []
        FactCodec.encode(fact, into: &bytes)
        return bytes
    }

    static func fact(_ random: inout SeededNumbers) -> Fact {
        let texts = ["savings", "定期存款", "a\"b\\c\n", "", "0", "-1.5", "off-line", "é", "\u{1F600}"]
        var attributes: [String: AttributeValue] = [:]
        for index in 0..<Int.random(in: 0...4, using: &random) {
            let key = ["product", "occasion", "机构", "k\(index)", "first"].randomElement(using: &random) ?? "k"
            switch Int.random(in: 0..<4, using: &random) {
            case 0: attributes[key] = .flag(random.chance(50))
            case 1:
                attributes[key] = .number(["0", "12", "-7.25", "123456789012345"].randomElement(using: &random) ?? "0")
            default: attributes[key] = .text(texts.randomElement(using: &random) ?? "")
            }
        }
        let isReversal = random.chance(10)
        return Fact(
            id: UUID128(high: random.next(), low: random.next()),
            subject: Subject(
                institution: "bank-\(Int.random(in: 0..<9, using: &random))",
                kind: SubjectKind.allCases.randomElement(using: &random) ?? .manager,
                id: "rm-\(Int.random(in: 0..<10_000, using: &random))"),
            type: ["deposit.moved", "customer.visited", "attendance.recorded"].randomElement(using: &random) ?? "a.b",
            businessDate: CalendarDate(dayNumber: Int32.random(in: -25_000...84_000, using: &random)),
            occurredAt: Timestamp(microseconds: Int64.random(in: 0...4_000_000_000_000_000, using: &random)),
            offsetMinutes: [480, 0, -210, 480].randomElement(using: &random) ?? 480,
            sign: isReversal ? -1 : 1, reverses: isReversal ? UUID128(high: random.next(), low: 1) : nil,
            amount: random.chance(80)
                ? Quantity(tenThousandths: Int64.random(in: -Quantity.limit...Quantity.limit, using: &random)) : nil,
            unit: random.chance(50) ? "CNY" : nil, customer: random.chance(70) ? "c-0042" : nil,
            assignment: random.chance(70) ? "a-1" : nil, share: random.chance(20) ? "0.333333" : nil,
            source: "core-banking", sourceID: random.chance(95) ? "evt-\(random.next())" : "evt \"7\"",
            attributes: attributes)
    }
}

extension Fact {
    /// Texts and numbers that the fast path leaves to the general parser.
    var hasRareText: Bool {
        sourceID.contains("\"")
            || attributes.values.contains { value in
                switch value {
                case .text(let text): text.contains { $0 == "\"" || $0 == "\\" || $0 == "\n" }
                case .number(let number): number.contains("-") || number.contains(".")
                case .flag: true
                }
            }
    }
}
