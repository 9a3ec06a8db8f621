/// The headers of one message as one block of bytes, the form in which they are kept in `dead_letter` and `outbox`.
///
/// Each header is its name's length (4 bytes, big-endian), the name, its value's length (4 bytes, all ones for null)
/// and the value.
public struct HeaderList: Hashable, Sendable {
    /// The block.
    public private(set) var encoded: [UInt8]

    /// No headers.
    public init() { encoded = [] }

    /// Headers from their block.
    public init(encoded: some Sequence<UInt8>) { self.encoded = Array(encoded) }

    /// Adds a header; nil is a null value.
    public mutating func append(_ name: String, _ value: [UInt8]?) {
        var name = name
        name.withUTF8 { name in
            guard let value else { return Self.encode(UnsafeRawBufferPointer(name), nil, into: &encoded) }
            value.withUnsafeBytes { Self.encode(UnsafeRawBufferPointer(name), $0, into: &encoded) }
        }
    }

    /// Adds a header whose value is text.
    public mutating func append(_ name: String, _ value: String) {
        append(name, Array(value.utf8))
    }

    /// The value of the first header of that name as text; nil when there is none or it is null.
    public subscript(_ name: String) -> String? {
        all.first { $0.name == name }?.value.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Names and values in order. A block that ends in the middle of a header yields the headers before it.
    public var all: [(name: String, value: [UInt8]?)] {
        var result: [(name: String, value: [UInt8]?)] = []
        var position = 0
        while let nameLength = length(at: position), let name = slice(position + 4, nameLength),
            let valueLength = length(at: position + 4 + nameLength)
        {
            position += 8 + nameLength
            guard valueLength != Int(UInt32.max) else {
                result.append((String(decoding: name, as: UTF8.self), nil))
                continue
            }
            guard let value = slice(position, valueLength) else { break }
            position += valueLength
            result.append((String(decoding: name, as: UTF8.self), Array(value)))
        }
        return result
    }

    private func length(at position: Int) -> Int? {
        slice(position, 4).map { $0.reduce(0) { $0 << 8 | Int($1) } }
    }

    private func slice(_ start: Int, _ count: Int) -> ArraySlice<UInt8>? {
        count <= encoded.count - start ? encoded[start..<start + count] : nil
    }

    static func encode(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?, into bytes: inout [UInt8]) {
        append(UInt32(clamping: name.count), to: &bytes)
        bytes.append(contentsOf: name)
        append(value.map { UInt32(clamping: $0.count) } ?? .max, to: &bytes)
        if let value { bytes.append(contentsOf: value) }
    }

    private static func append(_ length: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: length.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
