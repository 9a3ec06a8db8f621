import Domain

/// One value of a row as the server sent it. Read it through ``ReadableRow``'s typed accessors.
public struct Field {
    let base: UnsafeRawPointer?
    let length: Int
    let type: ColumnType

    /// True for NULL.
    public var isNull: Bool { base == nil }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: length) }

    /// What an error message says about this value.
    var label: String { isNull ? "NULL" : type == .inferred ? "\(length) bytes" : type.label }

    /// An integer of any of the three widths.
    var integer: Int64? {
        guard let base else { return nil }
        switch (length, type) {
        case (2, .int2), (2, .inferred): return Int64(Int16(bigEndian: base.loadUnaligned(as: Int16.self)))
        case (4, .int4), (4, .inferred): return Int64(Int32(bigEndian: base.loadUnaligned(as: Int32.self)))
        case (8, .int8), (8, .inferred): return Int64(bigEndian: base.loadUnaligned(as: Int64.self))
        default: return nil
        }
    }

    var bool: Bool? {
        guard let base, length == 1, type == .bool || type == .inferred else { return nil }
        return base.load(as: UInt8.self) != 0
    }

    var uuid: UUID128? {
        guard let base, length == 16, type == .uuid || type == .inferred else { return nil }
        return UUID128(
            high: UInt64(bigEndian: base.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    /// Days since 1970-01-01; nil for the two infinities as well.
    var date: Int32? {
        guard let base, length == 4, type == .date || type == .inferred else { return nil }
        let days = Int32(bigEndian: base.loadUnaligned(as: Int32.self))
        guard days != .max, days != .min else { return nil }
        return days + Epoch.days
    }

    /// Microseconds since 1970-01-01T00:00:00Z; nil for the two infinities and for years beyond 294246.
    var timestamp: Int64? {
        guard let base, length == 8, type == .timestamptz || type == .timestamp || type == .inferred else { return nil }
        let microseconds = Int64(bigEndian: base.loadUnaligned(as: Int64.self))
        guard microseconds != .max, microseconds != .min else { return nil }
        let (sum, overflows) = microseconds.addingReportingOverflow(Epoch.microseconds)
        return overflows ? nil : sum
    }

    var text: String? {
        guard base != nil else { return nil }
        if type == .jsonb { return String(decoding: bytes.dropFirst(), as: UTF8.self) }
        return type.isText ? String(decoding: bytes, as: UTF8.self) : nil
    }

    /// The elements of a one-dimensional array of `element`; nil for anything else.
    func array(of element: ColumnType) -> [Field]? {
        guard let base, length >= 12, type == element.array || type == .inferred else { return nil }
        func word(_ offset: Int) -> Int {
            Int(Int32(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
        }
        if word(0) == 0 { return [] }
        guard word(0) == 1, length >= 20, word(8) == Int(element.rawValue) else { return nil }
        var fields: [Field] = []
        fields.reserveCapacity(word(12))
        var offset = 20
        for _ in 0..<word(12) {
            let size = word(offset)
            fields.append(Field(base: size < 0 ? nil : base + offset + 4, length: max(size, 0), type: element))
            offset += 4 + max(size, 0)
        }
        return fields
    }
}

extension Field {
    /// A `numeric` as decimal text with all its digits, such as `-12.50` or `NaN`.
    var numeric: String? {
        guard let base, length >= 8, type == .numeric || type == .inferred else { return nil }
        func half(_ index: Int) -> Int {
            Int(Int16(bigEndian: base.loadUnaligned(fromByteOffset: index * 2, as: Int16.self)))
        }
        let (groups, weight, sign, scale) = (half(0), half(1), UInt16(truncatingIfNeeded: half(2)), half(3))
        switch sign {
        case 0xC000: return "NaN"
        case 0xD000: return "Infinity"
        case 0xF000: return "-Infinity"
        default: break
        }
        guard length == 8 + groups * 2 else { return nil }
        func group(_ index: Int) -> Int { index >= 0 && index < groups ? half(4 + index) : 0 }

        var text = sign == 0x4000 ? "-" : ""
        text += weight < 0 ? "0" : "\(group(0))"
        for index in stride(from: 1, through: max(weight, 0), by: 1) { text += Self.fourDigits(group(index)) }
        guard scale > 0 else { return text }
        var fraction = ""
        var index = weight + 1
        if weight < 0 {
            fraction = String(repeating: "0", count: min((-weight - 1) * 4, scale))
            index = 0
        }
        while fraction.utf8.count < scale {
            fraction += Self.fourDigits(group(index))
            index += 1
        }
        return text + "." + fraction.prefix(scale)
    }

    private static func fourDigits(_ group: Int) -> String {
        let digits = "\(group)"
        return String(repeating: "0", count: 4 - digits.utf8.count) + digits
    }
}
