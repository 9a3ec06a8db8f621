public import Contracts
public import Domain
public import Postgres
import ScoringCore

/// Keeps the closes of periods: what was asked for, what each partition reported, and what it came to.
public struct CloseStore {
    let connection: Connection

    public init(_ connection: Connection) {
        self.connection = connection
    }

    public enum State: String, Sendable {
        /// Markers are under way, or partitions are at work.
        case open
        /// Credits do not match the assignments; after re-crediting, ``CloseStore/open(_:_:schemes:partitions:assignments:by:)``
        /// starts the next attempt.
        case recredit
        /// Final.
        case closed
    }

    /// A close as it stands.
    public struct Attempt: Sendable {
        public let id: UUID128
        public let institution: String
        public let period: Period
        public let attempt: Int
        public let state: State
        public let partitions: Int
        public let assignments: Int64
        public let schemes: [SchemeReference]
        /// Results written first and revised; final once closed.
        public let finalised: Int
        public let revised: Int
        /// What the partitions that have reported found, by partition.
        public let reports: [Report]

        /// The partitions that have not reported.
        public var missing: [Int32] {
            let reported = Set(reports.map(\.partition))
            return (0..<Int32(partitions)).filter { !reported.contains($0) }
        }

        /// The marker to write into a partition.
        public func marker(for partition: Int32) -> PeriodMarker {
            PeriodMarker(
                close: id, institution: institution, period: period, attempt: attempt, partition: partition,
                schemes: schemes, assignments: assignments)
        }
    }

    /// What one partition found at its marker.
    public struct Report: Hashable, Sendable {
        public var partition: Int32
        public var cutOffset: Int64
        /// The marker's time in milliseconds since 1970.
        public var cutAt: Int64
        public var results = 0
        public var revisions = 0
        /// Subjects with facts but without a profile.
        public var unprofiled = 0
        /// Credits that the assignments known at the cut do not support.
        public var unsupported = 0
        /// Figures that could not be judged because data are missing.
        public var gaps = 0

        public init(partition: Int32, cutOffset: Int64, cutAt: Int64) {
            self.partition = partition
            self.cutOffset = cutOffset
            self.cutAt = cutAt
        }
    }

    /// The identifier of the close of a period.
    public static func id(_ institution: String, _ period: Period) -> UUID128 {
        DeterministicID.make("close", institution, period.description)
    }

    /// Begins a close, takes up one that was begun, or starts the next attempt of one that needs it.
    ///
    /// Safe to repeat. A close that is open or closed comes back as it is.
    public func open(
        _ institution: String, _ period: Period, schemes: [SchemeReference], partitions: Int, assignments: Int64,
        by operatorName: String
    ) throws -> Attempt {
        let id = Self.id(institution, period)
        try connection.execute(
            """
            INSERT INTO scoring.close AS c
                (id, institution, period, first_day, last_day, attempt, partitions, assignments, schemes, requested_by)
            VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9)
            ON CONFLICT (id) DO UPDATE SET state = 'open', attempt = c.attempt + 1, assignments = excluded.assignments,
                schemes = excluded.schemes, requested_by = excluded.requested_by
            WHERE c.state = 'recredit'
            """,
            [
                .uuid(id), .text(institution), .text(period.description), .date(period.first), .date(period.last),
                .int4(Int32(partitions)), .int8(assignments), .text(try Self.text(schemes)), .text(operatorName),
            ])
        guard let attempt = try attempt(id) else { throw ScoringFault.lostClose(period: period.description) }
        return attempt
    }

    /// A close by its identifier; `nil` when there is none.
    public func attempt(_ id: UUID128) throws -> Attempt? {
        let rows = try connection.query(
            """
            SELECT institution, period, attempt, state, partitions, assignments, schemes, finalised, revised
            FROM scoring.close WHERE id = $1
            """, [.uuid(id)])
        guard let row = rows.first, let period = Period(try row.text(1)), let state = State(rawValue: try row.text(3))
        else { return nil }
        let attempt = Int(try row.int4(2))
        return Attempt(
            id: id, institution: try row.text(0), period: period, attempt: attempt, state: state,
            partitions: Int(try row.int4(4)), assignments: try row.int8(5),
            schemes: try Self.schemes(try row.text(6)), finalised: Int(try row.int4(7)), revised: Int(try row.int4(8)),
            reports: try reports(id, attempt))
    }

    private func reports(_ id: UUID128, _ attempt: Int) throws(PostgresError) -> [Report] {
        let rows = try connection.query(
            """
            SELECT partition, cut_offset, cut_at, results, revisions, unprofiled, unsupported, gaps
            FROM scoring.close_partition WHERE close = $1 AND attempt = $2 ORDER BY partition
            """, [.uuid(id), .int4(Int32(attempt))])
        var reports: [Report] = []
        for row in rows {
            var report = Report(
                partition: Int32(try row.int2(0)), cutOffset: try row.int8(1), cutAt: try row.int8(2))
            report.results = Int(try row.int4(3))
            report.revisions = Int(try row.int4(4))
            report.unprofiled = Int(try row.int4(5))
            report.unsupported = Int(try row.int4(6))
            report.gaps = Int(try row.int4(7))
            reports.append(report)
        }
        return reports
    }

