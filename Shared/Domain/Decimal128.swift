/// A decimal number of up to 34 significant digits, as IEEE 754 decimal128 defines it.
///
/// Sums, differences and products that fit 34 digits are exact; anything longer is rounded once, half to even.
/// There is no conversion from or to binary floating point. A result outside the range of the type, and a
/// division by zero, give ``notANumber``, which every later operation hands on, so a failure cannot become a figure.
public struct Decimal128: Sendable {
    /// Sign (1 bit), biased exponent (14 bits), upper 49 bits of the coefficient.
    @usableFromInline let high: UInt64
    /// Lower 64 bits of the coefficient.
    @usableFromInline let low: UInt64

    @inlinable
    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A number from its parts, without any check: the coefficient must be below 10³⁴ and the exponent in range.
    @inlinable
    init(negative: Bool, coefficient: UInt128, exponent: Int) {
        let sign: UInt64 = negative && coefficient != 0 ? Self.signBit : 0
        let biased = UInt64(truncatingIfNeeded: exponent &+ Self.bias) << 49
        high = sign | biased | UInt64(truncatingIfNeeded: coefficient >> 64)
        low = UInt64(truncatingIfNeeded: coefficient)
    }

    @usableFromInline static let bias = 6176
    @usableFromInline static let signBit: UInt64 = 1 << 63
    @usableFromInline static let coefficientMask: UInt64 = (1 << 49) - 1
    @usableFromInline static let exponentMask: UInt64 = 0x3FFF << 49
    static let minimumExponent = -6176
    static let maximumExponent = 6111
    static let precision = 34

    /// Zero.
    public static let zero = Decimal128(0)
    /// One.
    public static let one = Decimal128(1)
    /// The result of an operation that has none: division by zero, overflow, logarithm of a negative number.
    public static let notANumber = Decimal128(high: exponentMask, low: 0)
    /// The largest finite number: 34 nines and an exponent of 6111.
    public static let greatestFiniteMagnitude = Decimal128(
        negative: false, coefficient: UInt128.tenToThe(34) - 1, exponent: maximumExponent)

    /// Whether this is ``notANumber``.
    @inlinable public var isNaN: Bool { high & Self.exponentMask == Self.exponentMask }
    /// Whether this is below zero.
    @inlinable public var isNegative: Bool { high & Self.signBit != 0 }
    /// Whether this is zero.
    @inlinable public var isZero: Bool { low == 0 && high & Self.coefficientMask == 0 && !isNaN }

    @inlinable var coefficient: UInt128 {
        UInt128(high & Self.coefficientMask) << 64 | UInt128(low)
    }

    @inlinable var exponent: Int {
        Int(truncatingIfNeeded: (high >> 49) & 0x3FFF) &- Self.bias
    }

    /// The coefficient with its sign when it needs no more than 63 bits.
    @inlinable var smallCoefficient: Int64? {
        guard high & Self.coefficientMask == 0, low <= UInt64(Int64.max) else { return nil }
        let magnitude = Int64(truncatingIfNeeded: low)
        return isNegative ? -magnitude : magnitude
    }

    @inlinable
    init(smallCoefficient: Int64, exponent: Int) {
        let sign: UInt64 = smallCoefficient < 0 ? Self.signBit : 0
        high = sign | UInt64(truncatingIfNeeded: exponent &+ Self.bias) << 49
        low = smallCoefficient.magnitude
    }
}

extension Decimal128 {
    /// The number equal to a whole number.
    @inlinable
    public init(_ value: Int64) {
        self.init(smallCoefficient: value, exponent: 0)
    }

    /// The number equal to a whole number.
    @inlinable
    public init(_ value: Int) {
        self.init(smallCoefficient: Int64(value), exponent: 0)
    }

    /// `units` × 10⁻`scale`: `Decimal128(units: 1234, scale: 2)` is 12.34. The scale is held within ±6000.
    public init(units: Int64, scale: Int) {
        self.init(smallCoefficient: units, exponent: -max(-6000, min(6000, scale)))
    }
}

