extension Decimal128 {
    /// The sum, exact when it fits 34 digits, else rounded half to even.
    @inlinable
    public static func + (lhs: Decimal128, rhs: Decimal128) -> Decimal128 {
        if (lhs.high ^ rhs.high) & exponentMask == 0, let left = lhs.smallCoefficient, let right = rhs.smallCoefficient
        {
            let (sum, overflow) = left.addingReportingOverflow(right)
            if !overflow, sum != Int64.min, !lhs.isNaN {
                return Decimal128(smallCoefficient: sum, exponent: lhs.exponent)
            }
        }
        return slowAdd(lhs, rhs)
    }

    /// The difference, exact when it fits 34 digits, else rounded half to even.
    @inlinable
    public static func - (lhs: Decimal128, rhs: Decimal128) -> Decimal128 {
        lhs + -rhs
    }

    /// The number with the opposite sign; zero has none.
    @inlinable
    public static prefix func - (value: Decimal128) -> Decimal128 {
        value.isNaN || value.isZero ? value : Decimal128(high: value.high ^ signBit, low: value.low)
    }

    /// The product, exact when it fits 34 digits, else rounded half to even.
    @inlinable
    public static func * (lhs: Decimal128, rhs: Decimal128) -> Decimal128 {
        if let left = lhs.smallCoefficient, let right = rhs.smallCoefficient, !lhs.isNaN, !rhs.isNaN {
            let (product, overflow) = left.multipliedReportingOverflow(by: right)
            let exponent = lhs.exponent &+ rhs.exponent
            if !overflow, product != Int64.min, exponent >= -6000, exponent <= 6000 {
                return Decimal128(smallCoefficient: product, exponent: exponent)
            }
        }
        return slowMultiply(lhs, rhs)
    }

    /// The quotient rounded half to even to 34 digits; ``notANumber`` when the divisor is zero.
    public static func / (lhs: Decimal128, rhs: Decimal128) -> Decimal128 {
        if lhs.isNaN || rhs.isNaN || rhs.isZero { return .notANumber }
        if lhs.isZero { return .zero }
        let negative = lhs.isNegative != rhs.isNegative
        let ideal = lhs.exponent - rhs.exponent
        let left = lhs.coefficient
        let right = rhs.coefficient
        if let short = shortQuotient(left, right, negative: negative, ideal: ideal) { return short }
        let shift = max(0, 35 + right.decimalDigits - left.decimalDigits)
        let product = wideProduct(left, powerOfTen: shift)
        let (quotient, remainder) = right.dividingFullWidth((product.high, product.low))
        let rounded = rounding(
            negative: negative, coefficient: quotient, exponent: ideal - shift, sticky: remainder != 0)
        guard remainder == 0, !rounded.isNaN else { return rounded }
        return stripped(
            negative: negative, coefficient: rounded.coefficient, exponent: rounded.exponent, upTo: ideal)
    }

    /// Adds in place.
    @inlinable
    public static func += (lhs: inout Decimal128, rhs: Decimal128) { lhs = lhs + rhs }
    /// Subtracts in place.
    @inlinable
    public static func -= (lhs: inout Decimal128, rhs: Decimal128) { lhs = lhs - rhs }
    /// Multiplies in place.
    @inlinable
    public static func *= (lhs: inout Decimal128, rhs: Decimal128) { lhs = lhs * rhs }

    /// The number without its sign.
    @inlinable public var magnitude: Decimal128 {
        Decimal128(high: high & ~Self.signBit, low: low)
    }

    /// The remainder of the division rounded towards minus infinity: its sign is the divisor's.
    public func modulo(_ divisor: Decimal128) -> Decimal128 {
        if isNaN || divisor.isNaN || divisor.isZero { return .notANumber }
        if let left = smallCoefficient, let right = divisor.smallCoefficient, exponent == divisor.exponent {
            let remainder = left % right
            let adjusted = remainder != 0 && (remainder < 0) != (right < 0) ? remainder + right : remainder
            return Decimal128(smallCoefficient: adjusted, exponent: exponent)
        }
        let remainder = truncatedRemainder(divisor)
        return !remainder.isZero && remainder.isNegative != divisor.isNegative ? remainder + divisor : remainder
    }
}

extension Decimal128 {
    /// The remainder of the division rounded towards zero, exact whatever the sizes.
    private func truncatedRemainder(_ divisor: Decimal128) -> Decimal128 {
        let gap = exponent - divisor.exponent
        if gap >= 0 {
            let modulus = divisor.coefficient
            var rest = coefficient % modulus
            // The modulus is below 10³⁴, so ten thousand times the rest still fits.
            for _ in 0..<(gap / 4) { rest = rest * 10_000 % modulus }
            for _ in 0..<(gap % 4) { rest = rest * 10 % modulus }
            return Decimal128(negative: isNegative, coefficient: rest, exponent: divisor.exponent)
        }
        // A divisor that does not fit when lined up is larger than this number.
        guard divisor.coefficient.decimalDigits - gap <= 38 else { return self }
        let modulus = divisor.coefficient * UInt128.tenToThe(-gap)
        return Decimal128(negative: isNegative, coefficient: coefficient % modulus, exponent: exponent)
    }

    @usableFromInline
    static func slowAdd(_ lhs: Decimal128, _ rhs: Decimal128) -> Decimal128 {
        if lhs.isNaN || rhs.isNaN { return .notANumber }
        if lhs.isZero { return rhs }
        if rhs.isZero { return lhs }
        return lhs.exponent >= rhs.exponent ? align(lhs, rhs) : align(rhs, lhs)
    }

