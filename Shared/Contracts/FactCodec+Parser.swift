import Domain

/// Reads a fact in any key order, with white space and escapes; the only place that rejects facts.
struct FactParser {
    private var cursor = JSONCursor()
    private var view = FactView()
    private var seen: Set<String> = []

    static func parse(_ bytes: Span<UInt8>) throws(FactRejection) -> FactView {
        guard !bytes.isEmpty else { throw FactRejection(.empty, at: 0) }
        guard UTF8Check.isValid(bytes) else {
            throw FactRejection(.notUTF8, at: Self.firstInvalid(bytes))
        }
        var parser = FactParser()
        return try parser.fact(bytes)
    }

    private mutating func fact(_ bytes: Span<UInt8>) throws(FactRejection) -> FactView {
        cursor.skipBlanks(bytes)
        try cursor.require(UInt8(ascii: "{"), bytes)
        cursor.skipBlanks(bytes)
        if cursor.peek(bytes) == UInt8(ascii: "}") { throw FactRejection(.missingKey, at: cursor.at, field: "id") }
        repeat {
            cursor.skipBlanks(bytes)
            let start = cursor.at
            let keyRange = try cursor.string(bytes)
            let key = cursor.text(bytes, keyRange)
            guard seen.insert(key).inserted else { throw FactRejection(.duplicateKey, at: start, field: nil) }
            cursor.skipBlanks(bytes)
            try cursor.require(UInt8(ascii: ":"), bytes)
            cursor.skipBlanks(bytes)
            try value(of: key, at: start, bytes)
            cursor.skipBlanks(bytes)
        } while cursor.step(over: UInt8(ascii: ","), bytes)
        try cursor.require(UInt8(ascii: "}"), bytes)
        cursor.skipBlanks(bytes)
        guard cursor.at == bytes.count else { throw FactRejection(.trailingBytes, at: cursor.at) }
        try checkComplete()
        return view
    }

    private func checkComplete() throws(FactRejection) {
        let required = [
            "id", "institution", "kind", "subject", "type", "businessDate", "occurredAt", "source", "sourceId",
        ]
        for key in required where !seen.contains(key) {
            throw FactRejection(.missingKey, at: cursor.at, field: key)
        }
        if view.sign < 0, view.reverses == nil { throw FactRejection(.badSign, at: cursor.at, field: "reverses") }
    }

    private mutating func value(of key: String, at start: Int, _ bytes: Span<UInt8>) throws(FactRejection) {
        switch key {
        case "id": view.id = try uuid("id", bytes)
        case "reverses": view.reverses = try uuid("reverses", bytes)
        case "businessDate":
            let range = try text(key, bytes)
            guard let date = FactField.date(bytes, range) else { throw refusal(.impossibleDate, range, key) }
            view.businessDate = date
        case "occurredAt":
            let range = try text(key, bytes)
            guard let (moment, offset) = FactField.moment(bytes, range) else {
                throw refusal(.impossibleDate, range, key)
            }
            view.occurredAt = moment
            view.offsetMinutes = offset
        case "amount":
            let range = try text(key, bytes)
            guard let amount = FactField.amount(bytes, range) else { throw refusal(.badAmount, range, key) }
            view.amount = amount
        case "sign": view.sign = try sign(bytes)
        case "attributes":
            let open = cursor.at
            try FactAttributes.walk(&cursor, bytes) { _, _ in }
            guard let range = FactField.attributes(from: open, to: cursor.at) else {
                throw FactRejection(.tooLarge, at: open, field: key)
            }
            view.attributes = range
        default: try reference(key, at: start, bytes)
        }
    }

    private mutating func reference(_ key: String, at start: Int, _ bytes: Span<UInt8>) throws(FactRejection) {
        let isKnown = [
            "institution", "kind", "subject", "type", "unit", "customer", "assignment", "share", "source", "sourceId",
            "traceparent",
        ].contains(key)
        guard isKnown else { throw FactRejection(.unknownKey, at: start) }
        let range = key == "sourceId" ? try string(key, bytes) : try text(key, bytes)
        let isAccepted: Bool
        switch key {
        case "institution":
            isAccepted = FactField.isInstitution(bytes, range)
            view.institution = range
        case "kind":
            let kind = FactField.kind(bytes, range)
            isAccepted = kind != nil
            view.kind = kind ?? .manager
        case "subject":
            isAccepted = FactField.isSubject(bytes, range)
            view.subject = range
        case "type":
            isAccepted = FactField.isType(bytes, range)
            view.type = range
        case "unit":
            isAccepted = FactField.isUnit(range)
            view.unit = range
        case "share":
            isAccepted = FactField.isShare(bytes, range)
            view.share = range
        case "traceparent":
            isAccepted = FactField.isTraceparent(bytes, range)
            view.traceparent = range
        case "customer":
            isAccepted = FactField.isReference(range)
            view.customer = range
        case "assignment":
            isAccepted = FactField.isReference(range)
            view.assignment = range
        case "source":
            isAccepted = FactField.isReference(range)
            view.source = range
        default:
            isAccepted = FactField.isSourceID(range)
            view.sourceID = range
        }
        guard isAccepted else { throw refusal(.badReference, range, key) }
    }

