extension Decimal128 {
    /// Reads `-12.50`, `.5`, `1e-3`; nil for anything else, and for a number outside the range.
    ///
    /// Digits beyond the 34th are rounded half to even.
    public init?(_ text: some StringProtocol) {
        var reader = DecimalReader()
        guard reader.read(text), let value = reader.value else { return nil }
        self = value
    }

    /// The number in plain notation, without exponent and without trailing zeros: `-12.5`, `1000000`, `0`.
    ///
    /// Numbers of more than 400 digits before or after the point are written with an exponent.
    public var text: String {
        if isNaN { return "not a number" }
        if let small = smallCoefficient, exponent == 0 { return String(small) }
        let value = canonical
        let digits = String(value.coefficient)
        let sign = value.isNegative ? "-" : ""
        let exponent = value.exponent
        if exponent > 400 || exponent < -400 {
            return sign + digits + "E" + String(exponent)
        }
        if exponent >= 0 {
            return sign + digits + String(repeating: "0", count: exponent)
        }
        let point = digits.utf8.count + exponent
        if point > 0 {
            return sign + digits.prefix(point) + "." + digits.dropFirst(point)
        }
        return sign + "0." + String(repeating: "0", count: -point) + digits
    }
}

extension Decimal128: CustomStringConvertible {
    /// The same as ``text``.
    public var description: String { text }
}

extension Decimal128: Codable {
    /// Reads the number from its text, so that no reader turns it into binary floating point.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Decimal128(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a decimal number")
        }
        self = value
    }

    /// Writes the number as text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// Collects the digits of a decimal number one character at a time.
private struct DecimalReader {
    var coefficient: UInt128 = 0
    var exponent = 0
    var negative = false
    var sticky = false
    var digits = 0
    var pointSeen = false

    mutating func read(_ text: some StringProtocol) -> Bool {
        var bytes = text.utf8.makeIterator()
        var next = bytes.next()
        if next == UInt8(ascii: "-") || next == UInt8(ascii: "+") {
            negative = next == UInt8(ascii: "-")
            next = bytes.next()
        }
        while let byte = next {
            if byte == UInt8(ascii: ".") && !pointSeen {
                pointSeen = true
            } else if byte >= 48 && byte <= 57 {
                take(byte - 48)
            } else {
                break
            }
            next = bytes.next()
        }
        guard digits > 0 else { return false }
        guard let mark = next else { return true }
        guard mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") else { return false }
        return readExponent(&bytes)
    }

    private mutating func take(_ digit: UInt8) {
        digits += 1
        if coefficient < 10_000_000_000_000_000_000_000_000_000_000_000_000 {
            coefficient = coefficient * 10 + UInt128(digit)
            if pointSeen { exponent -= 1 }
        } else {
            sticky = sticky || digit != 0
            if !pointSeen { exponent += 1 }
        }
    }

    private mutating func readExponent(_ bytes: inout some IteratorProtocol<UInt8>) -> Bool {
        var value = 0
        var count = 0
        var down = false
        var next = bytes.next()
        if next == UInt8(ascii: "-") || next == UInt8(ascii: "+") {
            down = next == UInt8(ascii: "-")
            next = bytes.next()
        }
        while let byte = next {
            guard byte >= 48, byte <= 57 else { return false }
            value = min(value * 10 + Int(byte - 48), 1_000_000)
            count += 1
            next = bytes.next()
        }
        exponent += down ? -value : value
        return count > 0
    }

    var value: Decimal128? {
        let value = Decimal128.rounding(
            negative: negative, coefficient: coefficient, exponent: exponent, sticky: sticky)
        return value.isNaN ? nil : value
    }
}
