public import Domain

/// A part of a message, by position, so that a decoded fact holds no memory of its own.
public struct ByteRange: Hashable, Sendable {
    public let start: UInt32
    public let count: UInt32

    public static let none = ByteRange(start: 0, count: 0)

    public init(start: Int, count: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.count = UInt32(truncatingIfNeeded: count)
    }

    init(start: UInt32, count: UInt32) {
        self.start = start
        self.count = count
    }

    public var isEmpty: Bool { count == 0 }
    public var range: Range<Int> { Int(start)..<(Int(start) + Int(count)) }
}

/// A fact as it stands in a message: numbers decoded, texts by position.
///
/// Every field has been validated. Ranges refer to the bytes that were scanned and mean nothing without them.
public struct FactView: Hashable, Sendable {
    public internal(set) var id = UUID128(high: 0, low: 0)
    public internal(set) var kind = SubjectKind.manager
    public internal(set) var businessDate = CalendarDate(dayNumber: 0)
    public internal(set) var occurredAt = Timestamp(microseconds: 0)
    /// The offset from UTC, in minutes, that `occurredAt` was written with.
    public internal(set) var offsetMinutes = 0
    /// `1`, or `-1` when this fact undoes another.
    public internal(set) var sign = 1
    public internal(set) var reverses: UUID128?
    public internal(set) var amount: Quantity?
    public internal(set) var institution = ByteRange.none
    /// The subject's id alone, without institution and kind.
    public internal(set) var subject = ByteRange.none
    public internal(set) var type = ByteRange.none
    /// Empty when absent, as the ranges below.
    public internal(set) var unit = ByteRange.none
    public internal(set) var customer = ByteRange.none
    public internal(set) var assignment = ByteRange.none
    public internal(set) var share = ByteRange.none
    public internal(set) var source = ByteRange.none
    /// As it stands in the message: it alone of the references may hold escapes.
    public internal(set) var sourceID = ByteRange.none
    /// The whole object with its braces.
    public internal(set) var attributes = ByteRange.none
    /// The W3C trace of the record that the fact was made of. Not part of what the fact says: a repetition may come on
    /// another trace.
    public internal(set) var traceparent = ByteRange.none
}

/// Why a message is not a fact. It names the field and the position, never a value.
public struct FactRejection: Error, Hashable, Sendable {
    /// The stable code of a reason; written to dead letters and relied on by operators.
    public enum Reason: String, Sendable, CaseIterable {
        case tooLarge = "GR-FACT-001"
        case notUTF8 = "GR-FACT-002"
        case notJSON = "GR-FACT-003"
        case wrongType = "GR-FACT-004"
        case unknownKey = "GR-FACT-005"
        case missingKey = "GR-FACT-006"
        case duplicateKey = "GR-FACT-007"
        case impossibleDate = "GR-FACT-008"
        case badAmount = "GR-FACT-009"
        case badID = "GR-FACT-010"
        case badReference = "GR-FACT-011"
        case trailingBytes = "GR-FACT-012"
        case badSign = "GR-FACT-013"
        case empty = "GR-FACT-014"
    }

    public let reason: Reason
    /// The byte at which the message stops being a fact, counted from 0.
    public let position: Int
    public let field: String?

    public init(_ reason: Reason, at position: Int, field: String? = nil) {
        self.reason = reason
        self.position = position
        self.field = field
    }

    public var code: String { reason.rawValue }
}

extension FactRejection: CustomStringConvertible {
    public var description: String {
        let place = field.map { "field \($0), byte \(position)" } ?? "byte \(position)"
        return "\(explanation) (\(place))"
    }

    private var explanation: String {
        switch reason {
        case .tooLarge: "the fact is longer than \(FactCodec.maximumBytes) bytes; send it without large attributes"
        case .notUTF8: "the fact is not valid UTF-8; convert it at the source"
        case .notJSON: "the fact is not a complete JSON object"
        case .wrongType: "the value has the wrong JSON type"
        case .unknownKey: "the key is not part of a fact; put the institution's own values into attributes"
        case .missingKey: "a key that every fact needs is missing"
        case .duplicateKey: "the key occurs twice"
        case .impossibleDate: "there is no such day or moment, or it has no offset from UTC"
        case .badAmount: "the amount is not decimal text with at most 4 decimals below 9·10¹³"
        case .badID: "the identifier is not a UUID"
        case .badReference: "the reference is empty, too long or has characters that references may not have"
        case .trailingBytes: "there are bytes after the fact"
        case .badSign: "the sign is neither 1 nor -1, or a fact with sign -1 does not say what it reverses"
        case .empty: "the message has no value"
        }
    }
}
