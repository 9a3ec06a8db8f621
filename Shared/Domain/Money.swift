/// An ISO 4217 currency code, such as `CNY`.
public struct Currency: Hashable, Sendable, LosslessStringConvertible, Codable {
    public let code: String

    /// `nil` unless the text is three capital letters.
    public init?(_ description: String) {
        guard description.utf8.count == 3, description.utf8.allSatisfy({ (65...90).contains($0) }) else { return nil }
        self.code = description
    }

    private init(known code: String) { self.code = code }

    public static let cny = Currency(known: "CNY")

    public var description: String { code }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let currency = Currency(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not an ISO 4217 code"))
        }
        self = currency
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(code)
    }
}

/// An exact amount in hundredths of a currency's unit (分), the form in which pay is decided and paid.
public struct Money: Hashable, Sendable {
    public let minorUnits: Int64
    public let currency: Currency

    public init(minorUnits: Int64, _ currency: Currency) {
        self.minorUnits = minorUnits
        self.currency = currency
    }

    public static func zero(_ currency: Currency) -> Money { Money(minorUnits: 0, currency) }

    /// Mixing currencies is a programmer's error, so it traps instead of throwing.
    public static func + (lhs: Money, rhs: Money) -> Money {
        precondition(lhs.currency == rhs.currency, "amounts of two currencies were added")
        return Money(minorUnits: lhs.minorUnits + rhs.minorUnits, lhs.currency)
    }

    public static func - (lhs: Money, rhs: Money) -> Money { lhs + -rhs }

    public static prefix func - (money: Money) -> Money { Money(minorUnits: -money.minorUnits, money.currency) }

    /// Decimal text with exactly two decimals, such as `-1234.50`.
    public var amountText: String {
        let magnitude = minorUnits.magnitude
        return (minorUnits < 0 ? "-" : "") + "\(magnitude / 100)." + DigitRun.text(Int(magnitude % 100), 2)
    }

    /// Reads decimal text with at most two decimals; `nil` otherwise.
    public init?(amountText: String, _ currency: Currency) {
        guard let quantity = Quantity(amountText), quantity.tenThousandths.isMultiple(of: 100) else { return nil }
        self.init(minorUnits: quantity.tenThousandths / 100, currency)
    }
}
