/// A W3C trace context: the identity an event keeps from input to output, in the `traceparent` header.
public struct TraceContext: Hashable, Sendable, CustomStringConvertible {
    /// The upper and lower half of the trace's id; never both zero.
    public let traceHigh: UInt64
    /// The lower half of the trace's id.
    public let traceLow: UInt64
    /// The id of this step of the trace; never zero.
    public let span: UInt64
    /// The flags; bit 0 says that the trace is recorded.
    public let flags: UInt8

    private init(traceHigh: UInt64, traceLow: UInt64, span: UInt64, flags: UInt8) {
        self.traceHigh = traceHigh
        self.traceLow = traceLow
        self.span = span
        self.flags = flags
    }

    /// Begins a trace with random ids.
    public static func start() -> TraceContext {
        TraceContext(
            traceHigh: .random(in: 0...UInt64.max), traceLow: .random(in: 1...UInt64.max),
            span: .random(in: 1...UInt64.max), flags: 1)
    }

    /// The next step of the same trace.
    public func child() -> TraceContext {
        TraceContext(
            traceHigh: traceHigh, traceLow: traceLow, span: .random(in: 1...UInt64.max), flags: flags)
    }

    /// Reads a `traceparent` header; nil if it is malformed, so that the caller starts a new trace.
    ///
    /// A later version of the format may have more parts after the flags, which are ignored, as the standard says.
    public init?(traceparent text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 55, bytes[2] == 0x2D, bytes[35] == 0x2D, bytes[52] == 0x2D,
            let version = TraceContext.hex(bytes[0..<2]), version != 0xFF,
            bytes.count == 55 || (version > 0 && bytes[55] == 0x2D),
            let high = TraceContext.hex(bytes[3..<19]), let low = TraceContext.hex(bytes[19..<35]),
            let span = TraceContext.hex(bytes[36..<52]), let flags = TraceContext.hex(bytes[53..<55]),
            (high | low) != 0, span != 0
        else { return nil }
        self.init(traceHigh: high, traceLow: low, span: span, flags: UInt8(truncatingIfNeeded: flags))
    }

    /// The header's text: `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`.
    public var traceparent: String {
        let trace = TraceContext.text(traceHigh, 16) + TraceContext.text(traceLow, 16)
        return "00-\(trace)-\(TraceContext.text(span, 16))-\(TraceContext.text(UInt64(flags), 2))"
    }

    /// The same as ``traceparent``.
    public var description: String { traceparent }

    /// Lower-case digits only: the standard forbids upper case.
    private static func hex(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: value = value << 4 | UInt64(digit - 0x30)
            case 0x61...0x66: value = value << 4 | UInt64(digit - 0x61 + 10)
            default: return nil
            }
        }
        return value
    }

    private static func text(_ value: UInt64, _ width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: width - digits.count) + digits
    }
}
