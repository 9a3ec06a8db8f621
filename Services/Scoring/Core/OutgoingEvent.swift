public import Contracts
public import Domain
import Foundation

/// An event on its way to the scores topic.
public struct OutgoingEvent: Hashable, Sendable {
    public let type: EventType
    /// The CloudEvents id: one for everything that is ever said.
    public let id: UUID128
    /// Key and CloudEvents subject: the subject's text, or the institution.
    public let key: String
    public let payload: [UInt8]
    /// The W3C trace of the fact that brought it about; a close has none.
    public var traceparent: String?

    /// - Parameter occasion: what brought the event about, a fact's or a close's id, so that the same thing may be
    ///   raised, withdrawn and raised again.
    public init(
        _ type: EventType, about id: UUID128, key: String, occasion: String, _ content: some Encodable
    ) throws {
        self.type = type
        self.id = DeterministicID.make("event", type.rawValue, id.description, occasion)
        self.key = key
        self.payload = try JSONText.bytes(content)
    }

    /// An event whose JSON is written by hand.
    public init(_ type: EventType, id: UUID128, key: String, payload: [UInt8]) {
        self.type = type
        self.id = id
        self.key = key
        self.payload = payload
    }
}

/// JSON that is the same for the same content.
public enum JSONText {
    public static func bytes(_ content: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(content))
    }

    public static func text(_ content: some Encodable) throws -> String {
        String(decoding: try bytes(content), as: UTF8.self)
    }

    public static func decode<Content: Decodable>(_ type: Content.Type, _ text: String) throws -> Content {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    /// An object of texts with its keys in byte order, written without the encoder because there is one for each result.
    public static func object(_ values: [String: String]) -> String {
        var bytes: [UInt8] = []
        append(values, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The texts of an object that ``object(_:)`` wrote.
    ///
    /// - Throws: ``ScoringFault/unreadableResult``.
    public static func texts(_ object: [UInt8]) throws(ScoringFault) -> [String: String] {
        guard object.count > 2 else { return [:] }
        var tape = JSONTape()
        let bytes = object.span
        do {
            try tape.scan(bytes)
        } catch {
            throw .unreadableResult
        }
        var texts: [String: String] = [:]
        for (name, value) in tape.members(of: 0, in: bytes) {
            texts[name] = JSONTape.text(tape.tokens[value], of: bytes)
        }
        return texts
    }

    /// Appends what ``object(_:)`` gives.
    public static func append(_ values: [String: String], to bytes: inout [UInt8]) {
        var separator = UInt8(ascii: "{")
        for (key, value) in values.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            bytes.append(separator)
            separator = UInt8(ascii: ",")
            append(key, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            append(value, to: &bytes)
        }
        if values.isEmpty { bytes.append(UInt8(ascii: "{")) }
        bytes.append(UInt8(ascii: "}"))
    }

    static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
