import Contracts
import Domain

/// Reads one record after another of one source into a ``draft`` or a ``reference``, by a compiled plan.
///
/// The working bytes hold the plan's constants, then the record's envelope and data, then texts whose escapes were
/// resolved. Everything the draft names is a part of them, so that a record costs no allocation once the buffers are
/// warm.
public struct RecordReader: Sendable {
    /// What a record turned out to be.
    public enum Reading: Hashable, Sendable { case fact, reference, rejected }

    /// Longer records are refused.
    public static let maximumBytes = 1_000_000

    public let source: CompiledSource
    var work: [UInt8]
    var tape = JSONTape()
    var slots: [JSONToken]
    /// Where the data starts in the working bytes; the tape's positions count from here.
    var base = 0
    public internal(set) var draft = Draft()
    public internal(set) var reference: ReferenceRecord?
    public internal(set) var problems: [RecordProblem] = []
    /// The record's own id, as far as it could be read.
    public var recordID: String { draft.eventID.isEmpty ? "" : string(draft.eventID) }
    /// The trace that a CloudEvent in structured mode names, as it stands there.
    public internal(set) var traceparent: String?
    var attributeItems: [AttributeItem] = []

    struct AttributeItem {
        var name: Slice
        var value: Slice
        var kind: Constant.Kind
        /// Needs no escapes.
        var isPlain: Bool
    }

    static let absent = JSONToken(kind: .null, start: 0, end: -1, next: 0)

    public init(_ source: CompiledSource) {
        self.source = source
        work = source.pool
        work.reserveCapacity(source.pool.count + 65_536)
        slots = Array(repeating: Self.absent, count: source.slotCount)
    }

    /// Reads one record.
    ///
    /// - Parameters:
    ///   - message: the JSON; for a CloudEvents envelope in structured mode the whole event.
    ///   - envelope: the CloudEvents attributes of binary mode (`id`, `type`, …); `nil` for structured mode and plain
    /// JSON.
    /// - Returns: which of ``draft``, ``reference`` and ``problems`` holds the result.
    public mutating func read(_ message: Span<UInt8>, envelope: [(name: String, value: String)]? = nil) -> Reading {
        start()
        guard message.count <= Self.maximumBytes else {
            return reject(.tooLarge, "the record has \(message.count) bytes; at most \(Self.maximumBytes) are read")
        }
        if let envelope { take(envelope) }
        base = work.count
        do {
            try tape.scan(message)
        } catch {
            return reject(.notJSON, "\(error) (\(error.code))")
        }
        guard tape.tokens[0].kind == .object else { return reject(.notAnObject, "the record is not an object") }
        unsafe message.withUnsafeBufferPointer { unsafe work.append(contentsOf: $0) }
        if source.isEnveloped, envelope == nil {
            walkEnvelope()
        } else {
            walk(0, CompiledSource.dataRoot)
        }
        guard problems.isEmpty else { return .rejected }
        return interpret()
    }

    private mutating func start() {
        work.removeSubrange(source.pool.count...)
        problems.removeAll(keepingCapacity: true)
        for index in slots.indices { slots[index] = Self.absent }
        reference = nil
        traceparent = nil
        draft = Draft()
    }

    private mutating func take(_ envelope: [(name: String, value: String)]) {
        for (name, value) in envelope {
            let start = work.count
            work.append(contentsOf: value.utf8)
            let token = JSONToken(kind: .string, start: start, end: work.count, next: 0)
            for child in source.nodes[CompiledSource.envelopeRoot].children
            where work[child.name.range].elementsEqual(name.utf8) {
                let slot = source.nodes[child.node].slot
                if slot >= 0 { slots[slot] = token }
            }
        }
    }

    /// Structured mode: the attributes are members beside `data`.
    private mutating func walkEnvelope() {
        walk(0, CompiledSource.envelopeRoot)
        guard isVersionOne else {
            problems.append(RecordProblem(.notCloudEvents, at: "/specversion", "specversion is not 1.0"))
            return
        }
        traceparent = member("traceparent").map { JSONTape.text(tape.tokens[$0], of: work.span.extracting(base...)) }
        guard let data = member("data"), tape.tokens[data].kind == .object else {
            problems.append(RecordProblem(.missing, at: "/data", "the event has no data object"))
            return
        }
        walk(data, CompiledSource.dataRoot)
    }

    private var isVersionOne: Bool {
        guard let version = member("specversion") else { return false }
        return JSONTape.text(tape.tokens[version], of: work.span.extracting(base...)) == "1.0"
    }

    private func member(_ name: String) -> Int? {
        tape.member(name, of: 0, in: work.span.extracting(base...))
    }

    /// Puts every member that the plan names into its slot.
    private mutating func walk(_ object: Int, _ node: Int) {
        var index = object + 1
        let end = Int(tape.tokens[object].next)
        var expected = 0
        while index < end {
            let value = tape.tokens[index + 1]
            if let child = child(of: node, named: tape.tokens[index], expected: &expected) {
                let slot = source.nodes[child].slot
                if slot >= 0 { put(value, into: slot) }
                if value.kind == .object, !source.nodes[child].children.isEmpty { walk(index + 1, child) }
            }
            index = Int(value.next)
        }
    }

    private mutating func put(_ value: JSONToken, into slot: Int) {
        guard slots[slot].end < 0 else {
            problems.append(RecordProblem(.givenTwice, "a member is given twice"))
            return
        }
        guard value.kind != .null else { return }
        slots[slot] = value
        slots[slot].start += Int32(truncatingIfNeeded: base)
        slots[slot].end += Int32(truncatingIfNeeded: base)
    }

    /// Records of one stream mostly have their members in one order, so the next name expected is tried first.
    @inline(__always)
    private func child(of node: Int, named token: JSONToken, expected: inout Int) -> Int? {
        let children = source.nodes[node].children
        let count = children.count
        for step in 0..<count {
            var index = expected + step
            if index >= count { index -= count }
            if equals(token, children[index].name) {
                expected = index + 1 == count ? 0 : index + 1
                return children[index].node
            }
        }
        return nil
    }

    @inline(__always)
    private func equals(_ token: JSONToken, _ name: Slice) -> Bool {
        let count = Int(token.end - token.start)
        guard !token.isEscaped else {
            return JSONTape.text(token, of: work.span.extracting(base...)) == string(name)
        }
        guard count == Int(name.count) else { return false }
        let (start, expected) = (Int(token.start) + base, Int(name.start))
        for index in 0..<count where work[start + index] != work[expected + index] { return false }
        return true
    }

    mutating func reject(_ code: ProblemCode, at path: String = "", _ message: String) -> Reading {
        problems.append(RecordProblem(code, at: path, message))
        return .rejected
    }

    func string(_ slice: Slice) -> String { String(decoding: work[slice.range], as: UTF8.self) }
}
