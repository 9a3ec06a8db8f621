/// A decimal number of about 70 digits, for the inner steps of root, exponential and logarithm.
///
/// Only the magnitude arithmetic these functions need; results are truncated, never rounded, so the caller
/// keeps enough spare digits to round once at the end.
struct Decimal128Wide {
    /// Base 10⁹, least significant first, no leading zero limb; empty for zero.
    var limbs: [UInt32]
    /// Power of 10⁹ the limbs are multiplied with.
    var scale: Int
    var negative: Bool

    static let base: UInt64 = 1_000_000_000
    static let kept = 8

    init(limbs: [UInt32], scale: Int, negative: Bool) {
        self.limbs = limbs
        self.scale = scale
        self.negative = negative
        trim()
    }

    init(_ value: Int) {
        self.init(coefficient: UInt128(value.magnitude), negative: value < 0)
    }

    init(coefficient: UInt128, negative: Bool) {
        var limbs: [UInt32] = []
        var rest = coefficient
        while rest != 0 {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: UInt128(Self.base))
            limbs.append(UInt32(truncatingIfNeeded: remainder))
            rest = quotient
        }
        self.init(limbs: limbs, scale: 0, negative: negative)
    }

    init(_ value: Decimal128) {
        let shift = ((value.exponent % 9) + 9) % 9
        self.init(coefficient: value.coefficient, negative: value.isNegative)
        multiply(bySmall: UInt64(UInt128.tenToThe(shift)))
        scale += isZero ? 0 : (value.exponent - shift) / 9
    }

    var isZero: Bool { limbs.isEmpty }

    /// Drops zero limbs at both ends and everything below the digits kept.
    private mutating func trim() {
        while limbs.last == 0 { limbs.removeLast() }
        var drop = max(0, limbs.count - Self.kept)
        while drop < limbs.count, limbs[drop] == 0 { drop += 1 }
        if drop > 0 {
            limbs.removeFirst(drop)
            scale += drop
        }
        if limbs.isEmpty {
            negative = false
            scale = 0
        }
    }

    mutating func multiply(bySmall factor: UInt64) {
        var carry: UInt64 = 0
        for index in limbs.indices {
            let product = UInt64(limbs[index]) * factor + carry
            limbs[index] = UInt32(truncatingIfNeeded: product % Self.base)
            carry = product / Self.base
        }
        if carry > 0 { limbs.append(UInt32(truncatingIfNeeded: carry)) }
        trim()
    }

    /// The number rounded half to even to 34 digits.
    var rounded: Decimal128 {
        var coefficient: UInt128 = 0
        var exponent = scale * 9
        var index = limbs.count - 1
        var sticky = false
        // Four limbs give 28 to 36 digits; the rest is taken digit by digit up to 38.
        while index >= 0, index >= limbs.count - 4 {
            coefficient = coefficient * UInt128(Self.base) + UInt128(limbs[index])
            index -= 1
        }
        exponent += 9 * (index + 1)
        if index >= 0 {
            let room = 38 - coefficient.decimalDigits
            let taken = min(room, 9)
            let cut = UInt64(UInt128.tenToThe(9 - taken))
            coefficient = coefficient * UInt128.tenToThe(taken) + UInt128(UInt64(limbs[index]) / cut)
            exponent -= taken
            sticky = UInt64(limbs[index]) % cut != 0 || index > 0
        }
        let result = Decimal128.rounding(
            negative: negative, coefficient: coefficient, exponent: max(-20_000, min(20_000, exponent)), sticky: sticky)
        return result
    }
}