    private struct StoredScheme: Codable {
        let scheme: String
        let version: Int
    }

    private static func text(_ schemes: [SchemeReference]) throws -> String {
        try JSONText.text(schemes.map { StoredScheme(scheme: $0.scheme, version: $0.version) })
    }

    static func schemes(_ text: String) throws -> [SchemeReference] {
        try JSONText.decode([StoredScheme].self, text).map { SchemeReference(scheme: $0.scheme, version: $0.version) }
    }
}

// For workers.
extension CloseStore {
    /// Makes sure that the close of a marker is known, as after a restore, when the log has it and the store not yet.
    ///
    /// Where it is known its row is not touched: it would stay locked while the partition is evaluated, and all
    /// partitions would wait for each other.
    public func register(_ marker: PeriodMarker, partitions: Int) throws {
        let known = try connection.query(
            "SELECT FROM scoring.close WHERE id = $1 AND (attempt >= $2 OR state = 'closed')",
            [.uuid(marker.close), .int4(Int32(clamping: marker.attempt))])
        guard known.isEmpty else { return }
        try connection.execute(
            """
            INSERT INTO scoring.close AS c
                (id, institution, period, first_day, last_day, attempt, partitions, assignments, schemes)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (id) DO UPDATE SET state = 'open', attempt = excluded.attempt,
                assignments = excluded.assignments, schemes = excluded.schemes
            WHERE c.attempt < excluded.attempt AND c.state <> 'closed'
            """,
            [
                .uuid(marker.close), .text(marker.institution), .text(marker.period.description),
                .date(marker.period.first), .date(marker.period.last), .int4(Int32(clamping: marker.attempt)),
                .int4(Int32(partitions)), .int8(marker.assignments), .text(try Self.text(marker.schemes)),
            ])
    }

    /// Records what a partition found.
    public func report(_ report: Report, close: UUID128, attempt: Int) throws(PostgresError) {
        try connection.execute(
            """
            INSERT INTO scoring.close_partition
                (close, attempt, partition, cut_offset, cut_at, results, revisions, unprofiled, unsupported, gaps)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            [
                .uuid(close), .int4(Int32(clamping: attempt)), .int2(Int16(report.partition)), .int8(report.cutOffset),
                .int8(report.cutAt), .int4(Int32(report.results)), .int4(Int32(report.revisions)),
                .int4(Int32(report.unprofiled)), .int4(Int32(report.unsupported)), .int4(Int32(report.gaps)),
            ])
    }

    /// Where a subject's partition stood when an attempt of a close reported it; `nil` when it has not.
    public func cut(of subject: Int32, _ close: Attempt) throws(PostgresError) -> Int64? {
        let rows = try connection.query("SELECT partition FROM scoring.subject WHERE no = $1", [.int4(subject)])
        guard let partition = try rows.first.map({ row throws(PostgresError) in Int32(try row.int2(0)) }) else {
            return nil
        }
        return close.reports.first { $0.partition == partition }?.cutOffset
    }

    /// Credits of a partition that the assignments known at the cut do not support, net of reversals.
    public func unsupportedCredits(
        _ marker: PeriodMarker, partition: Int32, before offset: Int64
    ) throws(PostgresError) -> Int {
        let rows = try connection.query(
            """
            WITH net AS (
                SELECT f.subject, f.customer, f.assignment, f.business_date
                FROM scoring.fact f
                WHERE f.partition = $1 AND f.business_date BETWEEN $3 AND $4
                    AND f.assignment IS NOT NULL AND f.type <> ALL ($6) AND f."offset" < $7
                GROUP BY 1, 2, 3, 4 HAVING sum(f.sign) <> 0),
            credit AS (
                SELECT s.id AS manager, n.customer, n.assignment, n.business_date
                FROM net n JOIN scoring.subject s ON s.no = n.subject WHERE s.institution = $2)
            SELECT count(*)::int4 FROM credit c WHERE NOT EXISTS (
                SELECT FROM reference.assignment a
                WHERE a.institution = $2 AND a.id = c.assignment AND a.manager = c.manager
                    AND a.customer = c.customer AND a.no <= $5
                    AND (a.superseded_by IS NULL OR a.superseded_by > $5)
                    AND c.business_date >= a.valid_from AND (a.valid_to IS NULL OR c.business_date < a.valid_to))
            """,
            [
                .int2(Int16(partition)), .text(marker.institution), .date(marker.period.first),
                .date(marker.period.last), .int8(marker.assignments), .int2s(try Self.boundaryTypes(connection)),
                .int8(offset),
            ])
        return Int(try rows.first?.int4(0) ?? 0)
    }

    /// Types whose facts stand at the boundary of an assignment, on the day on which it no longer holds.
    private static func boundaryTypes(_ connection: Connection) throws(PostgresError) -> [Int16] {
        var numbers: [Int16] = []
        let rows = try connection.query(
            "SELECT no FROM scoring.fact_type WHERE name IN ('deposit.transferred', 'portfolio.left', 'portfolio.joined')"
        )
        for row in rows { numbers.append(try row.int2(0)) }
        return numbers
    }
}
