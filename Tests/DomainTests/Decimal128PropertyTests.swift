import Domain
import Testing

/// Laws of arithmetic on random numbers; a failure prints the seed that reproduces it.
@Suite("Decimal128 laws")
struct Decimal128PropertyTests {
    struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }

        mutating func number(digits: Int) throws -> Decimal128 {
            var text = Bool.random(using: &self) ? "-" : ""
            for _ in 0..<Int.random(in: 1...digits, using: &self) {
                text += String(Int.random(in: 0...9, using: &self))
            }
            return try #require(Decimal128(text + "e" + String(Int.random(in: -12...6, using: &self))))
        }
    }

    private let seed = UInt64.random(in: 1...UInt64.max)

    @Test func sumsAndProductsObeyTheirLaws() throws {
        var random = Generator(state: seed)
        for _ in 0..<3_000 {
            let a = try random.number(digits: 9)
            let b = try random.number(digits: 9)
            let c = try random.number(digits: 9)
            #expect(a + b == b + a && a * b == b * a, "seed \(seed): \(a) \(b)")
            #expect((a + b) - b == a, "seed \(seed): \(a) \(b)")
            #expect(a * (b + c) == a * b + a * c, "seed \(seed): \(a) \(b) \(c)")
            #expect((a < b) == (a - b).isNegative, "seed \(seed): \(a) \(b)")
        }
    }

    @Test func quotientsMultiplyBack() throws {
        var random = Generator(state: seed)
        for _ in 0..<3_000 {
            let a = try random.number(digits: 34)
            let b = try random.number(digits: 34)
            if b.isZero { continue }
            let error = ((a / b) * b - a).magnitude
            #expect(error <= a.magnitude * Decimal128(units: 2, scale: 33), "seed \(seed): \(a) / \(b)")
        }
    }

    @Test func textReadsBackAndEqualValuesHashEqually() throws {
        var random = Generator(state: seed)
        for _ in 0..<3_000 {
            let a = try random.number(digits: 34)
            let back = try #require(Decimal128(a.text))
            #expect(back == a && back.hashValue == a.hashValue, "seed \(seed): \(a)")
        }
    }

    @Test func roundingMovesByLessThanOneUnit() throws {
        var random = Generator(state: seed)
        for _ in 0..<3_000 {
            let a = try random.number(digits: 30)
            let scale = Int.random(in: -3...8, using: &random)
            let unit = Decimal128(units: 1, scale: scale)
            for mode in Decimal128.RoundingMode.allCases {
                let moved = (a.rounded(scale: scale, mode) - a).magnitude
                #expect(moved < unit, "seed \(seed): \(a) \(scale) \(mode)")
            }
        }
    }
}