extension Decimal128Wide {
    static func + (lhs: Decimal128Wide, rhs: Decimal128Wide) -> Decimal128Wide {
        if lhs.isZero { return rhs }
        if rhs.isZero { return lhs }
        let lowest = max(min(lhs.scale, rhs.scale), max(lhs.top, rhs.top) - kept - 1)
        let left = lhs.aligned(to: lowest)
        let right = rhs.aligned(to: lowest)
        if lhs.negative == rhs.negative {
            return Decimal128Wide(limbs: sum(left, right), scale: lowest, negative: lhs.negative)
        }
        if isBelow(left, right) {
            return Decimal128Wide(limbs: difference(right, left), scale: lowest, negative: rhs.negative)
        }
        return Decimal128Wide(limbs: difference(left, right), scale: lowest, negative: lhs.negative)
    }

    static func - (lhs: Decimal128Wide, rhs: Decimal128Wide) -> Decimal128Wide {
        var opposite = rhs
        opposite.negative.toggle()
        return lhs + opposite
    }

    static func * (lhs: Decimal128Wide, rhs: Decimal128Wide) -> Decimal128Wide {
        if lhs.isZero || rhs.isZero { return Decimal128Wide(0) }
        var limbs = [UInt32](repeating: 0, count: lhs.limbs.count + rhs.limbs.count)
        for (offset, left) in lhs.limbs.enumerated() {
            var carry: UInt64 = 0
            for (index, right) in rhs.limbs.enumerated() {
                let product = UInt64(left) * UInt64(right) + UInt64(limbs[offset + index]) + carry
                limbs[offset + index] = UInt32(truncatingIfNeeded: product % base)
                carry = product / base
            }
            limbs[offset + rhs.limbs.count] = UInt32(truncatingIfNeeded: carry)
        }
        return Decimal128Wide(limbs: limbs, scale: lhs.scale + rhs.scale, negative: lhs.negative != rhs.negative)
    }

    /// The quotient by a number that is not zero, by Newton's iteration on its reciprocal.
    static func / (lhs: Decimal128Wide, rhs: Decimal128Wide) -> Decimal128Wide {
        lhs * rhs.reciprocal
    }

    private var reciprocal: Decimal128Wide {
        // A first guess from the two leading limbs, good to nine digits; each step doubles them.
        let lead = UInt64(limbs[limbs.count - 1])
        let next = limbs.count > 1 ? UInt64(limbs[limbs.count - 2]) : 0
        let guess = UInt128.tenToThe(36) / UInt128(lead * Self.base + next)
        var result = Decimal128Wide(coefficient: guess, negative: negative)
        result.scale += -4 - (top - 2)
        let two = Decimal128Wide(2)
        for _ in 0..<4 {
            result = result * (two - self * result)
        }
        return result
    }

    private var top: Int { scale + limbs.count }

    private func aligned(to lowest: Int) -> [UInt32] {
        if scale >= lowest { return [UInt32](repeating: 0, count: scale - lowest) + limbs }
        return Array(limbs.dropFirst(lowest - scale))
    }

    private static func sum(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        var result: [UInt32] = []
        var carry: UInt32 = 0
        for index in 0..<max(left.count, right.count) {
            let digit = (index < left.count ? left[index] : 0) + (index < right.count ? right[index] : 0) + carry
            carry = digit >= 1_000_000_000 ? 1 : 0
            result.append(carry == 1 ? digit - 1_000_000_000 : digit)
        }
        if carry == 1 { result.append(1) }
        return result
    }

    private static func difference(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        var result: [UInt32] = []
        var borrow: Int64 = 0
        for index in left.indices {
            var digit = Int64(left[index]) - (index < right.count ? Int64(right[index]) : 0) - borrow
            borrow = digit < 0 ? 1 : 0
            if digit < 0 { digit += 1_000_000_000 }
            result.append(UInt32(truncatingIfNeeded: digit))
        }
        return result
    }

    private static func isBelow(_ left: [UInt32], _ right: [UInt32]) -> Bool {
        for index in stride(from: max(left.count, right.count) - 1, through: 0, by: -1) {
            let a = index < left.count ? left[index] : 0
            let b = index < right.count ? right[index] : 0
            if a != b { return a < b }
        }
        return false
    }
}
