public import Domain
public import Postgres

/// Reads which periods have ended in a partition, and marks results that late facts have made out of date.
public struct PeriodStore {
    let connection: Connection

    public init(_ connection: Connection) {
        self.connection = connection
    }

    /// The last day of the latest period that a marker has ended in the partition, by institution.
    public func closedThrough(_ partition: Int32) throws(PostgresError) -> [String: CalendarDate] {
        var days: [String: CalendarDate] = [:]
        let rows = try connection.query(
            """
            SELECT c.institution, max(c.last_day)
            FROM scoring.close_partition p JOIN scoring.close c ON c.id = p.close
            WHERE p.partition = $1 GROUP BY c.institution
            """, [.int2(Int16(partition))])
        for row in rows { days[try row.text(0)] = try row.date(1) }
        return days
    }

    /// A subject with facts that came after the close of a period that they belong to.
    public struct LateFact: Hashable, Sendable {
        public let subject: Int32
        public let day: CalendarDate
        public let offset: Int64

        public init(subject: Int32, day: CalendarDate, offset: Int64) {
            self.subject = subject
            self.day = day
            self.offset = offset
        }
    }

    /// Marks the subjects, so that the next marker revises their results from the earliest day on.
    public func mark(_ late: [LateFact], partition: Int32) throws(PostgresError) {
        var bySubject: [Int32: (day: CalendarDate, offset: Int64)] = [:]
        for fact in late {
            let known = bySubject[fact.subject]
            bySubject[fact.subject] = (min(known?.day ?? fact.day, fact.day), max(known?.offset ?? 0, fact.offset))
        }
        let rows = bySubject.sorted { $0.key < $1.key }
        try connection.execute(
            """
            INSERT INTO scoring.late AS l (subject, partition, first_day, last_offset)
            SELECT s, $2, d, o FROM unnest($1::int4[], $3::date[], $4::int8[]) AS n (s, d, o)
            ON CONFLICT (subject) DO UPDATE SET
                first_day = least(l.first_day, excluded.first_day),
                last_offset = greatest(l.last_offset, excluded.last_offset)
            """,
            [
                .int4s(rows.map(\.key)), .int2(Int16(partition)),
                .dates(daysSince1970: rows.map(\.value.day.dayNumber)),
                .int8s(rows.map(\.value.offset)),
            ])
    }
}
