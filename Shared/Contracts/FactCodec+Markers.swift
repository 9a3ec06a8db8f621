public import Domain

/// What a message on the facts topic is, told by its first key.
public enum FactMessage: Sendable {
    case fact
    case periodMarker
    case schemePublished

    /// Looks at the first bytes only.
    public init(_ bytes: Span<UInt8>) {
        // One byte settles it for nearly every message.
        switch bytes.count > 2 ? bytes[2] : 0 {
        case UInt8(ascii: "m") where FactMessage.starts(bytes, #"{"marker":"#): self = .periodMarker
        case UInt8(ascii: "p") where FactMessage.starts(bytes, #"{"published":"#): self = .schemePublished
        default: self = .fact
        }
    }

    private static func starts(_ bytes: Span<UInt8>, _ text: String) -> Bool {
        var cursor = JSONCursor()
        return cursor.step(over: text, bytes)
    }
}

/// A scheme by institution and name, such as `dongguan-post/big-customer-centre`, in one version.
public struct SchemeReference: Hashable, Sendable {
    public var scheme: String
    public var version: Int

    public init(scheme: String, version: Int) {
        self.scheme = scheme
        self.version = version
    }
}

/// `gradus.period.marker.v1`: ends the facts that a close of a period sees, in one partition.
public struct PeriodMarker: Hashable, Sendable {
    public var marker: UUID128
    public var close: UUID128
    public var institution: String
    public var period: Period
    public var attempt: Int
    public var schemes: [SchemeReference]
    /// The highest number of `reference.assignment` that the close knows.
    public var assignments: Int64

    public init(
        close: UUID128, institution: String, period: Period, attempt: Int, partition: Int32,
        schemes: [SchemeReference], assignments: Int64
    ) {
        self.marker = DeterministicID.make("marker", close.description, String(attempt), String(partition))
        self.close = close
        self.institution = institution
        self.period = period
        self.attempt = attempt
        self.schemes = schemes
        self.assignments = assignments
    }

    /// The message's JSON.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(text: #"{"marker":"#)
        bytes.append(string: marker.description)
        bytes.append(text: #","close":"#)
        bytes.append(string: close.description)
        bytes.append(text: #","institution":"#)
        bytes.append(string: institution)
        bytes.append(text: #","period":"#)
        bytes.append(string: period.description)
        bytes.append(text: #","attempt":"#)
        bytes.append(contentsOf: String(attempt).utf8)
        bytes.append(text: #","schemes":["#)
        for (index, scheme) in schemes.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(text: #"{"scheme":"#)
            bytes.append(string: scheme.scheme)
            bytes.append(text: #","version":"#)
            bytes.append(contentsOf: String(scheme.version).utf8)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(text: #"],"assignments":"#)
        bytes.append(contentsOf: String(assignments).utf8)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// Reads exactly what ``encoded`` writes; throws where it differs.
    public init(_ bytes: Span<UInt8>) throws(FactRejection) {
        var reader = MarkerReader()
        try reader.step(#"{"marker":"#, bytes)
        marker = try reader.uuid(bytes)
        try reader.step(#","close":"#, bytes)
        close = try reader.uuid(bytes)
        try reader.step(#","institution":"#, bytes)
        institution = try reader.string(bytes)
        try reader.step(#","period":"#, bytes)
        let periodAt = reader.cursor.at
        guard let period = Period(try reader.string(bytes)) else {
            throw FactRejection(.impossibleDate, at: periodAt, field: "period")
        }
        self.period = period
        try reader.step(#","attempt":"#, bytes)
        attempt = Int(try reader.integer(bytes))
        try reader.step(#","schemes":["#, bytes)
        schemes = []
        while reader.cursor.step(over: #"{"scheme":"#, bytes) {
            let name = try reader.string(bytes)
            try reader.step(#","version":"#, bytes)
            schemes.append(SchemeReference(scheme: name, version: Int(try reader.integer(bytes))))
            try reader.step("}", bytes)
            _ = reader.cursor.step(over: ",", bytes)
        }
        try reader.step(#"],"assignments":"#, bytes)
        assignments = try reader.integer(bytes)
        try reader.end(bytes)
    }
}

/// `gradus.scheme.published.v1`: from here on a scheme's own series are kept, in one partition.
public struct SchemeMarker: Hashable, Sendable {
    public var published: UUID128
    public var institution: String
    public var scheme: SchemeReference

    public init(institution: String, scheme: SchemeReference, partition: Int32) {
        self.published = DeterministicID.make(
            "published", institution, scheme.scheme, String(scheme.version), String(partition))
        self.institution = institution
        self.scheme = scheme
    }

    /// The message's JSON.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(text: #"{"published":"#)
        bytes.append(string: published.description)
        bytes.append(text: #","institution":"#)
        bytes.append(string: institution)
        bytes.append(text: #","scheme":"#)
        bytes.append(string: scheme.scheme)
        bytes.append(text: #","version":"#)
        bytes.append(contentsOf: String(scheme.version).utf8)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// Reads exactly what ``encoded`` writes; throws where it differs.
    public init(_ bytes: Span<UInt8>) throws(FactRejection) {
        var reader = MarkerReader()
        try reader.step(#"{"published":"#, bytes)
        published = try reader.uuid(bytes)
        try reader.step(#","institution":"#, bytes)
        institution = try reader.string(bytes)
        try reader.step(#","scheme":"#, bytes)
        let name = try reader.string(bytes)
        try reader.step(#","version":"#, bytes)
        scheme = SchemeReference(scheme: name, version: Int(try reader.integer(bytes)))
        try reader.end(bytes)
    }
}

/// Markers are written by Gradus alone, so only their canonical form is read.
private struct MarkerReader {
    var cursor = JSONCursor()

    mutating func step(_ text: String, _ bytes: Span<UInt8>) throws(FactRejection) {
        guard cursor.step(over: text, bytes) else { throw FactRejection(.notJSON, at: cursor.at, field: "marker") }
    }

    mutating func string(_ bytes: Span<UInt8>) throws(FactRejection) -> String {
        cursor.text(bytes, try cursor.string(bytes))
    }

    mutating func uuid(_ bytes: Span<UInt8>) throws(FactRejection) -> UUID128 {
        let start = cursor.at
        guard let id = UUID128(try string(bytes)) else { throw FactRejection(.badID, at: start, field: "marker") }
        return id
    }

    mutating func integer(_ bytes: Span<UInt8>) throws(FactRejection) -> Int64 {
        let range = try cursor.number(bytes)
        guard let value = Int64(cursor.text(bytes, range)) else {
            throw FactRejection(.badAmount, at: Int(range.start), field: "marker")
        }
        return value
    }

    mutating func end(_ bytes: Span<UInt8>) throws(FactRejection) {
        try step("}", bytes)
        guard cursor.at == bytes.count else { throw FactRejection(.trailingBytes, at: cursor.at, field: "marker") }
    }
}
