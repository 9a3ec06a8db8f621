public import Domain

/// The facts that a batch of records gives, ready to be produced: one buffer, and where each fact stands in it.
public struct FactBatch: Sendable {
    public struct Entry: Sendable {
        public var id: UUID128
        /// The key on the topic, `institution/kind/id`.
        public var key: Range<Int>
        public var value: Range<Int>
    }

    public internal(set) var bytes: [UInt8] = []
    public internal(set) var entries: [Entry] = []

    public init() {}

    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }

    /// Puts the trace of their record into the facts from `first` on, as their last member.
    ///
    /// - Parameter traceparent: a valid W3C `traceparent` of version 00.
    public mutating func trace(_ traceparent: String, from first: Int) {
        let member = Array(",\"traceparent\":\"\(traceparent)\"".utf8)
        for place in entries.indices.dropFirst(first) {
            let shift = (place - first) * member.count
            let (key, value) = (entries[place].key, entries[place].value)
            entries[place].key = key.lowerBound + shift..<key.upperBound + shift
            entries[place].value = value.lowerBound + shift..<value.upperBound + shift + member.count
            bytes.insert(contentsOf: member, at: value.upperBound + shift - 1)
        }
    }

    /// Takes back every fact after the first `count`.
    public mutating func keep(_ count: Int) {
        guard count < entries.count else { return }
        bytes.removeSubrange(entries[count].key.lowerBound...)
        entries.removeSubrange(count...)
    }
}

extension [UInt8] {
    /// A part of other bytes, in one copy.
    @inline(__always)
    mutating func append(_ source: borrowing [UInt8], _ slice: Slice) {
        unsafe source.withUnsafeBufferPointer {
            unsafe append(contentsOf: UnsafeBufferPointer(rebasing: $0[slice.range]))
        }
    }

    mutating func append(text: StaticString) {
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }

    mutating func append(uuid: UUID128) {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 36) { buffer in
            unsafe uuid.writeText(into: buffer)
            unsafe append(contentsOf: buffer)
        }
    }

    mutating func append(date: CalendarDate) {
        let (year, month, day) = date.civil
        append(twoDigits: year / 100)
        append(twoDigits: year % 100)
        append(UInt8(ascii: "-"))
        append(twoDigits: month)
        append(UInt8(ascii: "-"))
        append(twoDigits: day)
    }

    mutating func append(moment: Timestamp, offsetMinutes: Int) {
        append(date: moment.date(offsetMinutes: offsetMinutes))
        let time = moment.timeOfDay(offsetMinutes: offsetMinutes)
        let (seconds, fraction) = (Int(time / 1_000_000), Int(time % 1_000_000))
        append(UInt8(ascii: "T"))
        append(twoDigits: seconds / 3_600)
        append(UInt8(ascii: ":"))
        append(twoDigits: seconds / 60 % 60)
        append(UInt8(ascii: ":"))
        append(twoDigits: seconds % 60)
        append(UInt8(ascii: "."))
        append(twoDigits: fraction / 10_000)
        append(twoDigits: fraction / 100 % 100)
        append(twoDigits: fraction % 100)
        if offsetMinutes == 0 { return append(UInt8(ascii: "Z")) }
        append(offsetMinutes < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        append(twoDigits: abs(offsetMinutes) / 60)
        append(UInt8(ascii: ":"))
        append(twoDigits: abs(offsetMinutes) % 60)
    }

    mutating func append(quantity: Quantity) {
        let magnitude = quantity.tenThousandths.magnitude
        if quantity.tenThousandths < 0 { append(UInt8(ascii: "-")) }
        var whole = magnitude / 10_000
        var divisor: UInt64 = 1
        while whole / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(0x30 + UInt8(truncatingIfNeeded: whole / divisor))
            whole %= divisor
            divisor /= 10
        }
        let fraction = Int(magnitude % 10_000)
        guard fraction != 0 else { return }
        append(UInt8(ascii: "."))
        append(0x30 + UInt8(truncatingIfNeeded: fraction / 1_000))
        if fraction % 1_000 != 0 { append(0x30 + UInt8(truncatingIfNeeded: fraction / 100 % 10)) }
        if fraction % 100 != 0 { append(0x30 + UInt8(truncatingIfNeeded: fraction / 10 % 10)) }
        if fraction % 10 != 0 { append(0x30 + UInt8(truncatingIfNeeded: fraction % 10)) }
    }

    @inline(__always)
    private mutating func append(twoDigits value: Int) {
        append(0x30 + UInt8(truncatingIfNeeded: value / 10))
        append(0x30 + UInt8(truncatingIfNeeded: value % 10))
    }
}
