/// The numeric value of a fact: an exact number with four decimals.
///
/// One scale for yuan, points, counts and rates lets the store add any fact in one integer column.
public struct Quantity: Hashable, Sendable {
    /// The value times 10,000.
    public let tenThousandths: Int64

    public static let zero = Quantity(tenThousandths: 0)
    /// The largest magnitude that a single fact may carry, 9·10¹³, so that sums of ten thousand such facts still fit.
    public static let limit: Int64 = 90_000_000_000_000 * 10_000

    public init(tenThousandths: Int64) {
        self.tenThousandths = tenThousandths
    }

    /// `nil` when `minorUnits` hundredths leave the range.
    public init?(minorUnits: Int64) {
        let (product, overflow) = minorUnits.multipliedReportingOverflow(by: 100)
        guard !overflow else { return nil }
        self.init(tenThousandths: product)
    }
}

extension Quantity: Comparable {
    public static func < (lhs: Quantity, rhs: Quantity) -> Bool { lhs.tenThousandths < rhs.tenThousandths }
}

extension Quantity: LosslessStringConvertible {
    public init?(_ description: String) {
        self.init(utf8: description.utf8Span.span)
    }

    /// Accepts plain decimal text: an optional `-`, digits, and at most four decimals.
    ///
    /// `nil` for exponents, signs such as `+`, bare points, more decimals, or a magnitude over ``limit``.
    public init?(utf8 bytes: Span<UInt8>) {
        var index = 0
        let negative = !bytes.isEmpty && bytes[0] == UInt8(ascii: "-")
        if negative { index = 1 }
        let whole = index
        var value: Int64 = 0
        while index < bytes.count, bytes[index] &- UInt8(ascii: "0") <= 9 {
            guard index - whole < 14 else { return nil }
            value = value * 10 + Int64(bytes[index] &- UInt8(ascii: "0"))
            index += 1
        }
        guard index > whole else { return nil }
        var decimals = 0
        if index < bytes.count {
            guard bytes[index] == UInt8(ascii: ".") else { return nil }
            index += 1
            while index < bytes.count {
                let digit = bytes[index] &- UInt8(ascii: "0")
                guard digit <= 9, decimals < 4 else { return nil }
                value = value * 10 + Int64(digit)
                decimals += 1
                index += 1
            }
            guard decimals > 0 else { return nil }
        }
        for _ in decimals..<4 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            value = product
        }
        guard value <= Self.limit else { return nil }
        self.init(tenThousandths: negative ? -value : value)
    }

    /// Canonical text: no trailing zeros, no exponent.
    public var description: String {
        let magnitude = tenThousandths.magnitude
        let whole = magnitude / 10_000
        var fraction = magnitude % 10_000
        var text = tenThousandths < 0 ? "-\(whole)" : "\(whole)"
        guard fraction != 0 else { return text }
        var width = 4
        while fraction.isMultiple(of: 10) {
            fraction /= 10
            width -= 1
        }
        text += "." + DigitRun.text(Int(fraction), width)
        return text
    }
}
