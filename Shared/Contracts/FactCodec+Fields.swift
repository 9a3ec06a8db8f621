import Domain

/// What each field of a fact may hold; both readers of facts ask here, so they cannot disagree.
enum FactField {
    static let maximumReference: UInt32 = 64
    static let maximumKey = 64

    static func isReference(_ range: ByteRange) -> Bool { range.count > 0 && range.count <= maximumReference }
    static func isUnit(_ range: ByteRange) -> Bool { range.count > 0 && range.count <= 16 }
    static func isSourceID(_ range: ByteRange) -> Bool { range.count > 0 && range.count <= 256 }

    static func attributes(from start: Int, to end: Int) -> ByteRange? {
        end - start <= 16_384 ? ByteRange(start: start, count: end - start) : nil
    }

    /// `[a-z0-9-]+`
    @inline(__always)
    static func isInstitution(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        guard isReference(range) else { return false }
        for index in range.range {
            let byte = bytes[index]
            guard byte &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x2D else { return false }
        }
        return true
    }

    /// Anything but a slash, which separates the parts of a key.
    @inline(__always)
    static func isSubject(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        guard isReference(range) else { return false }
        for index in range.range where bytes[index] == UInt8(ascii: "/") { return false }
        return true
    }

    /// `[a-z]+(\.[a-z-]+)+`
    @inline(__always)
    static func isType(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        guard isReference(range) else { return false }
        var dots = 0
        var width = 0
        for index in range.range {
            let byte = bytes[index]
            if byte == UInt8(ascii: ".") {
                guard width > 0 else { return false }
                dots += 1
                width = 0
            } else {
                guard byte &- 0x61 < 26 || (byte == UInt8(ascii: "-") && dots > 0) else { return false }
                width += 1
            }
        }
        return dots > 0 && width > 0
    }

    static func kind(_ bytes: Span<UInt8>, _ range: ByteRange) -> SubjectKind? {
        guard range.count > 0 else { return nil }
        let kind: SubjectKind
        switch bytes[Int(range.start)] {
        case UInt8(ascii: "m"): kind = .manager
        case UInt8(ascii: "u"): kind = .unit
        case UInt8(ascii: "c"): kind = .customer
        case UInt8(ascii: "l"): kind = .loan
        default: return nil
        }
        return equals(bytes, range, kind.rawValue) ? kind : nil
    }

    /// The 55 characters of version 00 of W3C Trace Context: `00-<32 hex digits>-<16>-<2>`, lower case.
    static func isTraceparent(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        guard range.count == 55 else { return false }
        let first = Int(range.start)
        for index in 0..<55 {
            let byte = bytes[first + index]
            switch index {
            case 2, 35, 52: guard byte == UInt8(ascii: "-") else { return false }
            case 0, 1: guard byte == UInt8(ascii: "0") else { return false }
            default: guard byte &- 0x30 < 10 || byte &- 0x61 < 6 else { return false }
            }
        }
        return true
    }

    /// A decimal number above 0 and at most 1, such as `0.6`.
    static func isShare(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        let first = Int(range.start)
        if equals(bytes, range, "1") { return true }
        guard range.count >= 3, range.count <= 20, bytes[first] == UInt8(ascii: "0"),
            bytes[first + 1] == UInt8(ascii: ".")
        else { return false }
        var isZero = true
        for index in (first + 2)..<(first + Int(range.count)) {
            guard bytes[index] &- 0x30 < 10 else { return false }
            if bytes[index] != 0x30 { isZero = false }
        }
        return !isZero
    }

    @inline(__always)
    static func amount(_ bytes: Span<UInt8>, _ range: ByteRange) -> Quantity? {
        guard range.count <= 21 else { return nil }
        return Quantity(utf8: bytes.extracting(range.range))
    }

    @inline(__always)
    static func date(_ bytes: Span<UInt8>, _ range: ByteRange) -> CalendarDate? {
        guard let date = CalendarDate(utf8: bytes.extracting(range.range)), date >= .earliest, date <= .latest
        else { return nil }
        return date
    }

    @inline(__always)
    static func moment(_ bytes: Span<UInt8>, _ range: ByteRange) -> (Timestamp, offsetMinutes: Int)? {
        guard range.count >= 20, range.count <= 32, let moment = Timestamp(utf8: bytes.extracting(range.range)),
            // A blank between date and time is read elsewhere, but is not how facts are written.
            bytes[Int(range.start) + 10] == UInt8(ascii: "T"),
            moment.microseconds >= Timestamp(startOf: .earliest, offsetMinutes: 0).microseconds,
            moment.microseconds <= Timestamp(startOf: .latest, offsetMinutes: 0).microseconds
        else { return nil }
        let end = Int(range.start) + Int(range.count)
        if bytes[end - 1] == UInt8(ascii: "Z") { return (moment, 0) }
        let hours = Int(bytes[end - 5] - 0x30) * 10 + Int(bytes[end - 4] - 0x30)
        let minutes = Int(bytes[end - 2] - 0x30) * 10 + Int(bytes[end - 1] - 0x30)
        let offset = hours * 60 + minutes
        return (moment, bytes[end - 6] == UInt8(ascii: "-") ? -offset : offset)
    }

    static func equals(_ bytes: Span<UInt8>, _ range: ByteRange, _ text: String) -> Bool {
        let span = text.utf8Span.span
        guard span.count == Int(range.count) else { return false }
        for index in 0..<span.count where span[index] != bytes[Int(range.start) + index] { return false }
        return true
    }
}

enum UTF8Check {
    static func isValid(_ bytes: Span<UInt8>) -> Bool {
        (try? UTF8Span(validating: bytes)) != nil
    }
}