    /// Adds two numbers of which `upper` has the larger exponent.
    private static func align(_ upper: Decimal128, _ lower: Decimal128) -> Decimal128 {
        var left = upper.coefficient
        var right = lower.coefficient
        let gap = upper.exponent - lower.exponent
        let scaled = min(gap, 38 - left.decimalDigits)
        left *= UInt128.tenToThe(scaled)
        let dropped = gap - scaled
        var sticky = false
        if dropped > 0 {
            // What cannot be lined up lies below the digits kept: it only decides the rounding.
            let power = UInt128.tenToThe(min(dropped, 38))
            sticky = right % power != 0
            right /= power
        }
        let exponent = lower.exponent + dropped
        if upper.isNegative == lower.isNegative {
            return rounding(negative: upper.isNegative, coefficient: left + right, exponent: exponent, sticky: sticky)
        }
        if left >= right {
            let difference = left - right - (sticky ? 1 : 0)
            return rounding(negative: upper.isNegative, coefficient: difference, exponent: exponent, sticky: sticky)
        }
        return rounding(negative: lower.isNegative, coefficient: right - left, exponent: exponent, sticky: false)
    }

    @usableFromInline
    static func slowMultiply(_ lhs: Decimal128, _ rhs: Decimal128) -> Decimal128 {
        if lhs.isNaN || rhs.isNaN { return .notANumber }
        let negative = lhs.isNegative != rhs.isNegative
        let exponent = lhs.exponent + rhs.exponent
        let product = lhs.coefficient.multipliedFullWidth(by: rhs.coefficient)
        if product.high == 0 {
            return rounding(negative: negative, coefficient: product.low, exponent: exponent, sticky: false)
        }
        // Keep 37 digits or so and remember whether anything was cut off: the final rounding then is exact.
        let bits = 256 - product.high.leadingZeroBitCount
        let cut = max(0, (bits * 1233) >> 12) - 37
        let (quotient, remainder) = UInt128.tenToThe(cut).dividingFullWidth((product.high, product.low))
        return rounding(
            negative: negative, coefficient: quotient, exponent: exponent + cut, sticky: remainder != 0)
    }

    static func wideProduct(_ value: UInt128, powerOfTen: Int) -> (high: UInt128, low: UInt128) {
        if powerOfTen <= 38 {
            let product = value.multipliedFullWidth(by: UInt128.tenToThe(powerOfTen))
            return (product.high, product.low)
        }
        // Only reached for a one-digit dividend and a divisor of 34 digits, so the first factor stays small.
        let product = (value * UInt128.tenToThe(powerOfTen - 38)).multipliedFullWidth(by: UInt128.tenToThe(38))
        return (product.high, product.low)
    }

    /// An exact quotient of small numbers, found without 256-bit arithmetic.
    private static func shortQuotient(
        _ left: UInt128, _ right: UInt128, negative: Bool, ideal: Int
    ) -> Decimal128? {
        guard left >> 64 == 0, right >> 64 == 0, ideal > -6000, ideal < 6000 else { return nil }
        let (whole, rest) = UInt64(left).quotientAndRemainder(dividingBy: UInt64(right))
        if rest == 0 { return Decimal128(negative: negative, coefficient: UInt128(whole), exponent: ideal) }
        let divisor = UInt64(right)
        let product = UInt64(left).multipliedFullWidth(by: 1_000_000_000)
        guard product.high < divisor else { return nil }
        let (quotient, remainder) = divisor.dividingFullWidth(product)
        guard remainder == 0 else { return nil }
        return stripped(negative: negative, coefficient: UInt128(quotient), exponent: ideal - 9, upTo: ideal)
    }

    /// Removes trailing zeros of the coefficient as long as the exponent stays within `limit`.
    static func stripped(negative: Bool, coefficient: UInt128, exponent: Int, upTo limit: Int) -> Decimal128 {
        var coefficient = coefficient
        var exponent = exponent
        for step in [16, 8, 4, 2, 1] {
            while exponent + step <= limit {
                let (quotient, remainder) = coefficient.quotientAndRemainder(dividingBy: UInt128.tenToThe(step))
                if remainder != 0 { break }
                coefficient = quotient
                exponent += step
            }
        }
        return Decimal128(negative: negative, coefficient: coefficient, exponent: exponent)
    }

    /// Rounds a coefficient of up to 38 digits half to even to 34 and brings the exponent into range.
    ///
    /// `sticky` says that the true value lies strictly above the coefficient given, by less than one unit.
    static func rounding(negative: Bool, coefficient: UInt128, exponent: Int, sticky: Bool) -> Decimal128 {
        var coefficient = coefficient
        var exponent = exponent
        let excess = max(coefficient.decimalDigits - precision, minimumExponent - exponent)
        if excess > 0 {
            coefficient = coefficient.dividedByTenToThe(excess, sticky: sticky, .halfEven, negative: negative)
            exponent += excess
            if coefficient == UInt128.tenToThe(precision) {
                coefficient = UInt128.tenToThe(precision - 1)
                exponent += 1
            }
        }
        if coefficient == 0 {
            return Decimal128(negative: false, coefficient: 0, exponent: max(min(exponent, 0), -6176))
        }
        if exponent > maximumExponent {
            let pad = exponent - maximumExponent
            guard coefficient.decimalDigits + pad <= precision else { return .notANumber }
            coefficient *= UInt128.tenToThe(pad)
            exponent = maximumExponent
        }
        return Decimal128(negative: negative, coefficient: coefficient, exponent: exponent)
    }
}
