import Domain

/// Reads canonical facts without allocating: one pass, eight bytes at a time.
///
/// A message in another form (white space, another key order, escapes) is read by the general parser. Only that parser
/// rejects, so a message means the same however it is read. Keep one scanner per thread.
public struct FactScanner: Sendable {
    private let keys = FactKeyPatterns()

    public init() {}

    /// Decodes one fact, or throws where and why it is not one.
    public func scan(_ bytes: Span<UInt8>) throws(FactRejection) -> FactView {
        guard bytes.count <= FactCodec.maximumBytes else {
            throw FactRejection(.tooLarge, at: FactCodec.maximumBytes)
        }
        if let view = scanCanonical(bytes) { return view }
        return try FactParser.parse(bytes)
    }

    /// The fast path alone; `nil` says nothing about validity.
    func scanCanonical(_ span: Span<UInt8>) -> FactView? {
        let bytes = unsafe span.bytes
        guard bytes.byteCount >= 128, isPlainText(bytes) || UTF8Check.isValid(span) else { return nil }
        var view = FactView()
        var at = 0
        guard scanIdentity(span, bytes, &at, &view), scanMoment(span, bytes, &at, &view),
            scanOptional(span, bytes, &at, &view), scanOrigin(span, bytes, &at, &view),
            at == bytes.byteCount
        else { return nil }
        return view
    }

    private func scanIdentity(_ span: Span<UInt8>, _ bytes: RawSpan, _ at: inout Int, _ view: inout FactView) -> Bool {
        guard take(keys.id, bytes, &at), let id = uuid(bytes, &at) else { return false }
        view.id = id
        guard take(keys.institution, bytes, &at), let institution = text(bytes, &at),
            FactField.isInstitution(span, institution),
            take(keys.kind, bytes, &at), let kindText = text(bytes, &at), let kind = FactField.kind(span, kindText),
            take(keys.subject, bytes, &at), let subject = text(bytes, &at), FactField.isSubject(span, subject),
            take(keys.type, bytes, &at), let type = text(bytes, &at), FactField.isType(span, type)
        else { return false }
        view.institution = institution
        view.kind = kind
        view.subject = subject
        view.type = type
        return true
    }

    private func scanMoment(_ span: Span<UInt8>, _ bytes: RawSpan, _ at: inout Int, _ view: inout FactView) -> Bool {
        guard take(keys.businessDate, bytes, &at), let day = text(bytes, &at), day.count == 10,
            let date = FactField.date(span, day),
            take(keys.occurredAt, bytes, &at), let moment = text(bytes, &at),
            let (occurredAt, offset) = FactField.moment(span, moment)
        else { return false }
        view.businessDate = date
        view.occurredAt = occurredAt
        view.offsetMinutes = offset
        return true
    }

    private func scanOptional(_ span: Span<UInt8>, _ bytes: RawSpan, _ at: inout Int, _ view: inout FactView) -> Bool {
        if take(keys.negative, bytes, &at) { view.sign = -1 }
        if take(keys.reverses, bytes, &at) {
            guard let reverses = uuid(bytes, &at) else { return false }
            view.reverses = reverses
        } else if view.sign < 0 {
            return false
        }
        if take(keys.amount, bytes, &at) {
            guard let range = text(bytes, &at), let amount = FactField.amount(span, range) else { return false }
            view.amount = amount
        }
        if take(keys.unit, bytes, &at) {
            guard let range = text(bytes, &at), FactField.isUnit(range) else { return false }
            view.unit = range
        }
        if take(keys.customer, bytes, &at) {
            guard let range = text(bytes, &at), FactField.isReference(range) else { return false }
            view.customer = range
        }
        if take(keys.assignment, bytes, &at) {
            guard let range = text(bytes, &at), FactField.isReference(range) else { return false }
            view.assignment = range
        }
        if take(keys.share, bytes, &at) {
            guard let range = text(bytes, &at), FactField.isShare(span, range) else { return false }
            view.share = range
        }
        return true
    }

    private func scanOrigin(_ span: Span<UInt8>, _ bytes: RawSpan, _ at: inout Int, _ view: inout FactView) -> Bool {
        guard take(keys.source, bytes, &at), let source = text(bytes, &at), FactField.isReference(source),
            take(keys.sourceID, bytes, &at), let sourceID = text(bytes, &at), FactField.isSourceID(sourceID)
        else { return false }
        view.source = source
        view.sourceID = sourceID
        if take(keys.attributes, bytes, &at) {
            guard let attributes = attributes(bytes, &at) else { return false }
            view.attributes = attributes
        }
        if take(keys.traceparent, bytes, &at) {
            guard let range = text(bytes, &at), FactField.isTraceparent(span, range) else { return false }
            view.traceparent = range
        }
        guard at < bytes.byteCount, byte(bytes, at) == UInt8(ascii: "}") else { return false }
        at += 1
        return true
    }
}

