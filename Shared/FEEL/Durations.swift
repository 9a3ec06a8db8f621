import Domain

/// A length of time in whole months, written as years and months.
public struct YearsMonthsDuration: Sendable, Hashable, Comparable {
    /// The whole length in months; negative for a length backwards.
    public let totalMonths: Int64

    /// A length of so many months.
    public init(totalMonths: Int64) {
        self.totalMonths = totalMonths
    }

    /// The years, towards zero.
    public var years: Int64 { totalMonths / 12 }
    /// The months beyond the years, with the sign of the length.
    public var months: Int64 { totalMonths % 12 }

    /// Order by length.
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.totalMonths < rhs.totalMonths }

    /// `P1Y2M`, `-P3M`, `P0M`.
    public var text: String {
        if totalMonths == 0 { return "P0M" }
        var text = totalMonths < 0 ? "-P" : "P"
        if years != 0 { text += String(years.magnitude) + "Y" }
        if months != 0 { text += String(months.magnitude) + "M" }
        return text
    }
}

/// A length of time in seconds and nanoseconds, written as days, hours, minutes and seconds.
public struct DaysTimeDuration: Sendable, Hashable, Comparable {
    /// Whole seconds, rounded down.
    public let seconds: Int64
    /// Nanoseconds on top of the seconds, 0 to 999 999 999.
    public let nanoseconds: Int32

    /// The longest length, in seconds: 126 thousand million years.
    private static let longest: Int64 = 4_000_000_000_000_000_000

    /// A length of so many nanoseconds; nil beyond 126 thousand million years.
    public init?(totalNanoseconds: Int128) {
        var quotient = totalNanoseconds / 1_000_000_000
        var remainder = totalNanoseconds % 1_000_000_000
        if remainder < 0 {
            remainder += 1_000_000_000
            quotient -= 1
        }
        guard let seconds = Int64(exactly: quotient), seconds.magnitude <= Self.longest else { return nil }
        self.seconds = seconds
        nanoseconds = Int32(truncatingIfNeeded: remainder)
    }

    /// A length of so many seconds, held within the longest there is.
    public init(seconds: Int64) {
        self.seconds = max(-Self.longest, min(Self.longest, seconds))
        nanoseconds = 0
    }

    /// The whole length in nanoseconds.
    public var totalNanoseconds: Int128 { Int128(seconds) * 1_000_000_000 + Int128(nanoseconds) }

    /// Order by length.
    public static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.seconds == rhs.seconds ? lhs.nanoseconds < rhs.nanoseconds : lhs.seconds < rhs.seconds
    }

    private var isNegative: Bool { seconds < 0 }
    private var magnitudeSeconds: Int64 {
        // Only called for lengths whose nanoseconds fit, so the quotient fits as well.
        Int64(truncatingIfNeeded: totalNanoseconds.magnitude / 1_000_000_000)
    }
    private var magnitudeNanoseconds: Int64 {
        Int64(truncatingIfNeeded: totalNanoseconds.magnitude % 1_000_000_000)
    }
    private func signed(_ value: Int64) -> Int64 { isNegative ? -value : value }

    /// The days, towards zero.
    public var days: Int64 { signed(magnitudeSeconds / 86_400) }
    /// The hours beyond the days.
    public var hours: Int64 { signed(magnitudeSeconds / 3_600 % 24) }
    /// The minutes beyond the hours.
    public var minutes: Int64 { signed(magnitudeSeconds / 60 % 60) }
    /// The seconds beyond the minutes, without fraction.
    public var wholeSeconds: Int64 { signed(magnitudeSeconds % 60) }

    /// `P1DT2H3M4.5S`, `-PT1H`, `PT0S`.
    public var text: String {
        if seconds == 0 && nanoseconds == 0 { return "PT0S" }
        var text = isNegative ? "-P" : "P"
        if days != 0 { text += String(days.magnitude) + "D" }
        let fraction = FEELTime.fractionText(Int32(truncatingIfNeeded: magnitudeNanoseconds))
        guard hours != 0 || minutes != 0 || wholeSeconds != 0 || !fraction.isEmpty else { return text }
        text += "T"
        if hours != 0 { text += String(hours.magnitude) + "H" }
        if minutes != 0 { text += String(minutes.magnitude) + "M" }
        if wholeSeconds != 0 || !fraction.isEmpty { text += String(wholeSeconds.magnitude) + fraction + "S" }
        return text
    }
}
