public import Domain

/// A part of a customer that belongs to a manager, in millionths; a whole is 1,000,000.
public struct Share: Hashable, Sendable, Comparable {
    public let millionths: Int64

    public static let whole = Share(checked: 1_000_000)

    private init(checked millionths: Int64) { self.millionths = millionths }

    /// `nil` unless more than nothing and at most the whole.
    public init?(millionths: Int64) {
        guard millionths > 0, millionths <= 1_000_000 else { return nil }
        self.millionths = millionths
    }

    /// Reads decimal text such as `0.6` or `1`, with at most six decimals.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? String(parts[1]) : ""
        guard let first = parts.first, first == "0" || first == "1", decimals.count <= 6,
            parts.count == 1 || !decimals.isEmpty,
            decimals.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let fraction = Int64(decimals + String(repeating: "0", count: 6 - decimals.count))
        else { return nil }
        self.init(millionths: (first == "1" ? 1_000_000 : 0) + fraction)
    }

    public static func < (lhs: Share, rhs: Share) -> Bool { lhs.millionths < rhs.millionths }
}

extension Share: CustomStringConvertible {
    /// Canonical text without trailing zeros: `0.6`.
    public var description: String {
        guard self != .whole else { return "1" }
        var digits = String(repeating: "0", count: 6 - String(millionths).count) + String(millionths)
        while digits.hasSuffix("0") { digits.removeLast() }
        return "0." + digits
    }
}

/// Which manager a customer belongs to, in what part, and from when until when.
public struct Assignment: Hashable, Sendable {
    /// The number of this version; later versions of the same `id` replace it.
    public var no: Int64
    public var institution: String
    public var id: String
    public var customer: String
    public var manager: String
    public var share: Share
    public var validFrom: CalendarDate
    /// The first day on which it no longer holds.
    public var validTo: CalendarDate?

    public init(
        no: Int64, institution: String, id: String, customer: String, manager: String, share: Share,
        validFrom: CalendarDate, validTo: CalendarDate?
    ) {
        self.no = no
        self.institution = institution
        self.id = id
        self.customer = customer
        self.manager = manager
        self.share = share
        self.validFrom = validFrom
        self.validTo = validTo
    }

    public func isValid(on date: CalendarDate) -> Bool {
        guard validFrom <= date else { return false }
        return validTo.map { date < $0 } ?? true
    }
}
