/// A moment, in microseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Sendable {
    public let microseconds: Int64

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Microseconds of a day.
    static let day: Int64 = 86_400_000_000

    /// The start of `date` at an offset east of Greenwich.
    public init(startOf date: CalendarDate, offsetMinutes: Int = 480) {
        self.microseconds = Int64(date.dayNumber) * Self.day - Int64(offsetMinutes) * 60_000_000
    }

    /// The calendar day of this moment at an offset east of Greenwich (480 minutes is China's).
    public func date(offsetMinutes: Int = 480) -> CalendarDate {
        CalendarDate(
            dayNumber: Int32(clamping: floorDivide(microseconds + Int64(offsetMinutes) * 60_000_000, Self.day)))
    }

    /// Microseconds since local midnight at an offset east of Greenwich.
    public func timeOfDay(offsetMinutes: Int = 480) -> Int64 {
        let local = microseconds + Int64(offsetMinutes) * 60_000_000
        return local - floorDivide(local, Self.day) * Self.day
    }

    public func adding(seconds: Int64) -> Timestamp { Timestamp(microseconds: microseconds + seconds * 1_000_000) }

    /// RFC 3339 text with the offset given: `2026-03-05T10:00:00.000000+08:00`.
    public func text(offsetMinutes: Int) -> String {
        let time = timeOfDay(offsetMinutes: offsetMinutes)
        let seconds = Int(time / 1_000_000)
        let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { DigitRun.text($0, 2) }
        let zone =
            offsetMinutes == 0
            ? "Z"
            : (offsetMinutes < 0 ? "-" : "+") + DigitRun.text(abs(offsetMinutes) / 60, 2) + ":"
                + DigitRun.text(abs(offsetMinutes) % 60, 2)
        return "\(date(offsetMinutes: offsetMinutes))T\(clock.joined(separator: ":"))."
            + DigitRun.text(Int(time % 1_000_000), 6) + zone
    }
}

extension Timestamp: Comparable {
    public static func < (lhs: Timestamp, rhs: Timestamp) -> Bool { lhs.microseconds < rhs.microseconds }
}

extension Timestamp: LosslessStringConvertible {
    public init?(_ description: String) {
        self.init(utf8: description.utf8Span.span)
    }

    /// Accepts RFC 3339 with an offset or `Z` and up to six decimals of a second; a missing offset is refused.
    public init?(utf8 bytes: Span<UInt8>) {
        guard bytes.count >= 20, let date = CalendarDate(utf8: bytes.extracting(0..<10)),
            bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: " "),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let hour = DigitRun.value(bytes, 11, 2), let minute = DigitRun.value(bytes, 14, 2),
            let second = DigitRun.value(bytes, 17, 2), hour < 24, minute < 60, second < 60
        else { return nil }
        var index = 19
        var fraction: Int64 = 0
        if bytes[index] == UInt8(ascii: ".") {
            index += 1
            let start = index
            while index < bytes.count, bytes[index] &- UInt8(ascii: "0") <= 9, index - start < 6 {
                fraction = fraction * 10 + Int64(bytes[index] &- UInt8(ascii: "0"))
                index += 1
            }
            guard index > start else { return nil }
            for _ in (index - start)..<6 { fraction *= 10 }
        }
        guard let offset = Self.offsetMinutes(bytes, at: index) else { return nil }
        let seconds = Int64(hour * 3600 + minute * 60 + second) - Int64(offset) * 60
        self.microseconds = Int64(date.dayNumber) * Self.day + seconds * 1_000_000 + fraction
    }

    private static func offsetMinutes(_ bytes: Span<UInt8>, at index: Int) -> Int? {
        guard index < bytes.count else { return nil }
        if bytes[index] == UInt8(ascii: "Z") { return index + 1 == bytes.count ? 0 : nil }
        guard bytes.count == index + 6, bytes[index + 3] == UInt8(ascii: ":"),
            let hours = DigitRun.value(bytes, index + 1, 2), let minutes = DigitRun.value(bytes, index + 4, 2),
            hours <= 18, minutes < 60
        else { return nil }
        switch bytes[index] {
        case UInt8(ascii: "+"): return hours * 60 + minutes
        case UInt8(ascii: "-"): return -(hours * 60 + minutes)
        default: return nil
        }
    }

    /// RFC 3339 in UTC.
    public var description: String { text(offsetMinutes: 0) }
}

private func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let quotient = value / divisor
    return value % divisor < 0 ? quotient - 1 : quotient
}

extension Timestamp: Codable {
    /// Reads RFC 3339 text.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let moment = Timestamp(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not an RFC 3339 moment with an offset"))
        }
        self = moment
    }

    /// Writes RFC 3339 text in UTC.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
