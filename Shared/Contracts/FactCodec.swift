public import Domain

/// The canonical JSON of a fact: one key order, no white space, absent values left out.
public enum FactCodec {
    /// The longest message that is read as a fact.
    public static let maximumBytes = 65_536

    /// Appends the canonical form of `fact`. Equal facts have equal bytes.
    ///
    /// It writes what it is given; ``decode(_:)`` says whether that is a valid fact.
    public static func encode(_ fact: Fact, into buffer: inout [UInt8]) {
        buffer.append(text: #"{"id":""#)
        buffer.append(uuid: fact.id)
        buffer.append(text: #"","institution":"#)
        buffer.append(string: fact.subject.institution)
        buffer.append(text: #","kind":"#)
        buffer.append(string: fact.subject.kind.rawValue)
        buffer.append(text: #","subject":"#)
        buffer.append(string: fact.subject.id)
        buffer.append(text: #","type":"#)
        buffer.append(string: fact.type)
        buffer.append(text: #","businessDate":""#)
        buffer.append(date: fact.businessDate)
        buffer.append(text: #"","occurredAt":""#)
        buffer.append(moment: fact.occurredAt, offsetMinutes: fact.offsetMinutes)
        buffer.append(UInt8(ascii: "\""))
        if fact.sign < 0 { buffer.append(text: #","sign":-1"#) }
        if let reverses = fact.reverses {
            buffer.append(text: #","reverses":""#)
            buffer.append(uuid: reverses)
            buffer.append(UInt8(ascii: "\""))
        }
        if let amount = fact.amount {
            buffer.append(text: #","amount":""#)
            buffer.append(quantity: amount)
            buffer.append(UInt8(ascii: "\""))
        }
        buffer.append(key: #","unit":"#, fact.unit)
        buffer.append(key: #","customer":"#, fact.customer)
        buffer.append(key: #","assignment":"#, fact.assignment)
        buffer.append(key: #","share":"#, fact.share)
        buffer.append(key: #","source":"#, fact.source)
        buffer.append(key: #","sourceId":"#, fact.sourceID)
        if !fact.attributes.isEmpty { buffer.append(attributes: fact.attributes) }
        buffer.append(UInt8(ascii: "}"))
    }

    /// The whole fact with its attributes, or why the bytes are not one.
    public static func decode(_ bytes: Span<UInt8>) throws(FactRejection) -> Fact {
        Fact(try FactScanner().scan(bytes), of: bytes)
    }

    /// The W3C trace that a fact came on; `nil` when it names none.
    public static func traceparent(_ bytes: Span<UInt8>) -> String? {
        guard let view = try? FactScanner().scan(bytes), !view.traceparent.isEmpty else { return nil }
        return text(view.traceparent, in: bytes)
    }

    /// The attributes of a scanned fact.
    public static func attributes(of view: FactView, in bytes: Span<UInt8>) -> [String: AttributeValue] {
        guard !view.attributes.isEmpty else { return [:] }
        var cursor = JSONCursor(at: Int(view.attributes.start))
        var found: [String: AttributeValue] = [:]
        // The scanner has accepted these bytes, so that walking them again cannot fail.
        try? FactAttributes.walk(&cursor, bytes) { key, range in
            found[key] = AttributeValue(range, in: bytes)
        }
        return found
    }

    /// The text of a range of a scanned fact, without escapes.
    public static func text(_ range: ByteRange, in bytes: Span<UInt8>) -> String {
        JSONCursor().text(bytes, range)
    }
}

extension Fact {
    /// The fact that `view` was read from.
    public init(_ view: FactView, of bytes: Span<UInt8>) {
        func text(_ range: ByteRange) -> String { FactCodec.text(range, in: bytes) }
        func optional(_ range: ByteRange) -> String? { range.isEmpty ? nil : text(range) }
        self.init(
            id: view.id,
            subject: Subject(institution: text(view.institution), kind: view.kind, id: text(view.subject)),
            type: text(view.type), businessDate: view.businessDate, occurredAt: view.occurredAt,
            offsetMinutes: view.offsetMinutes, sign: view.sign, reverses: view.reverses, amount: view.amount,
            unit: optional(view.unit), customer: optional(view.customer), assignment: optional(view.assignment),
            share: optional(view.share), source: text(view.source), sourceID: text(view.sourceID),
            attributes: FactCodec.attributes(of: view, in: bytes))
    }
}

extension AttributeValue {
    fileprivate init(_ range: ByteRange, in bytes: Span<UInt8>) {
        switch bytes[Int(range.start)] {
        case UInt8(ascii: "\""):
            let inner = ByteRange(start: Int(range.start) + 1, count: Int(range.count) - 2)
            self = .text(FactCodec.text(inner, in: bytes))
        case UInt8(ascii: "t"): self = .flag(true)
        case UInt8(ascii: "f"): self = .flag(false)
        default: self = .number(FactCodec.text(range, in: bytes))
        }
    }
}
