public import Domain

/// Array parameters, each encoded once, straight into the bytes that are sent.
///
/// Each type comes in three shapes: an array, an array with NULL elements, and a count with a closure that gives
/// the element at a position, for values that stand as fields in an array of something else.
extension Parameter {
    /// A `smallint[]`.
    public static func int2s(_ values: [Int16]) -> Parameter { int2s(count: values.count) { values[$0] } }
    /// A `smallint[]` with NULL elements.
    public static func int2s(_ values: [Int16?]) -> Parameter { int2s(count: values.count) { values[$0] } }
    /// A `smallint[]` of the elements at 0 ..< `count`; nil is NULL.
    public static func int2s(count: Int, _ element: (Int) -> Int16?) -> Parameter {
        integers(count, .int2, element)
    }

    /// An `integer[]`.
    public static func int4s(_ values: [Int32]) -> Parameter { int4s(count: values.count) { values[$0] } }
    /// An `integer[]` with NULL elements.
    public static func int4s(_ values: [Int32?]) -> Parameter { int4s(count: values.count) { values[$0] } }
    /// An `integer[]` of the elements at 0 ..< `count`; nil is NULL.
    public static func int4s(count: Int, _ element: (Int) -> Int32?) -> Parameter {
        integers(count, .int4, element)
    }

    /// A `bigint[]`.
    public static func int8s(_ values: [Int64]) -> Parameter { int8s(count: values.count) { values[$0] } }
    /// A `bigint[]` with NULL elements.
    public static func int8s(_ values: [Int64?]) -> Parameter { int8s(count: values.count) { values[$0] } }
    /// A `bigint[]` of the elements at 0 ..< `count`; nil is NULL.
    public static func int8s(count: Int, _ element: (Int) -> Int64?) -> Parameter {
        integers(count, .int8, element)
    }

    /// A `boolean[]`.
    public static func bools(_ values: [Bool]) -> Parameter { bools(count: values.count) { values[$0] } }
    /// A `boolean[]` with NULL elements.
    public static func bools(_ values: [Bool?]) -> Parameter { bools(count: values.count) { values[$0] } }
    /// A `boolean[]` of the elements at 0 ..< `count`; nil is NULL.
    public static func bools(count: Int, _ element: (Int) -> Bool?) -> Parameter {
        integers(count, .bool) { element($0).map { $0 ? UInt8(1) : 0 } }
    }

    /// A `date[]`, as days since 1970-01-01.
    public static func dates(daysSince1970 values: [Int32]) -> Parameter {
        dates(count: values.count) { values[$0] }
    }
    /// A `date[]` with NULL elements, as days since 1970-01-01.
    public static func dates(daysSince1970 values: [Int32?]) -> Parameter {
        dates(count: values.count) { values[$0] }
    }
    /// A `date[]` of the days since 1970-01-01 at 0 ..< `count`; nil is NULL.
    public static func dates(count: Int, _ daysSince1970: (Int) -> Int32?) -> Parameter {
        integers(count, .date) { daysSince1970($0).map { $0 &- Epoch.days } }
    }

    /// A `timestamptz[]` of the microseconds since 1970-01-01T00:00:00Z at 0 ..< `count`; nil is NULL.
    public static func timestamps(count: Int, _ microsecondsSince1970: (Int) -> Int64?) -> Parameter {
        integers(count, .timestamptz) { microsecondsSince1970($0).map { $0 &- Epoch.microseconds } }
    }

    /// A `uuid[]`.
    public static func uuids(_ values: [UUID128]) -> Parameter { uuids(count: values.count) { values[$0] } }
    /// A `uuid[]` with NULL elements.
    public static func uuids(_ values: [UUID128?]) -> Parameter { uuids(count: values.count) { values[$0] } }
    /// A `uuid[]` of the elements at 0 ..< `count`; nil is NULL.
    public static func uuids(count: Int, _ element: (Int) -> UUID128?) -> Parameter {
        array(
            .uuid,
            ArrayEncoding.fixed(count, width: 16, .uuid) { index, target in
                guard let value = element(index) else { return false }
                target.storeBytes(of: value.high.bigEndian, as: UInt64.self)
                target.storeBytes(of: value.low.bigEndian, toByteOffset: 8, as: UInt64.self)
                return true
            })
    }

