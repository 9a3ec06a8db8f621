public import Domain

extension CopyWriter {
    /// A `uuid[]`.
    public mutating func uuids(_ values: [UUID128]) {
        var field = ArrayField(count: values.count, elementType: 2950)
        for value in values {
            field.append(Int32(16))
            field.append(value.high)
            field.append(value.low)
        }
        bytes(field.bytes)
    }

    /// A `text[]`.
    public mutating func texts(_ values: [String]) {
        var field = ArrayField(count: values.count, elementType: 25)
        for value in values {
            field.append(Int32(truncatingIfNeeded: value.utf8.count))
            field.bytes.append(contentsOf: value.utf8)
        }
        bytes(field.bytes)
    }
}

/// A one-dimensional array without NULLs in PostgreSQL's binary form.
private struct ArrayField {
    var bytes: [UInt8] = []

    init(count: Int, elementType: Int32) {
        append(Int32(count == 0 ? 0 : 1))
        append(Int32(0))
        append(elementType)
        guard count > 0 else { return }
        append(Int32(truncatingIfNeeded: count))
        append(Int32(1))
    }

    mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
