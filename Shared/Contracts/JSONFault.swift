/// Why bytes are not JSON (RFC 8259), and where.
public enum JSONFault: Error, Hashable, Sendable {
    case empty
    case truncated
    case unexpectedByte(UInt8, at: Int)
    case controlCharacter(at: Int)
    case notUTF8(at: Int)
    case badEscape(at: Int)
    case badNumber(at: Int)
    case tooDeep(at: Int)
    case contentAfterEnd(at: Int)

    /// The stable code by which an operator finds the fault in the documentation.
    public var code: String {
        switch self {
        case .empty: "GR-JSON-001"
        case .truncated: "GR-JSON-002"
        case .unexpectedByte: "GR-JSON-003"
        case .controlCharacter: "GR-JSON-004"
        case .notUTF8: "GR-JSON-005"
        case .badEscape: "GR-JSON-006"
        case .badNumber: "GR-JSON-007"
        case .tooDeep: "GR-JSON-008"
        case .contentAfterEnd: "GR-JSON-009"
        }
    }
}

extension JSONFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "there is no JSON: the text is empty"
        case .truncated: "the JSON ends in the middle of a value"
        case .unexpectedByte(let byte, let offset):
            "byte 0x\(String(byte, radix: 16)) at offset \(offset) does not belong there"
        case .controlCharacter(let offset): "a control character at offset \(offset) must be escaped"
        case .notUTF8(let offset): "the byte at offset \(offset) is not UTF-8; send UTF-8"
        case .badEscape(let offset): "the escape at offset \(offset) is not one of JSON's"
        case .badNumber(let offset): "the number at offset \(offset) is not written as JSON numbers are"
        case .tooDeep(let offset): "the value at offset \(offset) is nested deeper than \(JSONTape.depthLimit) levels"
        case .contentAfterEnd(let offset): "there is more text at offset \(offset), after the end of the value"
        }
    }
}
