/// Numbers of texts that arrive as bytes, such as subjects and fact types; finding one makes no object.
public struct ReferenceTable: Sendable {
    private struct Entry {
        let hash: UInt64
        let start: Int
        let count: Int
        let number: Int32
    }

    private var entries: [Entry] = []
    private var bytes: [UInt8] = []
    /// Indices into `entries`, plus one; zero is free. The count is a power of two.
    private var slots = [UInt32](repeating: 0, count: 64)

    public init() {}

    public var count: Int { entries.count }

    /// The number that `key` was given, or `nil`.
    public func number(of key: Span<UInt8>) -> Int32? {
        let hash = Self.hash(key)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) - 1]
            if entry.hash == hash, matches(entry, key) { return entry.number }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Remembers a number; a key that is already known keeps the one it has.
    public mutating func insert(_ key: Span<UInt8>, number: Int32) {
        guard self.number(of: key) == nil else { return }
        if entries.count * 2 >= slots.count { grow() }
        let hash = Self.hash(key)
        entries.append(Entry(hash: hash, start: bytes.count, count: key.count, number: number))
        for index in key.indices { bytes.append(key[index]) }
        place(entries.count, hash)
    }

    /// Remembers the number of a text.
    public mutating func insert(_ key: String, number: Int32) {
        insert(key.utf8Span.span, number: number)
    }

    public mutating func removeAll() { self = ReferenceTable() }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for index in entries.indices { place(index + 1, entries[index].hash) }
    }

    private mutating func place(_ position: Int, _ hash: UInt64) {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(position)
    }

    private func matches(_ entry: Entry, _ key: Span<UInt8>) -> Bool {
        guard entry.count == key.count else { return false }
        let known = bytes.span
        var index = 0
        while index + 8 <= key.count {
            guard Self.word(known, entry.start + index) == Self.word(key, index) else { return false }
            index += 8
        }
        while index < key.count {
            guard known[entry.start + index] == key[index] else { return false }
            index += 1
        }
        return true
    }

    private static func hash(_ key: Span<UInt8>) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: key.count) &* 0x9E37_79B9_7F4A_7C15
        var index = 0
        while index + 8 <= key.count {
            hash = (hash ^ word(key, index)) &* 0xC2B2_AE3D_27D4_EB4F
            hash ^= hash >> 29
            index += 8
        }
        while index < key.count {
            hash = (hash ^ UInt64(key[index])) &* 0x0000_0100_0000_01B3
            index += 1
        }
        return hash ^ (hash >> 32)
    }

    /// Eight bytes from `index` on, which the caller knows to be there.
    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt64 {
        let raw = unsafe bytes.bytes
        return unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
    }
}
