extension Decimal128 {
    /// This number raised to an integer power, rounded to 34 digits; 0⁰ is 1.
    public func power(_ exponent: Int) -> Decimal128 {
        if isNaN { return self }
        if exponent == 0 { return .one }
        if isZero { return exponent < 0 ? .notANumber : .zero }
        if exponent > 0, exponent <= 1024, let exact = exactPower(exponent) { return exact }
        // Ten orders of magnitude and more per step: beyond this the result is out of range or one.
        guard exponent.magnitude < 1_000_000_000 else { return power(Decimal128(exponent)) }
        var base = Decimal128Wide(self)
        var result = Decimal128Wide(1)
        var rest = exponent.magnitude
        while rest > 0 {
            if rest & 1 == 1 { result = result * base }
            rest >>= 1
            if rest > 0 { base = base * base }
            if base.scale.magnitude > 20_000 { break }
        }
        if base.scale.magnitude > 20_000 && rest > 0 {
            let vanishes = (base.scale < 0) != (exponent < 0)
            return vanishes ? .zero : .notANumber
        }
        return exponent < 0 ? (Decimal128Wide(1) / result).rounded : result.rounded
    }

    /// This number raised to any power; ``notANumber`` for a fractional power of a negative number.
    public func power(_ exponent: Decimal128) -> Decimal128 {
        if isNaN || exponent.isNaN { return .notANumber }
        if let whole = Int(exactly: exponent), whole.magnitude < 1_000_000_000 { return power(whole) }
        if isZero { return exponent.isNegative ? .notANumber : .zero }
        if self == .one { return .one }
        if isNegative { return .notANumber }
        return Decimal128.exponential(Decimal128Wide(exponent) * Decimal128.naturalLogarithm(of: self))
    }

    /// The square root, rounded to 34 digits; ``notANumber`` for a negative number.
    public var squareRoot: Decimal128 {
        if isNaN || isZero { return isNaN ? self : .zero }
        if isNegative { return .notANumber }
        // Scale the coefficient to 36 digits with an even exponent, so that one 128-bit root gives a first guess.
        var shift = 36 - coefficient.decimalDigits
        if (exponent - shift) % 2 != 0 { shift += 1 }
        let scaled = coefficient * UInt128.tenToThe(shift)
        let guess = Decimal128(negative: false, coefficient: scaled.integerRoot, exponent: (exponent - shift) / 2)
        let target = Decimal128Wide(self)
        var root = Decimal128Wide(guess)
        let half = Decimal128Wide(Decimal128(units: 5, scale: 1))
        for _ in 0..<2 {
            root = half * (root + target / root)
        }
        let rounded = root.rounded
        // An exact root is shown as such: 2 and not 2.000….
        let exact = rounded.canonical
        return exact * exact == self ? exact : rounded
    }

    /// e raised to this power, rounded to 34 digits.
    public var exponential: Decimal128 {
        isNaN ? self : Decimal128.exponential(Decimal128Wide(self))
    }

    /// The natural logarithm, rounded to 34 digits; ``notANumber`` unless the number is positive.
    public var naturalLogarithm: Decimal128 {
        if isNaN || isNegative || isZero { return .notANumber }
        return self == .one ? .zero : Decimal128.naturalLogarithm(of: self).rounded
    }

    /// The power by repeated multiplication as long as every step is exact.
    private func exactPower(_ exponent: Int) -> Decimal128? {
        var base = canonical
        var result = Decimal128.one
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 {
                guard base.coefficient.decimalDigits + result.coefficient.decimalDigits <= 34 else { return nil }
                result = result * base
            }
            rest >>= 1
            if rest > 0 {
                guard base.coefficient.decimalDigits <= 17 else { return nil }
                base = base * base
            }
            if base.isNaN || result.isNaN { return .notANumber }
        }
        return result
    }

    private static func exponential(_ value: Decimal128Wide) -> Decimal128 {
        let size = value.rounded
        if size > 14_200 { return .notANumber }
        if size < -14_300 { return .zero }
        // e^x = 10^k × e^(x − k ln 10), with the rest below 1.2 in size.
        let tens = Int(exactly: (size / naturalLogarithmOfTen.rounded).rounded(scale: 0, .halfEven)) ?? 0
        let rest = value - Decimal128Wide(tens) * naturalLogarithmOfTen
        let power = smallExponential(rest)
        let shift = ((tens % 9) + 9) % 9
        var result = power
        result.multiply(bySmall: UInt64(UInt128.tenToThe(shift)))
        result.scale += (tens - shift) / 9
        return result.rounded
    }

    /// e raised to a power of about one at most: a Taylor series on x/256, squared eight times.
    private static func smallExponential(_ value: Decimal128Wide) -> Decimal128Wide {
        let reduced = value * Decimal128Wide(Decimal128(units: 390_625, scale: 8))
        var term = Decimal128Wide(1)
        var sum = Decimal128Wide(1)
        for index in 1...26 {
            term = term * reduced / Decimal128Wide(index)
            if term.isZero { break }
            sum = sum + term
        }
        for _ in 0..<8 { sum = sum * sum }
        return sum
    }

    /// ln(m × 10^k) = ln m + k ln 10, where ln m comes from Halley's iteration on the exponential.
    private static func naturalLogarithm(of value: Decimal128) -> Decimal128Wide {
        var tens = value.exponent + value.coefficient.decimalDigits
        var mantissa = Decimal128(
            negative: false, coefficient: value.coefficient, exponent: -value.coefficient.decimalDigits)
        if mantissa < Decimal128(units: 316, scale: 3) {
            mantissa = mantissa * 10
            tens -= 1
        }
        let target = Decimal128Wide(mantissa)
        var result = Decimal128Wide(0)
        let two = Decimal128Wide(2)
        for _ in 0..<6 {
            let current = smallExponential(result)
            let step = two * (target - current) / (target + current)
            if step.isZero { break }
            result = result + step
        }
        return result + Decimal128Wide(tens) * naturalLogarithmOfTen
    }

    /// ln 10 to 63 digits.
    private static let naturalLogarithmOfTen = Decimal128Wide(
        limbs: [33_327_900, 628_772_976, 601_101_488, 684_364_207, 17_991_454, 994_045_684, 302_585_092, 2],
        scale: -7, negative: false)
}

extension UInt128 {
    /// The largest integer whose square is not above this one.
    fileprivate var integerRoot: UInt128 {
        if self < 2 { return self }
        var guess = UInt128(1) << ((128 - leadingZeroBitCount + 1) / 2)
        while true {
            let next = (guess + self / guess) >> 1
            if next >= guess { return guess }
            guess = next
        }
    }
}
