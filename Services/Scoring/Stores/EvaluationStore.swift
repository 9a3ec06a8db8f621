public import Contracts
public import Domain
public import Postgres
public import Schemes
import ScoringCore

/// Reads what the evaluation of a scheme depends on, for many subjects at once.
public struct EvaluationStore {
    let connection: Connection

    public init(_ connection: Connection) {
        self.connection = connection
    }

    /// A subject under its number.
    public struct Numbered: Hashable, Sendable {
        public let number: Int32
        public let subject: Subject

        public init(number: Int32, subject: Subject) {
            self.number = number
            self.subject = subject
        }
    }

    /// The institution's next subjects in a partition, by their numbers.
    public func subjects(
        _ institution: String, partition: Int32, after number: Int32, limit: Int32
    ) throws(PostgresError) -> [Numbered] {
        var subjects: [Numbered] = []
        let rows = try connection.query(
            """
            SELECT no, kind, id FROM scoring.subject WHERE partition = $1 AND institution = $2 AND no > $3
            ORDER BY no LIMIT $4
            """, [.int2(Int16(partition)), .text(institution), .int4(number), .int4(limit)])
        for row in rows {
            guard let kind = SubjectKind(rawValue: try row.text(1)) else { continue }
            subjects.append(
                Numbered(
                    number: try row.int4(0),
                    subject: Subject(institution: institution, kind: kind, id: try row.text(2))))
        }
        return subjects
    }

    /// Walks through the institution's subjects in a partition, by their numbers, at most `size` at a time.
    public func eachPage(
        of institution: String, partition: Int32, size: Int32, _ body: ([Numbered]) throws -> Void
    ) throws {
        var last = Int32.min
        while true {
            let page = try subjects(institution, partition: partition, after: last, limit: size)
            guard let end = page.last else { return }
            try body(page)
            last = end.number
        }
    }

    /// Those of some subjects that have late facts, and the earliest day of these.
    public func late(_ subjects: [Int32]) throws(PostgresError) -> [Int32: CalendarDate] {
        var late: [Int32: CalendarDate] = [:]
        let rows = try connection.query(
            "SELECT subject, first_day FROM scoring.late WHERE subject = ANY($1)", [.int4s(subjects)])
        for row in rows { late[try row.int4(0)] = try row.date(1) }
        return late
    }

    /// Forgets late facts that a finished close has seen.
    public func forgetLate(_ institution: String, partition: Int32, before offset: Int64) throws(PostgresError) {
        try connection.execute(
            """
            DELETE FROM scoring.late l USING scoring.subject s
            WHERE s.no = l.subject AND l.partition = $1 AND s.institution = $2 AND l.last_offset < $3
            """, [.int2(Int16(partition)), .text(institution), .int8(offset)])
    }

    /// The closed periods that end on or after a day, in chronological order, with the schemes they were closed with.
    public func closedPeriods(
        _ institution: String, from day: CalendarDate
    ) throws -> [(period: Period, schemes: [SchemeReference])] {
        try connection.query(
            """
            SELECT period, schemes FROM scoring.close WHERE institution = $1 AND state = 'closed' AND last_day >= $2
            ORDER BY last_day, first_day DESC, period
            """, [.text(institution), .date(day)]
        ).compactMap { row in
            guard let period = Period(try row.text(0)) else { return nil }
            return (period, try CloseStore.schemes(try row.text(1)))
        }
    }

    /// The rows of a scheme's series up to the end of a period, for each subject in the order of ``Scheme/series``.
    ///
    /// - Parameter subjects: numbers in ascending order; the answer stands beside them.
    public func series(
        of scheme: Scheme, through period: Period, _ subjects: [Int32]
    ) throws(PostgresError) -> [[[SeriesRow]]] {
        let numbers = try FactStore(connection).knownSeries(Set(scheme.series.map(\.key)).sorted())
        var places: [Int32: [Int]] = [:]
        for series in scheme.series {
            if let number = numbers[series.key] { places[number, default: []].append(series.index) }
        }
        let last = scheme.series.map { $0.bucketNumber(of: period.last) }
        var found = [[[SeriesRow]]](
            repeating: [[SeriesRow]](repeating: [], count: last.count), count: subjects.count)
        guard !places.isEmpty else { return found }
        let rows = try connection.query(
            Self.seriesSQL(ordered: scheme.series.contains(where: \.needsOrder)),
            [.int4s(subjects), .int4s(places.keys.sorted())])
        var position = 0
        for row in rows {
            let subject = try row.int4(0)
            while position < subjects.count, subjects[position] < subject { position += 1 }
            guard position < subjects.count, subjects[position] == subject else { continue }
            let bucket = try row.int4(2)
            for place in places[try row.int4(1)] ?? [] where bucket <= last[place] {
                found[position][place].append(try Self.seriesRow(row, bucket))
            }
        }
        return found
    }

    /// The facts that the evaluation of a scheme for a period needs one by one, by subject.
    public func facts(
        for scheme: Scheme, _ period: Period, _ subjects: [Int32], before offset: Int64
    ) throws -> [Int32: [Fact]] {
        let lasting = scheme.lastingFactTypes
        let recent = try facts(
            scheme.keptFactTypes.subtracting(lasting), scheme.keptWindow(for: period), subjects, before: offset)
        let old = try facts(lasting, CalendarDate.earliest...period.last, subjects, before: offset)
        return recent.merging(old) { $0 + $1 }
    }

    /// `last`, `min` and `max` are left out where no series is asked for them.
    private static func seriesSQL(ordered: Bool) -> String {
        """
        SELECT subject, series, bucket, grp, count, sum, weighted\(ordered ? ", last, min, max" : "")
        FROM scoring.aggregate WHERE subject = ANY($1) AND series = ANY($2) ORDER BY subject, series, bucket, grp
        """
    }

