extension Decimal128 {
    /// What becomes of the digits that are cut off.
    public enum RoundingMode: String, Sendable, CaseIterable {
        /// To the nearest; a tie goes away from zero.
        case halfUp
        /// To the nearest; a tie goes to the even neighbour.
        case halfEven
        /// To the nearest; a tie goes towards zero.
        case halfDown
        /// Away from zero.
        case up
        /// Towards zero.
        case down
        /// Towards minus infinity.
        case floor
        /// Towards plus infinity.
        case ceiling
    }

    /// The number with at most `scale` digits after the point (before it, if negative), rounded as told.
    ///
    /// A number that already has no more digits is returned unchanged.
    public func rounded(scale: Int, _ mode: RoundingMode) -> Decimal128 {
        if isNaN { return self }
        let scale = max(-6200, min(6200, scale))
        let excess = -scale - exponent
        if excess <= 0 { return self }
        let rounded = coefficient.dividedByTenToThe(excess, sticky: false, mode, negative: isNegative)
        return Decimal128.rounding(negative: isNegative, coefficient: rounded, exponent: -scale, sticky: false)
    }

    /// Whether there are no digits other than zero after the point.
    public var isInteger: Bool {
        if isNaN { return false }
        if exponent >= 0 || isZero { return true }
        if exponent < -34 { return false }
        return coefficient % UInt128.tenToThe(-exponent) == 0
    }

    /// The number as an integer, rounded as told; nil when it does not fit 64 bits.
    public func int64(rounding mode: RoundingMode) -> Int64? {
        Int64(exactly: rounded(scale: 0, mode))
    }

    /// The number in units of 10⁻`scale` (cents for 2), rounded as told; nil when it does not fit 64 bits.
    public func units(scale: Int, rounding mode: RoundingMode) -> Int64? {
        (self * Decimal128(units: 1, scale: -scale)).int64(rounding: mode)
    }

    /// How many digits stand after the point once trailing zeros are gone; never negative.
    public var fractionDigits: Int { max(0, -canonical.exponent) }
}

extension Int64 {
    /// The integer equal to a decimal number; nil when it has a fraction or does not fit.
    public init?(exactly value: Decimal128) {
        if value.exponent == 0, let small = value.smallCoefficient {
            self = small
            return
        }
        guard !value.isNaN else { return nil }
        if value.isZero {
            self = 0
            return
        }
        var magnitude = value.coefficient
        if value.exponent > 0 {
            guard value.exponent < 19, magnitude >> 64 == 0 else { return nil }
            magnitude *= UInt128.tenToThe(value.exponent)
        } else {
            guard value.exponent > -35 else { return nil }
            let (quotient, remainder) = magnitude.quotientAndRemainder(dividingBy: UInt128.tenToThe(-value.exponent))
            guard remainder == 0 else { return nil }
            magnitude = quotient
        }
        guard magnitude <= UInt128(Int64.max) + (value.isNegative ? 1 : 0) else { return nil }
        let signed = Int128(magnitude)
        self = Int64(value.isNegative ? -signed : signed)
    }
}

extension Int {
    /// The integer equal to a decimal number; nil when it has a fraction or does not fit.
    public init?(exactly value: Decimal128) {
        guard let wide = Int64(exactly: value) else { return nil }
        self = Int(wide)
    }
}

extension UInt128 {
    /// The quotient by 10ᵈ, rounded; `sticky` says the true dividend lies a little above this one.
    func dividedByTenToThe(
        _ digits: Int, sticky: Bool, _ mode: Decimal128.RoundingMode, negative: Bool
    ) -> UInt128 {
        guard digits <= 38 else {
            let nonZero = self != 0 || sticky
            return nonZero && mode.roundsAwayAlways(negative: negative) ? 1 : 0
        }
        let divisor = UInt128.tenToThe(digits)
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        if remainder == 0 && !sticky { return quotient }
        let half = divisor >> 1
        let away: Bool
        switch mode {
        case .halfUp: away = remainder >= half
        case .halfDown: away = remainder > half || (remainder == half && sticky)
        case .halfEven: away = remainder > half || (remainder == half && (sticky || quotient & 1 == 1))
        case .up, .down, .floor, .ceiling: away = mode.roundsAwayAlways(negative: negative)
        }
        return away ? quotient + 1 : quotient
    }
}

extension Decimal128.RoundingMode {
    fileprivate func roundsAwayAlways(negative: Bool) -> Bool {
        switch self {
        case .up: true
        case .floor: negative
        case .ceiling: !negative
        case .down, .halfUp, .halfDown, .halfEven: false
        }
    }
}
