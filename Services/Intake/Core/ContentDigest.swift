public import Domain

/// A 128-bit digest of texts and numbers (SipHash-1-3 with a fixed key), to know a record again without keeping it.
///
/// Each text is absorbed with its length, so that no two sequences of texts share one reading.
public struct ContentDigest: Sendable {
    private var v0: UInt64 = 0x736F_6D65_7073_6575 ^ 0x6772_6164_7573_2E69
    private var v1: UInt64 = 0x646F_7261_6E64_6F6D ^ 0x6E74_616B_652E_7631 ^ 0xEE
    private var v2: UInt64 = 0x6C79_6765_6E65_7261 ^ 0x6772_6164_7573_2E69
    private var v3: UInt64 = 0x7465_6462_7974_6573 ^ 0x6E74_616B_652E_7631

    public init() {}

    public mutating func absorb(_ word: UInt64) {
        v3 ^= word
        round()
        v0 ^= word
    }

    /// Absorbs a text with its length.
    public mutating func absorb(_ bytes: Span<UInt8>) {
        let raw = unsafe bytes.bytes
        var position = 0
        while position + 8 <= bytes.count {
            absorb(unsafe UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)))
            position += 8
        }
        var tail = UInt64(truncatingIfNeeded: bytes.count) << 56
        var shift: UInt64 = 0
        while position < bytes.count {
            tail |= UInt64(bytes[position]) << shift
            shift += 8
            position += 1
        }
        absorb(tail)
    }

    public mutating func absorb(_ text: String) { absorb(text.utf8Span.span) }

    /// The digest; nothing may be absorbed afterwards.
    public mutating func finish() -> UUID128 {
        v2 ^= 0xEE
        for _ in 0..<3 { round() }
        let high = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xDD
        for _ in 0..<3 { round() }
        return UUID128(high: high, low: v0 ^ v1 ^ v2 ^ v3)
    }

    @inline(__always)
    private mutating func round() {
        v0 &+= v1
        v1 = v1 << 13 | v1 >> 51
        v1 ^= v0
        v0 = v0 << 32 | v0 >> 32
        v2 &+= v3
        v3 = v3 << 16 | v3 >> 48
        v3 ^= v2
        v0 &+= v3
        v3 = v3 << 21 | v3 >> 43
        v3 ^= v0
        v2 &+= v1
        v1 = v1 << 17 | v1 >> 47
        v1 ^= v2
        v2 = v2 << 32 | v2 >> 32
    }
}
