public import Domain
public import Postgres
public import ScoringCore

/// Keeps results and their revisions. A result is final when its close is closed; before that it is a draft.
public struct ResultStore {
    let connection: Connection

    public init(_ connection: Connection) {
        self.connection = connection
    }

    /// A result with what the store needs beside it.
    public struct Entry: Sendable {
        public var number: Int32
        public var draft: ResultDraft
        public var close: UUID128
        public var partition: Int32
        public var cutOffset: Int64
        public var gaps: String
        public var trace: String?

        public init(
            number: Int32, draft: ResultDraft, close: UUID128, partition: Int32, cutOffset: Int64, gaps: String,
            trace: String?
        ) {
            self.number = number
            self.draft = draft
            self.close = close
            self.partition = partition
            self.cutOffset = cutOffset
            self.gaps = gaps
            self.trace = trace
        }
    }

    /// Writes drafts in bulk.
    public func insert(_ entries: [Entry]) throws {
        guard !entries.isEmpty else { return }
        let columns = [
            "subject", "institution", "scheme", "version", "period", "last_day", "revision", "close", "partition",
            "cut_offset", "score", "grade", "unit", "figures", "across", "effects", "gaps", "trace", "causes",
        ]
        let effects = try entries.map { try JSONText.text($0.draft.effects) }
        try connection.copyIn(table: "scoring.result", columns: columns) { writer throws(PostgresError) in
            for (entry, effects) in zip(entries, effects) {
                let draft = entry.draft
                writer.beginRow()
                writer.int4(entry.number)
                writer.text(draft.subject.institution)
                writer.text(draft.scheme)
                writer.int4(Int32(clamping: draft.version))
                writer.text(draft.period.description)
                writer.date(draft.period.last)
                writer.int4(Int32(draft.revision))
                writer.uuid(entry.close)
                writer.int2(Int16(entry.partition))
                writer.int8(entry.cutOffset)
                writer.optional(text: draft.score)
                writer.optional(text: draft.grade)
                writer.optional(text: draft.unit)
                writer.text(JSONText.object(draft.figures))
                writer.text(JSONText.object(draft.across))
                writer.text(effects)
                writer.text(entry.gaps)
                writer.optional(text: entry.trace)
                writer.uuids(draft.causes)
            }
        }
    }

    /// Removes what an earlier attempt of a close left in a partition.
    public func removeDrafts(of close: UUID128, partition: Int32) throws(PostgresError) {
        try connection.execute(
            "DELETE FROM scoring.result WHERE close = $1 AND partition = $2", [.uuid(close), .int2(Int16(partition))])
    }

    /// Removes what an attempt that failed left in all partitions.
    public func removeDrafts(of close: UUID128) throws(PostgresError) {
        try connection.execute("DELETE FROM scoring.result WHERE close = $1", [.uuid(close)])
    }

    private static let columns = """
        r.subject, s.institution, s.kind, s.id, r.scheme, r.version, r.period, r.revision, r.score, r.grade, r.unit,
        r.figures, r.across, r.effects, r.causes, r.close, r.partition, r.cut_offset, r.gaps
        """

    /// The latest final results of a scheme for a period, by subject.
    public func latest(
        _ scheme: String, _ period: Period, of subjects: [Int32]
    ) throws -> [Int32: Entry] {
        let rows = try connection.query(
            """
            SELECT DISTINCT ON (r.subject) \(Self.columns)
            FROM scoring.result r JOIN scoring.subject s ON s.no = r.subject
            JOIN scoring.close c ON c.id = r.close AND c.state = 'closed'
            WHERE r.subject = ANY($1) AND r.scheme = $2 AND r.period = $3
            ORDER BY r.subject, r.revision DESC
            """, [.int4s(subjects), .text(scheme), .text(period.description)])
        return Dictionary(try rows.map { try Self.entry($0) }.map { ($0.number, $0) }) { first, _ in first }
    }

