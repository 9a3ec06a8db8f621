import Domain

/// A place in a JSON text; the few steps that facts and markers need.
struct JSONCursor {
    var at = 0

    func peek(_ bytes: Span<UInt8>) -> UInt8? { at < bytes.count ? bytes[at] : nil }

    mutating func skipBlanks(_ bytes: Span<UInt8>) {
        while at < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[at]) { at += 1 }
    }

    mutating func step(over byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard peek(bytes) == byte else { return false }
        at += 1
        return true
    }

    mutating func step(over text: String, _ bytes: Span<UInt8>) -> Bool {
        let count = text.utf8.count
        guard at + count <= bytes.count,
            FactField.equals(bytes, ByteRange(start: at, count: count), text)
        else { return false }
        at += count
        return true
    }

    mutating func require(_ byte: UInt8, _ bytes: Span<UInt8>) throws(FactRejection) {
        guard step(over: byte, bytes) else { throw FactRejection(.notJSON, at: at) }
    }

    /// Whether a JSON value of some type may start so.
    func startsValue(_ byte: UInt8) -> Bool {
        byte &- 0x30 <= 9 || [0x22, 0x2D, 0x5B, 0x66, 0x6E, 0x74, 0x7B].contains(byte)
    }

    /// What stands between the quotes; escapes are checked but stay as they are.
    mutating func string(_ bytes: Span<UInt8>) throws(FactRejection) -> ByteRange {
        try require(UInt8(ascii: "\""), bytes)
        let start = at
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                at += 1
                return ByteRange(start: start, count: at - 1 - start)
            }
            guard byte >= 0x20 else { throw FactRejection(.notJSON, at: at) }
            if byte == UInt8(ascii: "\\") { try stepOverEscape(bytes) } else { at += 1 }
        }
        throw FactRejection(.notJSON, at: at)
    }

    private mutating func stepOverEscape(_ bytes: Span<UInt8>) throws(FactRejection) {
        guard at + 1 < bytes.count else { throw FactRejection(.notJSON, at: bytes.count) }
        switch bytes[at + 1] {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: at += 2
        case UInt8(ascii: "u"):
            guard Self.unit(bytes, at) != nil else { throw FactRejection(.notJSON, at: at) }
            let isSurrogate = Self.unit(bytes, at).map { $0 & 0xF800 == 0xD800 } ?? false
            guard isSurrogate else {
                at += 6
                return
            }
            guard let high = Self.unit(bytes, at), high < 0xDC00, let low = Self.unit(bytes, at + 6),
                low & 0xFC00 == 0xDC00
            else { throw FactRejection(.notJSON, at: at) }
            at += 12
        default: throw FactRejection(.notJSON, at: at)
        }
    }

    /// The code unit of `\uXXXX` at `index`.
    private static func unit(_ bytes: Span<UInt8>, _ index: Int) -> UInt32? {
        guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
        else { return nil }
        var value: UInt32 = 0
        for position in (index + 2)..<(index + 6) {
            let byte = bytes[position] | 0x20
            if bytes[position] &- 0x30 <= 9 {
                value = value << 4 | UInt32(bytes[position] - 0x30)
            } else if byte &- 0x61 <= 5 {
                value = value << 4 | UInt32(byte - 0x61 + 10)
            } else {
                return nil
            }
        }
        return value
    }

    /// A JSON number without exponent and with at most 34 digits: the numbers that decimals can hold.
    mutating func number(_ bytes: Span<UInt8>) throws(FactRejection) -> ByteRange {
        let start = at
        _ = step(over: UInt8(ascii: "-"), bytes)
        let whole = at
        skipDigits(bytes)
        guard at > whole, at == whole + 1 || bytes[whole] != UInt8(ascii: "0") else {
            throw FactRejection(.notJSON, at: start)
        }
        if step(over: UInt8(ascii: "."), bytes) {
            let fraction = at
            skipDigits(bytes)
            guard at > fraction else { throw FactRejection(.notJSON, at: at) }
        }
        guard at - whole <= 35 else { throw FactRejection(.badAmount, at: start) }
        if let next = peek(bytes), next | 0x20 == UInt8(ascii: "e") { throw FactRejection(.badAmount, at: at) }
        return ByteRange(start: start, count: at - start)
    }

    private mutating func skipDigits(_ bytes: Span<UInt8>) {
        while at < bytes.count, bytes[at] &- 0x30 <= 9 { at += 1 }
    }

    /// The text of a string that ``string(_:)`` accepted, without its escapes.
    func text(_ bytes: Span<UInt8>, _ range: ByteRange) -> String {
        var plain: [UInt8] = []
        plain.reserveCapacity(Int(range.count))
        var index = Int(range.start)
        let end = index + Int(range.count)
        while index < end {
            guard bytes[index] == UInt8(ascii: "\\") else {
                plain.append(bytes[index])
                index += 1
                continue
            }
            index += Self.unescape(bytes, index, into: &plain)
        }
        return String(decoding: plain, as: UTF8.self)
    }

    private static func unescape(_ bytes: Span<UInt8>, _ index: Int, into plain: inout [UInt8]) -> Int {
        switch bytes[index + 1] {
        case UInt8(ascii: "b"): plain.append(0x08)
        case UInt8(ascii: "f"): plain.append(0x0C)
        case UInt8(ascii: "n"): plain.append(0x0A)
        case UInt8(ascii: "r"): plain.append(0x0D)
        case UInt8(ascii: "t"): plain.append(0x09)
        case UInt8(ascii: "u"):
            guard let first = unit(bytes, index) else { return 6 }
            var value = first
            var length = 6
            if first & 0xFC00 == 0xD800, let low = unit(bytes, index + 6) {
                value = 0x10000 + (first & 0x3FF) << 10 + (low & 0x3FF)
                length = 12
            }
            if let scalar = Unicode.Scalar(value) { plain.append(contentsOf: String(Character(scalar)).utf8) }
            return length
        default: plain.append(bytes[index + 1])
        }
        return 2
    }
}