extension Decimal128: ExpressibleByIntegerLiteral {
    /// A literal such as `let limit: Decimal128 = 100`.
    public init(integerLiteral value: Int64) {
        self.init(value)
    }
}

extension Decimal128: Equatable, Comparable, Hashable {
    /// Equality by value: 1.0 equals 1.00. ``notANumber`` equals only itself.
    @inlinable
    public static func == (lhs: Decimal128, rhs: Decimal128) -> Bool {
        if lhs.high == rhs.high { return lhs.low == rhs.low }
        return slowCompare(lhs, rhs) == 0
    }

    /// Order by value; ``notANumber`` stands before every number.
    @inlinable
    public static func < (lhs: Decimal128, rhs: Decimal128) -> Bool {
        if (lhs.high ^ rhs.high) & exponentMask == 0, let left = lhs.smallCoefficient, let right = rhs.smallCoefficient
        {
            return left < right
        }
        return slowCompare(lhs, rhs) < 0
    }

    /// Hashes the value, not its representation.
    public func hash(into hasher: inout Hasher) {
        let canonical = canonical
        hasher.combine(canonical.high)
        hasher.combine(canonical.low)
    }

    /// -1, 0 or 1 as `lhs` is below, equal to or above `rhs`.
    @usableFromInline
    static func slowCompare(_ lhs: Decimal128, _ rhs: Decimal128) -> Int {
        if lhs.isNaN || rhs.isNaN { return lhs.isNaN ? (rhs.isNaN ? 0 : -1) : 1 }
        if lhs.isZero { return rhs.isZero ? 0 : (rhs.isNegative ? 1 : -1) }
        if rhs.isZero || lhs.isNegative != rhs.isNegative { return lhs.isNegative ? -1 : 1 }
        let order = compareMagnitudes(lhs, rhs)
        return lhs.isNegative ? -order : order
    }

    private static func compareMagnitudes(_ lhs: Decimal128, _ rhs: Decimal128) -> Int {
        let left = lhs.coefficient
        let right = rhs.coefficient
        let shift = lhs.exponent - rhs.exponent
        if shift == 0 { return left == right ? 0 : (left < right ? -1 : 1) }
        if shift < 0 { return -compareMagnitudes(rhs, lhs) }
        // The exponents differ: the number of digits before the point decides, unless they agree there.
        let leftDigits = left.decimalDigits + shift
        let rightDigits = right.decimalDigits
        if leftDigits != rightDigits { return leftDigits < rightDigits ? -1 : 1 }
        let scaled = left * UInt128.tenToThe(shift)
        return scaled == right ? 0 : (scaled < right ? -1 : 1)
    }

    /// The same value with the shortest coefficient.
    var canonical: Decimal128 {
        if isNaN { return .notANumber }
        if isZero { return .zero }
        return Decimal128.stripped(
            negative: isNegative, coefficient: coefficient, exponent: exponent, upTo: Decimal128.maximumExponent)
    }
}

extension UInt128 {
    private static let smallPowers: [UInt64] = [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
        100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
        10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ]

    /// 10ⁿ for 0 ≤ n ≤ 38.
    static func tenToThe(_ power: Int) -> UInt128 {
        if power < 20 { return UInt128(smallPowers[power]) }
        return UInt128(smallPowers[19]) * UInt128(smallPowers[power - 19])
    }

    /// How many decimal digits the number has; 1 for zero.
    var decimalDigits: Int {
        if self == 0 { return 1 }
        let bits = 128 - leadingZeroBitCount
        // 1233/4096 is just above log10(2); the estimate is exact or one too low.
        let estimate = (bits * 1233) >> 12
        if estimate > 38 { return 39 }
        return self >= UInt128.tenToThe(estimate) ? estimate + 1 : estimate
    }
}
