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
        let effects = try entries.map { try EffectText.bytes($0.draft.effects) }
        var scratch: [UInt8] = []
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
                writer.bytes(draft.figuresText)
                scratch.removeAll(keepingCapacity: true)
                JSONText.append(draft.across, to: &scratch)
                writer.bytes(scratch)
                writer.bytes(effects)
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

    private static func object(_ text: String) throws -> [String: String] { try JSONText.texts(Array(text.utf8)) }

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
            figuresText: try row.bytes(11), across: try object(try row.text(12)),
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
}
