/// A growing buffer that is filled, sent and filled again.
final class ByteBuffer {
    private(set) var base: UnsafeMutableRawPointer
    private(set) var capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = capacity
        self.base = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit {
        base.deallocate()
    }

    func removeAll() {
        count = 0
    }

    /// Makes room for `size` more bytes and counts them as used; the caller fills them.
    func extend(by size: Int) -> UnsafeMutableRawPointer {
        if count + size > capacity { grow(to: count + size) }
        defer { count += size }
        return base + count
    }

    func append(_ bytes: UnsafeRawBufferPointer) {
        let target = extend(by: bytes.count)
        if let source = bytes.baseAddress { target.copyMemory(from: source, byteCount: bytes.count) }
    }

    func append(byte: UInt8) {
        extend(by: 1).storeBytes(of: byte, as: UInt8.self)
    }

    private func grow(to needed: Int) {
        let larger = max(needed, capacity * 2)
        let replacement = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        replacement.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = replacement
        capacity = larger
    }
}
