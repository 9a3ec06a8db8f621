import Contracts
import Domain
import Postgres
import Schemes
import ScoringCore

/// A row of `scoring.result` that is final.
struct RecordedResult {
    let scheme: String
    let version: Int
    let period: Period
    let revision: Int
    let score: String?
    let grade: String?
    let figures: [String: String]
    let across: [String: String]
    let effects: [EffectRecord]
    let gaps: [GapRecord]
    let partition: Int32
    let cutOffset: Int64
    let close: UUID128
    let causes: [UUID128]

    /// Which of a subject's results are asked for.
    struct Wish {
        var period: String?
        var scheme: String?
        var revision: Int32?
        /// Only what was known at the end of this day.
        var knownOn: CalendarDate?
        /// Holds an effect with this identifier.
        var effect: UUID128?
    }

    /// The latest results of each scheme and period that answer a wish.
    static func find(_ wish: Wish, of number: Int32, on connection: Connection) throws -> [RecordedResult] {
        let end = wish.knownOn.map { Timestamp(startOf: $0.adding(days: 1)).microseconds / 1_000 }
        return try connection.query(
            """
            SELECT DISTINCT ON (r.scheme, r.last_day, r.period)
                r.scheme, r.version, r.period, r.revision, r.score, r.grade, r.figures, r.across, r.effects, r.gaps,
                r.partition, r.cut_offset, r.close, r.causes
            FROM scoring.result r
            JOIN scoring.close c ON c.id = r.close AND c.state = 'closed'
            JOIN scoring.close_partition p ON p.close = c.id AND p.attempt = c.attempt AND p.partition = r.partition
            WHERE r.subject = $1 AND ($2::text IS NULL OR r.period = $2) AND ($3::text IS NULL OR r.scheme = $3)
                AND ($4::int IS NULL OR r.revision = $4) AND ($5::bigint IS NULL OR p.cut_at < $5)
                AND ($6::text IS NULL OR strpos(r.effects, $6) > 0)
            ORDER BY r.scheme, r.last_day, r.period, r.revision DESC
            """,
            [
                .int4(number), .text(wish.period), .text(wish.scheme), .int4(wish.revision), .int8(end),
                .text(wish.effect?.description),
            ]
        ).compactMap { try RecordedResult($0) }
    }

    private init?(_ row: Row) throws {
        guard let period = Period(try row.text(2)) else { return nil }
        scheme = try row.text(0)
        version = Int(try row.int4(1))
        self.period = period
        revision = Int(try row.int4(3))
        score = try row.optionalText(4)
        grade = try row.optionalText(5)
        figures = try JSONText.decode([String: String].self, try row.text(6))
        across = try JSONText.decode([String: String].self, try row.text(7))
        effects = try JSONText.decode([EffectRecord].self, try row.text(8))
        gaps = try JSONText.decode([GapRecord].self, try row.text(9))
        partition = Int32(try row.int2(10))
        cutOffset = try row.int8(11)
        close = try row.uuid(12)
        causes = try row.uuids(13)
    }

    /// The figures of everybody as the close that made this result final compared them.
    func population(on connection: Connection) throws -> [PopulationMember] {
        try connection.query(
            """
            SELECT DISTINCT ON (r.subject) s.institution, s.kind, s.id, r.unit, r.figures
            FROM scoring.result r JOIN scoring.subject s ON s.no = r.subject
            JOIN scoring.close c ON c.id = r.close AND c.state = 'closed'
            JOIN scoring.close_partition p ON p.close = c.id AND p.attempt = c.attempt AND p.partition = r.partition
            JOIN scoring.close t ON t.id = $1
            JOIN scoring.close_partition q ON q.close = t.id AND q.attempt = t.attempt AND q.partition = r.partition
            WHERE r.scheme = $2 AND r.period = $3 AND p.cut_offset <= q.cut_offset
            ORDER BY r.subject, r.revision DESC
            """, [.uuid(close), .text(scheme), .text(period.description)]
        ).compactMap { row in
            guard let kind = SubjectKind(rawValue: try row.text(1)) else { return nil }
            return PopulationMember(
                subject: Subject(institution: try row.text(0), kind: kind, id: try row.text(2)),
                unit: try row.optionalText(3), figures: try JSONText.decode([String: String].self, try row.text(4)))
        }
    }
}

/// Facts of the store by their identifiers.
enum RecordedFacts {
    static func find(_ ids: [UUID128], on connection: Connection) throws -> [Fact] {
        guard !ids.isEmpty else { return [] }
        return try connection.query(
            "SELECT payload FROM scoring.fact WHERE id = ANY($1) ORDER BY business_date, id", [.uuids(ids)]
        ).map { row in
            let payload = try row.bytes(0)
            return try FactCodec.decode(payload.span)
        }
    }
}