// The primitives. Each checks that what it loads lies inside the message, so the unchecked loads stay in bounds.
extension FactScanner {
    @inline(__always)
    private func word(_ bytes: RawSpan, _ at: Int) -> UInt64 {
        unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt64.self))
    }

    @inline(__always)
    private func byte(_ bytes: RawSpan, _ at: Int) -> UInt8 {
        unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt8.self)
    }

    /// Steps over `key` if it stands here.
    @inline(__always)
    private func take(_ key: FactKeyPattern, _ bytes: RawSpan, _ at: inout Int) -> Bool {
        guard at + 16 <= bytes.byteCount,
            word(bytes, at) & key.mask.0 == key.word.0, word(bytes, at + 8) & key.mask.1 == key.word.1
        else { return false }
        at += key.count
        return true
    }

    /// A string without escapes, from its opening quote; `at` ends behind its closing quote.
    @inline(__always)
    private func text(_ bytes: RawSpan, _ at: inout Int) -> ByteRange? {
        guard at < bytes.byteCount, byte(bytes, at) == UInt8(ascii: "\"") else { return nil }
        let start = at + 1
        var index = start
        while index + 8 <= bytes.byteCount {
            let stops = Self.stops(word(bytes, index))
            if stops != 0 {
                index += stops.trailingZeroBitCount >> 3
                guard byte(bytes, index) == UInt8(ascii: "\"") else { return nil }
                at = index + 1
                return ByteRange(start: start, count: index - start)
            }
            index += 8
        }
        while index < bytes.byteCount, byte(bytes, index) >= 0x20, byte(bytes, index) != UInt8(ascii: "\\") {
            if byte(bytes, index) == UInt8(ascii: "\"") {
                at = index + 1
                return ByteRange(start: start, count: index - start)
            }
            index += 1
        }
        return nil
    }

    /// The high bit of each byte that ends a plain run: quote, backslash or control character. The lowest is exact.
    @inline(__always)
    private static func stops(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let escape = word ^ (ones &* 0x5C)
        let hits = ((quote &- ones) & ~quote) | ((escape &- ones) & ~escape) | ((word &- (ones &* 0x20)) & ~word)
        return hits & (ones &* 0x80)
    }

    @inline(__always)
    private func uuid(_ bytes: RawSpan, _ at: inout Int) -> UUID128? {
        guard at + 40 <= bytes.byteCount, byte(bytes, at) == UInt8(ascii: "\""),
            byte(bytes, at + 37) == UInt8(ascii: "\"")
        else { return nil }
        let start = at + 1
        // 8-4-4-4-12: the dashes are cut out of the words before the digits are read.
        let second = word(bytes, start + 9)
        let third = word(bytes, start + 19)
        let dash = UInt64(UInt8(ascii: "-"))
        guard byte(bytes, start + 8) == UInt8(ascii: "-"), second >> 32 & 0xFF == dash,
            byte(bytes, start + 18) == UInt8(ascii: "-"), third >> 32 & 0xFF == dash
        else { return nil }
        let secondDigits = (second & 0xFFFF_FFFF) | (word(bytes, start + 10) & 0xFFFF_FFFF_0000_0000)
        let thirdDigits = (third & 0xFFFF_FFFF) | (word(bytes, start + 20) & 0xFFFF_FFFF_0000_0000)
        guard let a = Self.hexadecimal(word(bytes, start)), let b = Self.hexadecimal(secondDigits),
            let c = Self.hexadecimal(thirdDigits), let d = Self.hexadecimal(word(bytes, start + 28))
        else { return nil }
        at += 38
        return UUID128(high: a << 32 | b, low: c << 32 | d)
    }

    /// Eight lower-case hexadecimal digits as a number.
    @inline(__always)
    private static func hexadecimal(_ text: UInt64) -> UInt64? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let high = ones &* 0x80
        // Adding to bytes below 0x80 cannot carry into the next one.
        guard text & high == 0 else { return nil }
        let isDigit = (text &+ (ones &* 0x50)) & ~(text &+ (ones &* 0x46)) & high
        let isLetter = (text &+ (ones &* 0x1F)) & ~(text &+ (ones &* 0x19)) & high
        guard isDigit | isLetter == high else { return nil }
        let nibbles = (text & (ones &* 0x0F)) &+ (isLetter >> 7) &* 9
        let pairs = ((nibbles << 4) | (nibbles >> 8)) & 0x00FF_00FF_00FF_00FF
        let quads = ((pairs << 8) | (pairs >> 16)) & 0x0000_FFFF_0000_FFFF
        return ((quads << 16) | (quads >> 32)) & 0xFFFF_FFFF
    }

    /// A flat object with keys in rising order, from its opening brace.
    private func attributes(_ bytes: RawSpan, _ at: inout Int) -> ByteRange? {
        let start = at
        guard at + 1 < bytes.byteCount, byte(bytes, at) == UInt8(ascii: "{") else { return nil }
        at += 1
        var previous = ByteRange.none
        if byte(bytes, at) == UInt8(ascii: "}") {
            at += 1
            return ByteRange(start: start, count: 2)
        }
        while let key = text(bytes, &at), precedes(bytes, previous, key),
            at < bytes.byteCount, byte(bytes, at) == UInt8(ascii: ":")
        {
            at += 1
            guard scalar(bytes, &at), at < bytes.byteCount else { return nil }
            let next = byte(bytes, at)
            at += 1
            if next == UInt8(ascii: "}") { return FactField.attributes(from: start, to: at) }
            guard next == UInt8(ascii: ",") else { return nil }
            previous = key
        }
        return nil
    }

    /// Steps over a plain string or a short number; anything rarer is left to the general parser.
    @inline(__always)
    private func scalar(_ bytes: RawSpan, _ at: inout Int) -> Bool {
        guard at < bytes.byteCount else { return false }
        if byte(bytes, at) == UInt8(ascii: "\"") { return text(bytes, &at) != nil }
        let start = at
        while at < bytes.byteCount, byte(bytes, at) &- UInt8(ascii: "0") <= 9 { at += 1 }
        let digits = at - start
        return digits == 1 || (digits > 1 && digits <= 15 && byte(bytes, start) != UInt8(ascii: "0"))
    }

    /// Whether `key` may follow `previous`; rising keys cannot repeat.
    private func precedes(_ bytes: RawSpan, _ previous: ByteRange, _ key: ByteRange) -> Bool {
        guard !key.isEmpty, key.count <= UInt32(FactField.maximumKey) else { return false }
        var index = 0
        while index < Int(previous.count), index < Int(key.count) {
            let left = byte(bytes, Int(previous.start) + index)
            let right = byte(bytes, Int(key.start) + index)
            if left != right { return left < right }
            index += 1
        }
        return previous.count < key.count
    }

    /// True when every byte is ASCII.
    @inline(__always)
    private func isPlainText(_ bytes: RawSpan) -> Bool {
        var seen: UInt64 = word(bytes, bytes.byteCount - 8)
        var index = 0
        while index + 8 <= bytes.byteCount {
            seen |= word(bytes, index)
            index += 8
        }
        return seen & 0x8080_8080_8080_8080 == 0
    }
}

