public import Domain
public import Postgres
public import ScoringCore

// Page by page, so that the second phase of a close needs no more memory for a hundred thousand subjects than for one.
extension ResultStore {
    /// The schemes and periods that a close has drafts of, in chronological order; of one partition or of all.
    public func judged(
        by close: UUID128, partition: Int32? = nil
    ) throws -> [(scheme: String, version: Int, period: Period)] {
        let rows = try connection.query(
            """
            SELECT scheme, version, period FROM scoring.result
            WHERE close = $1 AND ($2::int2 IS NULL OR partition = $2)
            GROUP BY scheme, version, period, last_day ORDER BY last_day, length(period) DESC, period, scheme, version
            """, [.uuid(close), .int2(partition.map { Int16($0) })])
        return try rows.compactMap { row in
            guard let period = Period(try row.text(2)) else { return nil }
            return (try row.text(0), Int(try row.int4(1)), period)
        }
    }

    private static let stored = """
        r.subject, s.institution, s.kind, s.id, r.unit, r.scheme, r.version, r.period, r.revision, r.score, r.grade,
        r.figures, r.across, r.effects, r.causes, r.partition, r.cut_offset, r.close
        """

    /// The next drafts of a close in a partition, by the subjects' numbers.
    public func drafts(
        of close: UUID128, partition: Int32, _ scheme: String, _ period: Period, after subject: Int32, limit: Int32
    ) throws -> [StoredResult] {
        try connection.query(
            """
            SELECT \(Self.stored) FROM scoring.result r JOIN scoring.subject s ON s.no = r.subject
            WHERE r.close = $1 AND r.partition = $2 AND r.scheme = $3 AND r.period = $4 AND r.subject > $5
            ORDER BY r.subject LIMIT $6
            """,
            [
                .uuid(close), .int2(Int16(partition)), .text(scheme), .text(period.description), .int4(subject),
                .int4(limit),
            ]
        ).map { try Self.result($0).result }
    }

    /// What holds for some subjects once a close is final: its drafts, and where it has none the latest final results.
    public func standing(
        _ scheme: String, _ period: Period, of subjects: [Int32], with close: UUID128
    ) throws -> [(result: StoredResult, isDraft: Bool)] {
        try connection.query(
            """
            SELECT DISTINCT ON (r.subject) \(Self.stored)
            FROM scoring.result r JOIN scoring.subject s ON s.no = r.subject
            JOIN scoring.close c ON c.id = r.close AND (c.state = 'closed' OR c.id = $4)
            WHERE r.subject = ANY($1) AND r.scheme = $2 AND r.period = $3
            ORDER BY r.subject, r.revision DESC
            """, [.int4s(subjects), .text(scheme), .text(period.description), .uuid(close)]
        ).map { row in
            let (result, own) = try Self.result(row)
            return (result, own == close)
        }
    }

    /// The facts to which the revisions of a close are due, for one scheme and period.
    public func causes(of close: UUID128, _ scheme: String, _ period: Period) throws(PostgresError) -> [UUID128] {
        var causes: [UUID128] = []
        let rows = try connection.query(
            """
            SELECT DISTINCT unnest(causes) FROM scoring.result
            WHERE close = $1 AND scheme = $2 AND period = $3 AND revision > 1
            """, [.uuid(close), .text(scheme), .text(period.description)])
        for row in rows { causes.append(try row.uuid(0)) }
        return causes.sorted()
    }

    /// Adds to drafts what the comparison with others gave; the texts stand beside the subjects.
    public func setAcross(
        _ subjects: [Int32], _ across: [String], close: UUID128, _ scheme: String, _ period: Period
    ) throws(PostgresError) {
        guard !subjects.isEmpty else { return }
        try connection.execute(
            """
            UPDATE scoring.result r SET across = n.across
            FROM unnest($1::int4[], $2::text[]) AS n (subject, across)
            WHERE r.subject = n.subject AND r.close = $3 AND r.scheme = $4 AND r.period = $5
            """,
            [.int4s(subjects), .texts(across), .uuid(close), .text(scheme), .text(period.description)])
    }

    /// Adds drafts for subjects whose own data say the same as before, but whose comparison with others has changed.
    public func revise(
        _ results: [StoredResult], _ across: [String], close: UUID128, causes: [UUID128]
    ) throws(PostgresError) {
        guard !results.isEmpty else { return }
        try connection.execute(
            """
            INSERT INTO scoring.result (subject, institution, scheme, version, period, last_day, revision, close,
                partition, cut_offset, score, grade, unit, figures, across, effects, gaps, causes)
            SELECT r.subject, r.institution, r.scheme, r.version, r.period, r.last_day, r.revision + 1, $5, r.partition,
                r.cut_offset, r.score, r.grade, r.unit, r.figures, n.across, r.effects, r.gaps, $6
            FROM unnest($1::int4[], $2::int4[], $3::text[]) AS n (subject, revision, across)
            JOIN scoring.result r ON r.subject = n.subject AND r.revision = n.revision
            WHERE r.scheme = $4 AND r.period = $7
            """,
            [
                .int4s(results.map(\.number)), .int4s(results.map { Int32(clamping: $0.revision) }), .texts(across),
                .text(results[0].scheme), .uuid(close), .uuids(causes), .text(results[0].period),
            ])
    }

    private static func result(_ row: Row) throws -> (result: StoredResult, close: UUID128) {
        guard let kind = SubjectKind(rawValue: try row.text(2)) else { throw ScoringFault.unreadableResult }
        let result = StoredResult(
            number: try row.int4(0),
            subject: Subject(institution: try row.text(1), kind: kind, id: try row.text(3)),
            unit: try row.optionalText(4), scheme: try row.text(5), version: Int(try row.int4(6)),
            period: try row.text(7), revision: Int(try row.int4(8)), score: try row.optionalText(9),
            grade: try row.optionalText(10), figures: try row.bytes(11), across: try row.bytes(12),
            effects: try row.bytes(13), causes: try row.uuids(14), partition: Int32(try row.int2(15)),
            cutOffset: try row.int8(16))
        return (result, try row.uuid(17))
    }
}
