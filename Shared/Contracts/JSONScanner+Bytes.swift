/// Steps through the bytes of a JSON string.
enum JSONBytes {
    /// The first position at or after `start` of a quote, a backslash, a control character or a byte over 0x7F.
    ///
    /// Eight bytes are looked at together: each mask sets the high bit of a byte that stops, and the lowest is exact.
    @inline(__always)
    static func plainEnd(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let raw = unsafe bytes.bytes
        var position = start
        while position + 8 <= bytes.count {
            let word = unsafe UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
            let quote = word ^ 0x2222_2222_2222_2222
            let slash = word ^ 0x5C5C_5C5C_5C5C_5C5C
            let stops =
                ((quote &- ones) & ~quote | (slash &- ones) & ~slash | (word &- 0x2020_2020_2020_2020) & ~word | word)
                & highs
            if stops != 0 { return position + stops.trailingZeroBitCount >> 3 }
            position += 8
        }
        while position < bytes.count {
            let byte = bytes[position]
            if byte == 0x22 || byte == 0x5C || byte < 0x20 || byte >= 0x80 { break }
            position += 1
        }
        return position
    }

    /// The position after the escape that starts at `start`; a surrogate must be half of a pair.
    static func escapeEnd(_ bytes: Span<UInt8>, _ start: Int) throws(JSONFault) -> Int {
        guard start + 1 < bytes.count else { throw .truncated }
        switch bytes[start + 1] {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: return start + 2
        case UInt8(ascii: "u"):
            guard start + 6 <= bytes.count else { throw .truncated }
            guard let unit = hex(bytes, start + 2) else { throw .badEscape(at: start) }
            guard unit & 0xF800 == 0xD800 else { return start + 6 }
            guard unit < 0xDC00, start + 12 <= bytes.count, bytes[start + 6] == 0x5C, bytes[start + 7] == 0x75,
                let low = hex(bytes, start + 8), low & 0xFC00 == 0xDC00
            else { throw .badEscape(at: start) }
            return start + 12
        default: throw .badEscape(at: start)
        }
    }

    /// The four hexadecimal digits at `start`.
    static func hex(_ bytes: Span<UInt8>, _ start: Int) -> UInt32? {
        var value: UInt32 = 0
        for index in start..<(start + 4) {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - 0x30)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - 0x57)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - 0x37)
            default: return nil
            }
        }
        return value
    }

    /// The position after the multi-byte UTF-8 scalar that starts at `start` (Unicode table 3-7).
    static func scalarEnd(_ bytes: Span<UInt8>, _ start: Int) throws(JSONFault) -> Int {
        let lead = bytes[start]
        let (length, second): (Int, ClosedRange<UInt8>)
        switch lead {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw .notUTF8(at: start)
        }
        guard start + length <= bytes.count else { throw .truncated }
        guard second.contains(bytes[start + 1]) else { throw .notUTF8(at: start) }
        for index in (start + 2)..<max(start + 2, start + length) {
            guard bytes[index] & 0xC0 == 0x80 else { throw .notUTF8(at: start) }
        }
        return start + length
    }
}
