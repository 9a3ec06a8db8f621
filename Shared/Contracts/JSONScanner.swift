/// One value, or one member's name, of a scanned JSON text: where its bytes stand, nothing copied.
public struct JSONToken: Hashable, Sendable {
    public enum Kind: UInt8, Sendable { case object, array, string, number, yes, no, null }

    public var kind: Kind
    /// A string holds a backslash, so its bytes are not yet its text.
    public var isEscaped: Bool
    /// The first byte (of a string: after the quote).
    public var start: Int32
    /// The byte after the last (of a string: the closing quote).
    public var end: Int32
    /// The token that follows this value with everything in it.
    public var next: Int32

    public init(kind: Kind, isEscaped: Bool = false, start: Int, end: Int, next: Int) {
        self.kind = kind
        self.isEscaped = isEscaped
        self.start = Int32(truncatingIfNeeded: start)
        self.end = Int32(truncatingIfNeeded: end)
        self.next = Int32(truncatingIfNeeded: next)
    }

    /// The bytes of the value.
    @inlinable public var range: Range<Int> { Int(start)..<Int(end) }
}

/// A strict JSON scanner whose result is a reusable list of tokens: one pass over the bytes, no objects made.
///
/// An object's token is followed by a name token and the value's tokens for each member, an array's by its elements.
/// `next` steps over a value. Duplicate names are kept; who reads the tape decides.
public struct JSONTape: Sendable {
    /// Values nested deeper are refused, so that hostile text cannot exhaust the stack.
    public static let depthLimit = 64

    /// The tokens of the last scan, in the order of the text; the first is the whole value.
    public private(set) var tokens: ContiguousArray<JSONToken> = []

    public init() {
        tokens.reserveCapacity(64)
    }

    /// Scans one JSON text that fills `bytes` but for white space.
    ///
    /// - Throws: ``JSONFault`` with the offset of the first fault; the tape is then not to be read.
    public mutating func scan(_ bytes: Span<UInt8>) throws(JSONFault) {
        tokens.removeAll(keepingCapacity: true)
        guard bytes.count < Int(Int32.max) else { throw .tooDeep(at: 0) }
        var position = Self.skipSpace(bytes, 0)
        guard position < bytes.count else { throw .empty }
        try value(bytes, &position, depth: 0)
        position = Self.skipSpace(bytes, position)
        guard position == bytes.count else { throw .contentAfterEnd(at: position) }
    }

