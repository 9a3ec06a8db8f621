import CLibPQ
public import Domain

/// Appends rows in PostgreSQL's binary COPY format, field by field in column order, without allocating.
///
/// Writing does not throw: a failure on the way is remembered and thrown by ``Connection/copyIn(table:columns:_:)``.
public struct CopyWriter: ~Copyable {
    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let capacity: Int
    @usableFromInline var used = 0
    /// Fields that the present row still lacks.
    @usableFromInline var owed = 0
    @usableFromInline let columns: Int
    /// The number of rows begun so far.
    public private(set) var rows = 0
    private let connection: Connection
    private(set) var failure: PostgresError?

    init(_ connection: Connection, columns: Int, buffer: UnsafeMutableRawBufferPointer) throws(PostgresError) {
        guard let base = buffer.baseAddress else { throw .misused(reason: "no buffer") }
        self.connection = connection
        self.columns = columns
        self.base = base
        self.capacity = buffer.count
        // The signature, no flags, no header extension.
        let signature: [UInt8] = [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00]
        for byte in signature + [UInt8](repeating: 0, count: 8) { store(byte) }
    }

    /// Begins a row; as many fields as there are columns must follow.
    @inlinable
    public mutating func beginRow() {
        if owed != 0 { noteWrongFieldCount() }
        owed = columns
        reserve(2)
        store(Int16(truncatingIfNeeded: columns))
        countRow()
    }

    /// NULL, of whatever type.
    @inlinable
    public mutating func null() {
        reserve(4)
        store(Int32(-1))
        owed -= 1
    }

    /// A `smallint`.
    @inlinable
    public mutating func int2(_ value: Int16) { fixed(value) }

    /// An `integer`.
    @inlinable
    public mutating func int4(_ value: Int32) { fixed(value) }

    /// A `bigint`.
    @inlinable
    public mutating func int8(_ value: Int64) { fixed(value) }

    /// A `boolean`.
    @inlinable
    public mutating func bool(_ value: Bool) { fixed(value ? UInt8(1) : 0) }

    /// A `date`.
    @inlinable
    public mutating func date(_ value: CalendarDate) { date(daysSince1970: value.dayNumber) }

    /// A `date`, as days since 1970-01-01.
    @inlinable
    public mutating func date(daysSince1970 value: Int32) { fixed(value &- 10_957) }

    /// A `timestamptz`.
    @inlinable
    public mutating func timestamp(_ value: Timestamp) { timestamp(microsecondsSince1970: value.microseconds) }

    /// A `timestamptz`, as microseconds since 1970-01-01T00:00:00Z.
    @inlinable
    public mutating func timestamp(microsecondsSince1970 value: Int64) { fixed(value &- 946_684_800_000_000) }

    /// A `uuid`.
    @inlinable
    public mutating func uuid(_ value: UUID128) { uuid(high: value.high, low: value.low) }

    /// A `uuid` of its two halves.
    @inlinable
    public mutating func uuid(high: UInt64, low: UInt64) {
        reserve(20)
        store(Int32(16))
        store(high)
        store(low)
        owed -= 1
    }

    /// The bytes of a `bytea`, or the UTF-8 of a `text` or `json`.
    @inlinable
    public mutating func bytes(_ value: UnsafeRawBufferPointer) {
        reserve(4 + (value.count <= capacity - 4 ? value.count : 0))
        store(Int32(truncatingIfNeeded: value.count))
        if value.count <= capacity - used, let source = value.baseAddress {
            (base + used).copyMemory(from: source, byteCount: value.count)
            used += value.count
        } else if value.count > 0 {
            sendThrough(value)
        }
        owed -= 1
    }

    /// The bytes of a `bytea`, or the UTF-8 of a `text` or `json`.
    @inlinable
    public mutating func bytes(_ value: [UInt8]) {
        value.withUnsafeBytes { bytes($0) }
    }

    /// The bytes of a `bytea`, or the UTF-8 of a `text` or `json`.
    @inlinable
    public mutating func bytes(_ value: ArraySlice<UInt8>) {
        value.withUnsafeBytes { bytes($0) }
    }

    /// The bytes of a `bytea`, or the UTF-8 of a `text` or `json`.
    @inlinable
    public mutating func bytes(_ value: RawSpan) {
        value.withUnsafeBytes { bytes($0) }
    }

    /// A `text`, `varchar`, `json` or enum.
    @inlinable
    public mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { bytes(UnsafeRawBufferPointer($0)) }
    }

    /// A `jsonb`, as JSON text.
    public mutating func jsonb(_ value: String) {
        bytes([1] + value.utf8)
    }

    @inlinable
    mutating func fixed<Integer: FixedWidthInteger & BitwiseCopyable>(_ value: Integer) {
        reserve(4 + MemoryLayout<Integer>.size)
        store(Int32(truncatingIfNeeded: MemoryLayout<Integer>.size))
        store(value)
        owed -= 1
    }

    @inlinable
    mutating func store<Integer: FixedWidthInteger & BitwiseCopyable>(_ value: Integer) {
        (base + used).storeBytes(of: value.bigEndian, as: Integer.self)
        used += MemoryLayout<Integer>.size
    }

    @inlinable
    mutating func reserve(_ size: Int) {
        if used + size > capacity { flush() }
    }

    @usableFromInline
    mutating func countRow() {
        rows += 1
    }

    @usableFromInline
    mutating func flush() {
        sendThrough(UnsafeRawBufferPointer(start: base, count: 0))
    }

    /// Sends the buffer and then `more`, which was too large for it.
    @usableFromInline
    mutating func sendThrough(_ more: UnsafeRawBufferPointer) {
        put(UnsafeRawBufferPointer(start: base, count: used))
        used = 0
        put(more)
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        // After a failure the rest is dropped; copyIn throws what happened.
        while failure == nil, offset < bytes.count {
            let piece = min(bytes.count - offset, 1 << 20)
            do throws(PostgresError) {
                let start = bytes.baseAddress.map { ($0 + offset).assumingMemoryBound(to: CChar.self) }
                guard PQputCopyData(try connection.live(), start, Int32(piece)) == 1 else {
                    throw connection.failure(nil)
                }
            } catch {
                failure = error
            }
            offset += piece
        }
    }

    @usableFromInline
    mutating func noteWrongFieldCount() {
        guard failure == nil else { return }
        failure = .misused(
            reason: "row \(rows) of a COPY has \(columns - owed) fields for \(columns) columns")
    }

    /// Writes the end mark and sends what is left.
    mutating func finish() {
        if owed != 0 { noteWrongFieldCount() }
        reserve(2)
        store(Int16(-1))
        flush()
    }
}