    /// The schemes and periods that a close has drafts of, in chronological order.
    public func judged(by close: UUID128) throws -> [(scheme: String, version: Int, period: Period)] {
        let rows = try connection.query(
            """
            SELECT scheme, version, period FROM scoring.result WHERE close = $1
            GROUP BY scheme, version, period, last_day ORDER BY last_day, length(period) DESC, period, scheme, version
            """, [.uuid(close)])
        return try rows.compactMap { row in
            guard let period = Period(try row.text(2)) else { return nil }
            return (try row.text(0), Int(try row.int4(1)), period)
        }
    }

    /// The drafts of a close, one scheme and period at a time.
    public func drafts(of close: UUID128, _ scheme: String, _ period: Period) throws -> [Entry] {
        try connection.query(
            """
            SELECT \(Self.columns) FROM scoring.result r JOIN scoring.subject s ON s.no = r.subject
            WHERE r.close = $1 AND r.scheme = $2 AND r.period = $3 ORDER BY s.institution, s.kind, s.id
            """, [.uuid(close), .text(scheme), .text(period.description)]
        ).map { try Self.entry($0) }
    }

    /// The latest final results of a scheme for a period, of everybody.
    public func population(_ scheme: String, _ period: Period) throws -> [Entry] {
        try connection.query(
            """
            SELECT DISTINCT ON (r.subject) \(Self.columns)
            FROM scoring.result r JOIN scoring.subject s ON s.no = r.subject
            JOIN scoring.close c ON c.id = r.close AND c.state = 'closed'
            WHERE r.institution = $3 AND r.scheme = $1 AND r.period = $2 ORDER BY r.subject, r.revision DESC
            """,
            [.text(scheme), .text(period.description), .text(String(scheme.prefix { $0 != "/" }))]
        ).map { try Self.entry($0) }
    }

    /// Adds to drafts what the comparison with others gave.
    public func setAcross(_ entries: [Entry], close: UUID128) throws(PostgresError) {
        guard let first = entries.first else { return }
        try connection.execute(
            """
            UPDATE scoring.result r SET across = n.across
            FROM unnest($1::int4[], $2::text[]) AS n (subject, across)
            WHERE r.subject = n.subject AND r.close = $3 AND r.scheme = $4 AND r.period = $5
            """,
            [
                .int4s(entries.map(\.number)), .texts(entries.map { JSONText.object($0.draft.across) }), .uuid(close),
                .text(first.draft.scheme), .text(first.draft.period.description),
            ])
    }

    private static func object(_ text: String) throws -> [String: String] {
        text == "{}" ? [:] : try JSONText.decode([String: String].self, text)
    }

    private static func effects(_ text: String) throws -> [EffectRecord] {
        text == "[]" ? [] : try JSONText.decode([EffectRecord].self, text)
    }

    private static func entry(_ row: Row) throws -> Entry {
        guard let kind = SubjectKind(rawValue: try row.text(2)), let period = Period(try row.text(6)) else {
            throw ScoringFault.unreadableResult
        }
        let draft = ResultDraft(
            subject: Subject(institution: try row.text(1), kind: kind, id: try row.text(3)), scheme: try row.text(4),
            version: Int(try row.int4(5)), period: period, revision: Int(try row.int4(7)),
            score: try row.optionalText(8), grade: try row.optionalText(9), unit: try row.optionalText(10),
            figures: try object(try row.text(11)), across: try object(try row.text(12)),
            effects: try effects(try row.text(13)), causes: try row.uuids(14))
        return Entry(
            number: try row.int4(0), draft: draft, close: try row.uuid(15), partition: Int32(try row.int2(16)),
            cutOffset: try row.int8(17), gaps: try row.text(18), trace: nil)
    }
}

extension CopyWriter {
    mutating func optional(text: String?) {
        if let text { self.text(text) } else { null() }
    }

    /// A one-dimensional array in PostgreSQL's binary form.
    mutating func uuids(_ values: [UUID128]) {
        var bytes: [UInt8] = []
        func append(_ value: Int32) {
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
        }
        append(values.isEmpty ? 0 : 1)
        append(0)
        append(2950)
        if !values.isEmpty {
            append(Int32(values.count))
            append(1)
        }
        for value in values {
            append(16)
            for word in [value.high, value.low] {
                bytes += (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
            }
        }
        self.bytes(bytes)
    }
}