    private func refusal(_ reason: FactRejection.Reason, _ range: ByteRange, _ field: String) -> FactRejection {
        FactRejection(reason, at: Int(range.start), field: field)
    }

    private mutating func string(_ field: String, _ bytes: Span<UInt8>) throws(FactRejection) -> ByteRange {
        guard let first = cursor.peek(bytes) else { throw FactRejection(.notJSON, at: cursor.at, field: field) }
        guard first == UInt8(ascii: "\"") else {
            throw FactRejection(cursor.startsValue(first) ? .wrongType : .notJSON, at: cursor.at, field: field)
        }
        return try cursor.string(bytes)
    }

    /// A string that may hold no escapes, so that equal references have equal bytes.
    private mutating func text(_ field: String, _ bytes: Span<UInt8>) throws(FactRejection) -> ByteRange {
        let range = try string(field, bytes)
        for index in range.range where bytes[index] == UInt8(ascii: "\\") {
            throw FactRejection(.badReference, at: index, field: field)
        }
        return range
    }

    private mutating func uuid(_ field: String, _ bytes: Span<UInt8>) throws(FactRejection) -> UUID128 {
        let range = try text(field, bytes)
        guard let id = UUID128(utf8: bytes.extracting(range.range)) else { throw refusal(.badID, range, field) }
        return id
    }

    private mutating func sign(_ bytes: Span<UInt8>) throws(FactRejection) -> Int {
        let start = cursor.at
        guard let first = cursor.peek(bytes), first == UInt8(ascii: "-") || first &- 0x30 <= 9 else {
            throw FactRejection(.wrongType, at: start, field: "sign")
        }
        let range = try cursor.number(bytes)
        if FactField.equals(bytes, range, "-1") { return -1 }
        guard FactField.equals(bytes, range, "1") else { throw FactRejection(.badSign, at: start, field: "sign") }
        return 1
    }

    private static func firstInvalid(_ bytes: Span<UInt8>) -> Int {
        var valid = 0
        var upper = bytes.count
        // A prefix may end inside a character; then it counts as invalid and the search settles a few bytes earlier.
        while valid < upper {
            let middle = (valid + upper + 1) / 2
            if UTF8Check.isValid(bytes.extracting(0..<middle)) { valid = middle } else { upper = middle - 1 }
        }
        return valid
    }
}

/// The flat object of an institution's own values.
enum FactAttributes {
    /// Steps over an object of strings, numbers and booleans, giving each key and value by position.
    static func walk(
        _ cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ body: (String, ByteRange) -> Void
    ) throws(FactRejection) {
        guard let first = cursor.peek(bytes) else { throw FactRejection(.notJSON, at: cursor.at, field: "attributes") }
        guard first == UInt8(ascii: "{") else {
            throw FactRejection(cursor.startsValue(first) ? .wrongType : .notJSON, at: cursor.at, field: "attributes")
        }
        cursor.at += 1
        cursor.skipBlanks(bytes)
        if cursor.step(over: UInt8(ascii: "}"), bytes) { return }
        var keys: Set<String> = []
        repeat {
            cursor.skipBlanks(bytes)
            let start = cursor.at
            let range = try cursor.string(bytes)
            let key = cursor.text(bytes, range)
            guard !range.isEmpty, range.count <= UInt32(FactField.maximumKey) else {
                throw FactRejection(.badReference, at: start, field: "attributes")
            }
            guard keys.insert(key).inserted else { throw FactRejection(.duplicateKey, at: start, field: "attributes") }
            cursor.skipBlanks(bytes)
            try cursor.require(UInt8(ascii: ":"), bytes)
            cursor.skipBlanks(bytes)
            body(key, try scalar(&cursor, bytes))
            cursor.skipBlanks(bytes)
        } while cursor.step(over: UInt8(ascii: ","), bytes)
        try cursor.require(UInt8(ascii: "}"), bytes)
    }

    /// A string with its quotes, a number or a boolean, by position.
    private static func scalar(_ cursor: inout JSONCursor, _ bytes: Span<UInt8>) throws(FactRejection) -> ByteRange {
        let start = cursor.at
        guard let first = cursor.peek(bytes) else { throw FactRejection(.notJSON, at: start, field: "attributes") }
        switch first {
        case UInt8(ascii: "\""): _ = try cursor.string(bytes)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): _ = try cursor.number(bytes)
        case UInt8(ascii: "t") where cursor.step(over: "true", bytes): break
        case UInt8(ascii: "f") where cursor.step(over: "false", bytes): break
        default:
            throw FactRejection(cursor.startsValue(first) ? .wrongType : .notJSON, at: start, field: "attributes")
        }
        return ByteRange(start: start, count: cursor.at - start)
    }
}
