/// One row of ``Connection/copyOut(_:_:)``, valid only while its closure runs.
///
/// COPY names no columns and no types: an accessor checks the width only, so read what the query selects, with casts.
public struct CopiedRow: ReadableRow, ~Copyable {
    private static let signature: [UInt8] = [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00]

    private var fields: [Field] = []
    private var hasBegun = false

    init() {}

    /// The number of columns.
    public var columnCount: Int { fields.count }
    /// The column's number.
    public func name(ofColumn column: Int) -> String { "number \(column)" }
    /// The value as sent.
    public func field(_ column: Int) -> Field { fields[column] }

    /// Reads one message; false for the end mark. The first message begins with the file's header.
    mutating func read(_ message: UnsafeRawBufferPointer) throws(PostgresError) -> Bool {
        var reader = Reader(bytes: message)
        if !hasBegun {
            hasBegun = true
            guard message.starts(with: Self.signature), message.count >= 19 else { throw Self.unreadable }
            reader.offset = 15
            reader.offset = 19 + Int(try reader.next(Int32.self))
        }
        guard reader.offset < message.count else { return false }
        let count = try reader.next(Int16.self)
        fields.removeAll(keepingCapacity: true)
        guard count >= 0 else { return false }
        for _ in 0..<count { fields.append(try reader.nextField()) }
        return true
    }

    static var unreadable: PostgresError {
        .undecodable(column: "COPY", expected: "binary rows", found: "something else")
    }

    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        var offset = 0

        init(bytes: UnsafeRawBufferPointer) {
            self.bytes = bytes
        }

        mutating func next<Integer: FixedWidthInteger & BitwiseCopyable>(
            _: Integer.Type
        ) throws(PostgresError) -> Integer {
            let size = MemoryLayout<Integer>.size
            guard offset >= 0, offset + size <= bytes.count else { throw CopiedRow.unreadable }
            defer { offset += size }
            return Integer(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Integer.self))
        }

        mutating func nextField() throws(PostgresError) -> Field {
            let length = Int(try next(Int32.self))
            guard length >= 0 else { return Field(base: nil, length: 0, type: .inferred) }
            guard offset + length <= bytes.count else { throw CopiedRow.unreadable }
            defer { offset += length }
            return Field(base: bytes.baseAddress.map { $0 + offset }, length: length, type: .inferred)
        }
    }
}