    private static func seriesRow(_ row: Row, _ bucket: Int32) throws(PostgresError) -> SeriesRow {
        let isOrdered = row.columnCount > 7
        return SeriesRow(
            bucket: bucket, group: try row.text(3), count: try row.int8(4), sum: try row.int8(5),
            weighted: try row.int8(6), last: isOrdered ? try row.optionalInt8(7) : nil,
            min: isOrdered ? try row.optionalInt8(8) : nil, max: isOrdered ? try row.optionalInt8(9) : nil)
    }

    /// Kept facts of some types and days, by subject.
    public func facts(
        _ types: Set<String>, _ days: ClosedRange<CalendarDate>, _ subjects: [Int32], before offset: Int64
    ) throws -> [Int32: [Fact]] {
        guard !types.isEmpty else { return [:] }
        var facts: [Int32: [Fact]] = [:]
        let rows = try connection.query(
            """
            SELECT f.subject, f.payload FROM scoring.fact f
            WHERE f.kept AND f.subject = ANY($1) AND f.business_date BETWEEN $3 AND $4 AND f."offset" < $5
                AND f.type = ANY((SELECT array_agg(no) FROM scoring.fact_type WHERE name = ANY($2))::int2[])
            ORDER BY f.subject, f.id
            """,
            [.int4s(subjects), .texts(types.sorted()), .date(days.lowerBound), .date(days.upperBound), .int8(offset)])
        for row in rows {
            let payload = try row.bytes(1)
            let fact = try FactCodec.decode(payload.span)
            facts[try row.int4(0), default: []].append(fact)
        }
        return facts
    }

    /// The latest final results of a scheme's earlier periods and of the shorter ones inside `period`, by subject.
    public func prior(
        _ scheme: Scheme, before period: Period, _ subjects: [Int32]
    ) throws -> [Int32: [PriorResult]] {
        guard scheme.historyMonths > 0 else { return [:] }
        var prior: [Int32: [PriorResult]] = [:]
        let rows = try connection.query(
            """
            SELECT DISTINCT ON (r.subject, r.period) r.subject, r.period, r.figures, r.across
            FROM scoring.result r JOIN scoring.close c ON c.id = r.close AND c.state = 'closed'
            WHERE r.subject = ANY($1) AND r.scheme = $2 AND r.last_day <= $3 AND r.last_day >= $4
            ORDER BY r.subject, r.period, r.revision DESC
            """,
            [
                .int4s(subjects), .text(scheme.id), .date(period.last),
                .date(period.first.adding(months: -scheme.historyMonths)),
            ])
        for row in rows {
            guard let earlier = Period(try row.text(1)), earlier.isKnown(to: period) else { continue }
            let own = try JSONText.decode([String: String].self, try row.text(2))
            let across = try JSONText.decode([String: String].self, try row.text(3))
            prior[try row.int4(0), default: []].append(
                PriorResult(period: earlier, figures: own.merging(across) { own, _ in own }))
        }
        return prior
    }

    /// The grades held, by subject, each with its identifier.
    public func grades(_ subjects: [Int32], before offset: Int64) throws(PostgresError) -> [Int32: [GradeHold]] {
        var grades: [Int32: [GradeHold]] = [:]
        let rows = try connection.query(
            """
            SELECT subject, ladder, grade, valid_from FROM scoring.grade
            WHERE subject = ANY($1) AND ("offset" IS NULL OR "offset" < $2)
                AND (state = 'held' OR withdrawn_offset >= $2)
            ORDER BY subject, valid_from, id
            """, [.int4s(subjects), .int8(offset)])
        for row in rows {
            grades[try row.int4(0), default: []].append(
                GradeHold(ladder: try row.text(1), grade: try row.text(2), from: try row.date(3)))
        }
        return grades
    }

    /// The tasks that were open at the end of a day, as far as was known when the partition stood at `offset`, by subject.
    public func openTasks(
        at day: CalendarDate, _ subjects: [Int32], before offset: Int64
    ) throws -> [Int32: [TaskRequest]] {
        var tasks: [Int32: [TaskRequest]] = [:]
        let rows = try connection.query(
            """
            SELECT subject, request FROM scoring.task
            WHERE subject = ANY($1) AND request <> '' AND opened_on <= $2 AND coalesce(opened_offset < $3, true)
                AND (closed_on IS NULL OR closed_on > $2 OR closed_offset >= $3
                    OR (closed_on = $2 AND state = 'decided' AND decided_by IS NULL))
            ORDER BY subject, id
            """, [.int4s(subjects), .date(day), .int8(offset)])
        for row in rows {
            tasks[try row.int4(0), default: []].append(try JSONText.decode(TaskRequest.self, try row.text(1)))
        }
        return tasks
    }

    /// The facts of a subject that came between two cuts and belong to days up to `day`: what a revision is due to.
    public func causes(
        _ subject: Int32, in offsets: Range<Int64>, through day: CalendarDate
    ) throws(PostgresError) -> [UUID128] {
        var ids: [UUID128] = []
        let rows = try connection.query(
            """
            SELECT id FROM scoring.fact
            WHERE subject = $1 AND "offset" >= $2 AND "offset" < $3 AND business_date <= $4 ORDER BY id
            """, [.int4(subject), .int8(offsets.lowerBound), .int8(offsets.upperBound), .date(day)])
        for row in rows { ids.append(try row.uuid(0)) }
        return ids
    }
}

extension Period {
    /// Whether an evaluation of `other` may read this period's result: it ended before, or lies inside as a month in its quarter.
    public func isKnown(to other: Period) -> Bool {
        last < other.first || (other.contains(self) && self != other)
    }
}