/// Up to 16 bytes that are compared as two words.
struct FactKeyPattern: Sendable {
    let word: (UInt64, UInt64)
    let mask: (UInt64, UInt64)
    let count: Int

    init(_ text: StaticString) {
        var words: (UInt64, UInt64) = (0, 0)
        var masks: (UInt64, UInt64) = (0, 0)
        var count = 0
        for byte in text.description.utf8 {
            let shift = UInt64(count % 8 * 8)
            if count < 8 {
                words.0 |= UInt64(byte) << shift
                masks.0 |= 0xFF << shift
            } else {
                words.1 |= UInt64(byte) << shift
                masks.1 |= 0xFF << shift
            }
            count += 1
        }
        precondition(count <= 16, "a key pattern holds 16 bytes")
        self.word = words
        self.mask = masks
        self.count = count
    }
}

/// The keys of a canonical fact with what stands before them.
struct FactKeyPatterns: Sendable {
    let id = FactKeyPattern(#"{"id":"#)
    let institution = FactKeyPattern(#","institution":"#)
    let kind = FactKeyPattern(#","kind":"#)
    let subject = FactKeyPattern(#","subject":"#)
    let type = FactKeyPattern(#","type":"#)
    let businessDate = FactKeyPattern(#","businessDate":"#)
    let occurredAt = FactKeyPattern(#","occurredAt":"#)
    let negative = FactKeyPattern(#","sign":-1"#)
    let reverses = FactKeyPattern(#","reverses":"#)
    let amount = FactKeyPattern(#","amount":"#)
    let unit = FactKeyPattern(#","unit":"#)
    let customer = FactKeyPattern(#","customer":"#)
    let assignment = FactKeyPattern(#","assignment":"#)
    let share = FactKeyPattern(#","share":"#)
    let source = FactKeyPattern(#","source":"#)
    let sourceID = FactKeyPattern(#","sourceId":"#)
    let attributes = FactKeyPattern(#","attributes":"#)
    let traceparent = FactKeyPattern(#","traceparent":"#)
}