    /// A `text[]`.
    public static func texts(_ values: [String]) -> Parameter {
        array(
            .text,
            ArrayEncoding.variable(values.count, .text, size: { values[$0].utf8.count }) { index, target in
                _ = target.initialize(from: values[index].utf8)
            })
    }

    /// A `text[]` with NULL elements.
    public static func texts(_ values: [String?]) -> Parameter {
        array(
            .text,
            ArrayEncoding.variable(values.count, .text, size: { values[$0]?.utf8.count }) { index, target in
                if let value = values[index] { _ = target.initialize(from: value.utf8) }
            })
    }

    /// A `bytea[]`; nil elements are NULL.
    public static func bytesArray(_ values: [[UInt8]?]) -> Parameter {
        array(
            .bytes,
            ArrayEncoding.variable(values.count, .bytes, size: { values[$0]?.count }) { index, target in
                if let value = values[index] { _ = target.initialize(from: value) }
            })
    }

    private static func array(_ element: ColumnType, _ encoded: [UInt8]) -> Parameter {
        Parameter(element.array, .bytes(encoded))
    }

    private static func integers<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ count: Int, _ type: ColumnType, _ element: (Int) -> Integer?
    ) -> Parameter {
        let width = MemoryLayout<Integer>.size
        return array(
            type,
            ArrayEncoding.fixed(count, width: width, type) { index, target in
                guard let value = element(index) else { return false }
                target.storeBytes(of: value.bigEndian, as: Integer.self)
                return true
            })
    }
}

/// PostgreSQL's binary form of one-dimensional arrays.
enum ArrayEncoding {
    private static let headerSize = 20

    /// Elements of one width. `put` writes an element, or answers false for NULL.
    static func fixed(
        _ count: Int, width: Int, _ type: ColumnType, _ put: (Int, UnsafeMutableRawPointer) -> Bool
    ) -> [UInt8] {
        guard count > 0 else { return empty(type) }
        return [UInt8](unsafeUninitializedCapacity: headerSize + count * (4 + width)) { buffer, used in
            guard let base = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
            var offset = headerSize
            var holdsNull = false
            for index in 0..<count {
                if put(index, base + offset + 4) {
                    base.storeBytes(of: Int32(width).bigEndian, toByteOffset: offset, as: Int32.self)
                    offset += 4 + width
                } else {
                    base.storeBytes(of: Int32(-1).bigEndian, toByteOffset: offset, as: Int32.self)
                    offset += 4
                    holdsNull = true
                }
            }
            writeHeader(base, count: count, holdsNull: holdsNull, type)
            used = offset
        }
    }

    /// Elements of their own sizes; a nil size is NULL.
    static func variable(
        _ count: Int, _ type: ColumnType, size: (Int) -> Int?, _ put: (Int, UnsafeMutableBufferPointer<UInt8>) -> Void
    ) -> [UInt8] {
        guard count > 0 else { return empty(type) }
        var total = headerSize
        for index in 0..<count { total += 4 + (size(index) ?? 0) }
        return [UInt8](unsafeUninitializedCapacity: total) { buffer, used in
            guard let base = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
            var offset = headerSize
            var holdsNull = false
            for index in 0..<count {
                guard let length = size(index) else {
                    base.storeBytes(of: Int32(-1).bigEndian, toByteOffset: offset, as: Int32.self)
                    offset += 4
                    holdsNull = true
                    continue
                }
                base.storeBytes(of: Int32(length).bigEndian, toByteOffset: offset, as: Int32.self)
                offset += 4
                put(index, UnsafeMutableBufferPointer(rebasing: buffer[offset..<offset + length]))
                offset += length
            }
            writeHeader(base, count: count, holdsNull: holdsNull, type)
            used = offset
        }
    }

    private static func empty(_ type: ColumnType) -> [UInt8] {
        [0, 0, 0, 0, 0, 0, 0, 0] + withUnsafeBytes(of: type.rawValue.bigEndian) { [UInt8]($0) }
    }

    private static func writeHeader(
        _ base: UnsafeMutableRawPointer, count: Int, holdsNull: Bool, _ type: ColumnType
    ) {
        let words: [UInt32] = [1, holdsNull ? 1 : 0, type.rawValue, UInt32(count), 1]
        for (index, word) in words.enumerated() {
            base.storeBytes(of: word.bigEndian, toByteOffset: index * 4, as: UInt32.self)
        }
    }
}
