/// A 128-bit identifier in UUID form, compared as two words so that the hot path makes no objects.
public struct UUID128: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A name-based identifier (UUID version 5) from the first 16 bytes of a SHA-1 digest.
    public init(versionFiveDigest digest: some Sequence<UInt8>) {
        var words: (UInt64, UInt64) = (0, 0)
        for (index, byte) in digest.prefix(16).enumerated() {
            if index < 8 { words.0 = words.0 << 8 | UInt64(byte) } else { words.1 = words.1 << 8 | UInt64(byte) }
        }
        self.high = words.0 & ~0xF000 | 0x5000
        self.low = words.1 & ~(0b11 << 62) | 0b10 << 62
    }
}

extension UUID128: Comparable {
    public static func < (lhs: UUID128, rhs: UUID128) -> Bool { (lhs.high, lhs.low) < (rhs.high, rhs.low) }
}

extension UUID128: LosslessStringConvertible {
    public init?(_ description: String) {
        self.init(utf8: description.utf8Span.span)
    }

    /// Accepts the 36 bytes of the canonical form, in either case.
    public init?(utf8 bytes: Span<UInt8>) {
        guard bytes.count == 36 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for index in 0..<36 {
            let byte = bytes[index]
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let nibble = Self.nibble(byte) else { return nil }
            if digits < 16 { words.0 = words.0 << 4 | nibble } else { words.1 = words.1 << 4 | nibble }
            digits += 1
        }
        self.init(high: words.0, low: words.1)
    }

    @inline(__always)
    private static func nibble(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// The canonical lower-case text, 36 characters.
    public var description: String {
        unsafe String(unsafeUninitializedCapacity: 36) { buffer in
            unsafe writeText(into: buffer)
            return 36
        }
    }

    /// Writes the canonical text into the first 36 bytes of a buffer that has at least so many.
    public func writeText(into buffer: UnsafeMutableBufferPointer<UInt8>) {
        precondition(buffer.count >= 36)
        var position = 0
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 {
                unsafe buffer[position] = UInt8(ascii: "-")
                position += 1
            }
            let word = index < 16 ? high : low
            let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - (index & 15) * 4) & 15)
            unsafe buffer[position] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
            position += 1
        }
    }
}

extension UUID128: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let uuid = UUID128(text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not a UUID"))
        }
        self = uuid
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
