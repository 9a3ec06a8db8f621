import Domain
public import Postgres

// The steps of the second phase. Each takes a row lock that lets one worker do it, and is recorded when it is done.
extension CloseStore {
    /// A partition of a close whose results are to be published.
    public struct Unpublished: Sendable {
        public let close: Attempt
        public let report: Report
    }

    /// Whether there is anything to do for closes or waiting markers; cheap enough to be asked all the time.
    public func hasWork() throws(PostgresError) -> Bool {
        try connection.query(
            """
            SELECT EXISTS (SELECT FROM scoring.close WHERE state = 'open')
                OR EXISTS (SELECT FROM scoring.waiting_marker)
            """
        ).first?.bool(0) ?? false
    }

    /// Locks a close on which all partitions have reported and whose subjects are to be compared next.
    public func takeReported() throws -> Attempt? {
        try take(
            """
            c.compared < c.attempt AND (
                SELECT count(*) FROM scoring.close_partition p WHERE p.close = c.id AND p.attempt = c.attempt
            ) >= c.partitions
            """)
    }

    /// Locks a close of which everything is published, so that nothing but its end is left.
    public func takePublished() throws -> Attempt? {
        try take(
            """
            c.compared = c.attempt AND NOT EXISTS (
                SELECT FROM scoring.close_partition p
                WHERE p.close = c.id AND p.attempt = c.attempt AND p.published_at IS NULL)
            """)
    }

    private func take(_ condition: String) throws -> Attempt? {
        let rows = try connection.query(
            """
            SELECT c.id FROM scoring.close c
            WHERE c.state = 'open' AND \(condition) AND \(Self.isNotResting(close: "c.id", partition: "-1"))
            ORDER BY c.last_day, c.first_day DESC, c.id LIMIT 1 FOR UPDATE OF c SKIP LOCKED
            """)
        guard let row = rows.first else { return nil }
        return try attempt(try row.uuid(0))
    }

    /// Locks a partition whose results can be published; `nil` when there is none that nobody else works on.
    public func takeUnpublished() throws -> Unpublished? {
        let rows = try connection.query(
            """
            SELECT p.close, p.partition FROM scoring.close_partition p
            JOIN scoring.close c ON c.id = p.close AND c.state = 'open' AND c.attempt = p.attempt
                AND c.compared = c.attempt
            WHERE p.published_at IS NULL AND \(Self.isNotResting(close: "p.close", partition: "p.partition"))
            ORDER BY c.last_day, c.first_day DESC, p.close, p.partition LIMIT 1 FOR UPDATE OF p SKIP LOCKED
            """)
        guard let row = rows.first, let close = try attempt(try row.uuid(0)) else { return nil }
        let partition = Int32(try row.int2(1))
        return close.reports.first { $0.partition == partition }.map { Unpublished(close: close, report: $0) }
    }

    /// Records that the subjects of an attempt have been compared.
    public func noteCompared(_ close: Attempt) throws(PostgresError) {
        try connection.execute(
            "UPDATE scoring.close SET compared = $2 WHERE id = $1",
            [.uuid(close.id), .int4(Int32(clamping: close.attempt))])
    }

    /// Records that a partition's results are on their way, and how many there were.
    public func notePublished(_ unit: Unpublished, finalised: Int, revised: Int) throws(PostgresError) {
        try connection.execute(
            """
            UPDATE scoring.close_partition SET published_at = now(), finalised = $4, revised = $5
            WHERE close = $1 AND attempt = $2 AND partition = $3
            """,
            [
                .uuid(unit.close.id), .int4(Int32(clamping: unit.close.attempt)), .int2(Int16(unit.report.partition)),
                .int4(Int32(clamping: finalised)), .int4(Int32(clamping: revised)),
            ])
    }

    /// Has the operator's command credit anew and try again.
    public func recredit(_ close: Attempt) throws(PostgresError) {
        try connection.execute("UPDATE scoring.close SET state = 'recredit' WHERE id = $1", [.uuid(close.id)])
    }

    /// Makes a close final; gives the results and the revisions of all its partitions.
    public func finish(_ close: Attempt) throws(PostgresError) -> (finalised: Int, revised: Int) {
        let rows = try connection.query(
            """
            UPDATE scoring.close c SET state = 'closed', closed_at = now(), finalised = n.finalised, revised = n.revised
            FROM (
                SELECT coalesce(sum(finalised), 0)::int4 AS finalised, coalesce(sum(revised), 0)::int4 AS revised
                FROM scoring.close_partition WHERE close = $1 AND attempt = $2) AS n
            WHERE c.id = $1 RETURNING c.finalised, c.revised
            """, [.uuid(close.id), .int4(Int32(clamping: close.attempt))])
        guard let row = rows.first else { return (0, 0) }
        return (Int(try row.int4(0)), Int(try row.int4(1)))
    }
}
