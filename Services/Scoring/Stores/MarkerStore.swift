public import Contracts
public import Domain
public import Postgres

/// Keeps markers that came while an earlier close was not finished, until it is: as happens in a replay or a backlog.
public struct MarkerStore {
    let connection: Connection

    public init(_ connection: Connection) {
        self.connection = connection
    }

    /// A marker that waits.
    public struct Waiting: Sendable {
        public let marker: PeriodMarker
        public let partition: Int32
        public let offset: Int64
        /// The message's time in milliseconds since 1970.
        public let timestamp: Int64

        public init(marker: PeriodMarker, partition: Int32, offset: Int64, timestamp: Int64) {
            self.marker = marker
            self.partition = partition
            self.offset = offset
            self.timestamp = timestamp
        }
    }

    /// Whether a marker of the institution at this place has to wait for an earlier close.
    public func mustWait(
        _ institution: String, partition: Int32, offset: Int64, close: UUID128
    ) throws(PostgresError) -> Bool {
        try connection.query(
            """
            SELECT EXISTS (
                SELECT FROM scoring.close c
                JOIN scoring.close_partition p ON p.close = c.id AND p.attempt = c.attempt AND p.partition = $2
                WHERE c.institution = $1 AND c.state = 'open' AND c.id <> $4
            ) OR EXISTS (
                SELECT FROM scoring.waiting_marker w
                WHERE w.institution = $1 AND w.partition = $2 AND w."offset" < $3)
            """, [.text(institution), .int2(Int16(partition)), .int8(offset), .uuid(close)]
        ).first?.bool(0) ?? false
    }

    /// Puts a marker aside until the earlier closes are finished.
    public func wait(_ waiting: Waiting) throws(PostgresError) {
        try connection.execute(
            """
            INSERT INTO scoring.waiting_marker (institution, partition, "offset", marked_at, close, last_day, marker)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
            """,
            [
                .text(waiting.marker.institution), .int2(Int16(waiting.partition)), .int8(waiting.offset),
                .int8(waiting.timestamp), .uuid(waiting.marker.close), .date(waiting.marker.period.last),
                .text(String(decoding: waiting.marker.encoded, as: UTF8.self)),
            ])
    }

    /// Takes a marker that need not wait any longer; `nil` when there is none that nobody else has taken, and that has
    /// not just failed.
    public func takeDue() throws -> Waiting? {
        let rows = try connection.query(
            """
            SELECT partition, "offset", marked_at, marker, institution, close FROM scoring.waiting_marker w
            WHERE \(CloseStore.isNotResting(close: "w.close", partition: "w.partition"))
            ORDER BY partition, "offset" FOR UPDATE SKIP LOCKED
            """)
        for row in rows {
            let partition = Int32(try row.int2(0))
            let offset = try row.int8(1)
            let institution = try row.text(4)
            guard
                try !mustWait(institution, partition: partition, offset: offset, close: try row.uuid(5))
            else { continue }
            try connection.execute(
                "DELETE FROM scoring.waiting_marker WHERE partition = $1 AND \"offset\" = $2",
                [.int2(Int16(partition)), .int8(offset)])
            let text = try row.bytes(3)
            return Waiting(
                marker: try PeriodMarker(text.span), partition: partition, offset: offset, timestamp: try row.int8(2))
        }
        return nil
    }

    /// The last day of the latest period whose marker waits, by institution.
    public func waitingThrough(_ partition: Int32) throws(PostgresError) -> [String: CalendarDate] {
        var days: [String: CalendarDate] = [:]
        let rows = try connection.query(
            "SELECT institution, max(last_day) FROM scoring.waiting_marker WHERE partition = $1 GROUP BY institution",
            [.int2(Int16(partition))])
        for row in rows { days[try row.text(0)] = try row.date(1) }
        return days
    }
}