    private mutating func value(_ bytes: Span<UInt8>, _ position: inout Int, depth: Int) throws(JSONFault) {
        guard position < bytes.count else { throw .truncated }
        switch bytes[position] {
        case UInt8(ascii: "\""): try string(bytes, &position)
        case UInt8(ascii: "{"): try object(bytes, &position, depth: depth)
        case UInt8(ascii: "["): try array(bytes, &position, depth: depth)
        case UInt8(ascii: "t"): try word(bytes, &position, [0x74, 0x72, 0x75, 0x65], .yes)
        case UInt8(ascii: "f"): try word(bytes, &position, [0x66, 0x61, 0x6C, 0x73, 0x65], .no)
        case UInt8(ascii: "n"): try word(bytes, &position, [0x6E, 0x75, 0x6C, 0x6C], .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number(bytes, &position)
        default: throw .unexpectedByte(bytes[position], at: position)
        }
    }

    private mutating func object(_ bytes: Span<UInt8>, _ position: inout Int, depth: Int) throws(JSONFault) {
        guard depth < Self.depthLimit else { throw .tooDeep(at: position) }
        let index = tokens.count
        tokens.append(JSONToken(kind: .object, start: position, end: 0, next: 0))
        position = Self.skipSpace(bytes, position + 1)
        guard position < bytes.count else { throw .truncated }
        if bytes[position] == UInt8(ascii: "}") { return close(index, &position) }
        while true {
            guard position < bytes.count else { throw .truncated }
            guard bytes[position] == UInt8(ascii: "\"") else { throw .unexpectedByte(bytes[position], at: position) }
            try string(bytes, &position)
            position = Self.skipSpace(bytes, position)
            try expect(UInt8(ascii: ":"), bytes, &position)
            try value(bytes, &position, depth: depth + 1)
            position = Self.skipSpace(bytes, position)
            guard position < bytes.count else { throw .truncated }
            if bytes[position] == UInt8(ascii: "}") { return close(index, &position) }
            try expect(UInt8(ascii: ","), bytes, &position)
        }
    }

    private mutating func array(_ bytes: Span<UInt8>, _ position: inout Int, depth: Int) throws(JSONFault) {
        guard depth < Self.depthLimit else { throw .tooDeep(at: position) }
        let index = tokens.count
        tokens.append(JSONToken(kind: .array, start: position, end: 0, next: 0))
        position = Self.skipSpace(bytes, position + 1)
        guard position < bytes.count else { throw .truncated }
        if bytes[position] == UInt8(ascii: "]") { return close(index, &position) }
        while true {
            try value(bytes, &position, depth: depth + 1)
            position = Self.skipSpace(bytes, position)
            guard position < bytes.count else { throw .truncated }
            if bytes[position] == UInt8(ascii: "]") { return close(index, &position) }
            try expect(UInt8(ascii: ","), bytes, &position)
        }
    }

    private mutating func close(_ index: Int, _ position: inout Int) {
        position += 1
        tokens[index].end = Int32(truncatingIfNeeded: position)
        tokens[index].next = Int32(truncatingIfNeeded: tokens.count)
    }

    private func expect(_ byte: UInt8, _ bytes: Span<UInt8>, _ position: inout Int) throws(JSONFault) {
        guard position < bytes.count else { throw .truncated }
        guard bytes[position] == byte else { throw .unexpectedByte(bytes[position], at: position) }
        position = Self.skipSpace(bytes, position + 1)
    }

    private mutating func word(
        _ bytes: Span<UInt8>, _ position: inout Int, _ word: InlineArray<4, UInt8>, _ kind: JSONToken.Kind
    ) throws(JSONFault) {
        try wordTail(bytes, &position, word.span, kind)
    }

    private mutating func word(
        _ bytes: Span<UInt8>, _ position: inout Int, _ word: InlineArray<5, UInt8>, _ kind: JSONToken.Kind
    ) throws(JSONFault) {
        try wordTail(bytes, &position, word.span, kind)
    }

    private mutating func wordTail(
        _ bytes: Span<UInt8>, _ position: inout Int, _ word: Span<UInt8>, _ kind: JSONToken.Kind
    ) throws(JSONFault) {
        let start = position
        for index in word.indices {
            guard position < bytes.count else { throw .truncated }
            guard bytes[position] == word[index] else { throw .unexpectedByte(bytes[position], at: position) }
            position += 1
        }
        tokens.append(JSONToken(kind: kind, start: start, end: position, next: tokens.count + 1))
    }

    private mutating func number(_ bytes: Span<UInt8>, _ position: inout Int) throws(JSONFault) {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let whole = position
        try digits(bytes, &position, start)
        if bytes[whole] == UInt8(ascii: "0"), position - whole > 1 { throw .badNumber(at: start) }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try digits(bytes, &position, start)
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            try digits(bytes, &position, start)
        }
        tokens.append(JSONToken(kind: .number, start: start, end: position, next: tokens.count + 1))
    }

    private func digits(_ bytes: Span<UInt8>, _ position: inout Int, _ start: Int) throws(JSONFault) {
        let first = position
        while position < bytes.count, bytes[position] &- UInt8(ascii: "0") <= 9 { position += 1 }
        guard position > first else {
            if position == bytes.count { throw .truncated }
            throw .badNumber(at: start)
        }
    }

    private mutating func string(_ bytes: Span<UInt8>, _ position: inout Int) throws(JSONFault) {
        let start = position + 1
        var isEscaped = false
        position = start
        while true {
            position = JSONBytes.plainEnd(bytes, position)
            guard position < bytes.count else { throw .truncated }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                tokens.append(
                    JSONToken(kind: .string, isEscaped: isEscaped, start: start, end: position, next: tokens.count + 1))
                position += 1
                return
            case UInt8(ascii: "\\"):
                isEscaped = true
                position = try JSONBytes.escapeEnd(bytes, position)
            case 0x80...:
                position = try JSONBytes.scalarEnd(bytes, position)
            default:
                throw .controlCharacter(at: position)
            }
        }
    }

    @inline(__always)
    private static func skipSpace(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var position = start
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { break }
            position += 1
        }
        return position
    }
}
