extension JSONTape {
    /// Appends the text of a string token (escapes resolved), or the bytes of any other value, to `output`.
    public static func appendText(_ token: JSONToken, of bytes: Span<UInt8>, to output: inout [UInt8]) {
        guard token.isEscaped else {
            for index in token.range { output.append(bytes[index]) }
            return
        }
        var position = Int(token.start)
        while position < Int(token.end) {
            let byte = bytes[position]
            guard byte == 0x5C else {
                output.append(byte)
                position += 1
                continue
            }
            position = appendEscape(bytes, position, to: &output)
        }
    }

    /// The text of a string token, or the bytes of any other value, as a string.
    public static func text(_ token: JSONToken, of bytes: Span<UInt8>) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(token.range.count)
        appendText(token, of: bytes, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    // The scanner has proved the escape well-formed, so a missing digit cannot occur.
    private static func appendEscape(_ bytes: Span<UInt8>, _ start: Int, to output: inout [UInt8]) -> Int {
        switch bytes[start + 1] {
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"):
            let unit = JSONBytes.hex(bytes, start + 2) ?? 0xFFFD
            let isPair = unit & 0xF800 == 0xD800
            let low = isPair ? JSONBytes.hex(bytes, start + 8) ?? 0xDC00 : 0
            let code = isPair ? 0x1_0000 + (unit & 0x3FF) << 10 + low & 0x3FF : unit
            output.append(contentsOf: Character(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)
            return start + (isPair ? 12 : 6)
        case let other: output.append(other)
        }
        return start + 2
    }

    /// The value token of the member `name` of the object at token `object`; the first when it is given twice.
    public func member(_ name: String, of object: Int, in bytes: Span<UInt8>) -> Int? {
        guard object < tokens.count, tokens[object].kind == .object else { return nil }
        var index = object + 1
        while index < Int(tokens[object].next) {
            if Self.text(tokens[index], of: bytes) == name { return index + 1 }
            index = Int(tokens[index + 1].next)
        }
        return nil
    }

    /// The tokens of an array's elements.
    public func elements(of array: Int) -> [Int] {
        guard array < tokens.count, tokens[array].kind == .array else { return [] }
        var elements: [Int] = []
        var index = array + 1
        while index < Int(tokens[array].next) {
            elements.append(index)
            index = Int(tokens[index].next)
        }
        return elements
    }

    /// The names and value tokens of an object's members, in the order of the text.
    public func members(of object: Int, in bytes: Span<UInt8>) -> [(name: String, value: Int)] {
        guard object < tokens.count, tokens[object].kind == .object else { return [] }
        var members: [(name: String, value: Int)] = []
        var index = object + 1
        while index < Int(tokens[object].next) {
            members.append((Self.text(tokens[index], of: bytes), index + 1))
            index = Int(tokens[index + 1].next)
        }
        return members
    }
}
