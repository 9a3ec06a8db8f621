import Domain

/// The values of one statement in the shape libpq wants; kept by the connection and filled again each time.
final class ParameterBuffer {
    /// More than this is given back after use, so that one huge batch does not stay in memory.
    private static let keptCapacity = 4 << 20
    /// The protocol counts parameters in 16 bits.
    private static let limit = 65_535

    private var bytes = ByteBuffer(capacity: 1024)
    private var offsets: [Int] = []
    private(set) var types: [UInt32] = []
    private(set) var pointers: [UnsafePointer<CChar>?] = []
    private(set) var lengths: [Int32] = []
    private(set) var formats: [Int32] = []

    var count: Int32 { Int32(types.count) }

    func fill(_ parameters: [Parameter]) throws(PostgresError) {
        guard parameters.count <= Self.limit else {
            throw .misused(reason: "\(parameters.count) parameters in one statement; send arrays instead")
        }
        removeAll()
        for parameter in parameters {
            types.append(parameter.type.rawValue)
            guard try append(parameter.value) else { continue }
            guard let length = Int32(exactly: bytes.count - (offsets.last ?? 0)) else {
                throw .misused(reason: "a parameter is larger than 2 GiB")
            }
            lengths.append(length)
        }
        // Only now: the buffer may have moved while it grew.
        for offset in offsets {
            pointers.append(
                offset < 0 ? nil : UnsafePointer((bytes.base + offset).assumingMemoryBound(to: CChar.self)))
        }
    }

    private func removeAll() {
        if bytes.capacity > Self.keptCapacity { bytes = ByteBuffer(capacity: 1024) }
        bytes.removeAll()
        offsets.removeAll(keepingCapacity: true)
        types.removeAll(keepingCapacity: true)
        pointers.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        formats.removeAll(keepingCapacity: true)
    }

    /// False for NULL, which has no bytes.
    private func append(_ value: Parameter.Value) throws(PostgresError) -> Bool {
        formats.append(1)
        offsets.append(bytes.count)
        switch value {
        case .null:
            offsets[offsets.count - 1] = -1
            lengths.append(0)
            return false
        case .integer(let integer, let width):
            let shifted = (UInt64(bitPattern: integer) << UInt64(64 - width * 8)).bigEndian
            withUnsafeBytes(of: shifted) { bytes.append(UnsafeRawBufferPointer(rebasing: $0.prefix(width))) }
        case .uuid(let uuid):
            let target = bytes.extend(by: 16)
            target.storeBytes(of: uuid.high.bigEndian, as: UInt64.self)
            target.storeBytes(of: uuid.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        case .text(let text):
            append(text)
        case .jsonb(let text):
            bytes.append(byte: 1)
            append(text)
        case .literal(let text):
            guard !text.utf8.contains(0) else { throw .misused(reason: "a parameter's text holds a NUL character") }
            formats[formats.count - 1] = 0
            append(text)
            bytes.append(byte: 0)
        case .bytes(let values):
            values.withUnsafeBytes { bytes.append($0) }
        }
        return true
    }

    private func append(_ text: String) {
        var text = text
        text.withUTF8 { bytes.append(UnsafeRawBufferPointer($0)) }
    }
}
