import CRdKafka

/// The headers of one message, built in one block of bytes that is used again for the next message.
public struct HeaderBuffer: Sendable {
    var bytes: [UInt8] = []
    var entries: [gradus_kafka_header] = []

    /// Makes an empty buffer.
    public init() {}

    /// How many headers it holds.
    public var count: Int { entries.count }

    /// Adds a header; a nil value is a null value.
    public mutating func append(_ name: StaticString, _ value: UnsafeRawBufferPointer?) {
        let start = bytes.count
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        finish(from: start, value)
    }

    /// Adds a header whose value is text.
    public mutating func append(_ name: StaticString, _ value: String) {
        var value = value
        value.withUTF8 { append(name, UnsafeRawBufferPointer($0)) }
    }

    /// Adds a header whose name is not known when the program is written.
    public mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?) {
        let start = bytes.count
        bytes.append(contentsOf: name)
        finish(from: start, value)
    }

    /// Adds a header whose name is not known when the program is written.
    public mutating func append(name: String, value: [UInt8]?) {
        var name = name
        name.withUTF8 { name in
            guard let value else { return append(name: UnsafeRawBufferPointer(name), value: nil) }
            value.withUnsafeBytes { append(name: UnsafeRawBufferPointer(name), value: $0) }
        }
    }

    private mutating func finish(from start: Int, _ value: UnsafeRawBufferPointer?) {
        let valueStart = bytes.count
        if let value { bytes.append(contentsOf: value) }
        entries.append(
            gradus_kafka_header(
                name_start: UInt32(truncatingIfNeeded: start),
                name_length: UInt32(truncatingIfNeeded: valueStart - start),
                value_start: UInt32(truncatingIfNeeded: valueStart),
                value_length: value.map { Int32(clamping: $0.count) } ?? -1))
    }

    /// Forgets all headers and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }

    /// Keeps the first `count` headers, so that fixed headers are written once for many messages.
    public mutating func truncate(to count: Int) {
        guard count < entries.count else { return }
        bytes.removeLast(bytes.count - Int(entries[count].name_start))
        entries.removeLast(entries.count - count)
    }

    /// Names and values as they will be sent, in order.
    public var all: [(name: String, value: [UInt8]?)] {
        entries.map { entry in
            let name = bytes[Int(entry.name_start)..<Int(entry.name_start + entry.name_length)]
            let value =
                entry.value_length < 0 ? nil : Array(bytes[Int(entry.value_start)...].prefix(Int(entry.value_length)))
            return (String(decoding: name, as: UTF8.self), value)
        }
    }
}
