public import Postgres

/// What stands in Scoring's store, for people who look after it.
public struct ScoringStatus {
    let connection: Connection

    public init(_ connection: Connection) {
        self.connection = connection
    }

    /// Counts at one moment.
    public struct Counts: Hashable, Sendable {
        public var subjects: Int64
        /// Facts applied, by the positions' own counters.
        public var facts: Int64
        public var duplicates: Int64
        /// Dead letters that wait for somebody, by code.
        public var deadLetters: [String: Int64]
        /// Managers with facts but without a profile; their results are flagged at each close.
        public var unprofiled: Int64
        /// Subjects with facts that came after the close of their period; the next close revises them.
        public var late: Int64
        public var openTasks: Int64
        public var openCloses: Int64
        /// Steps of closes that fail and wait until somebody mends what is wrong.
        public var stoppedCloses: Int64
        /// Events not yet published.
        public var outbox: Int64
    }

    public func counts() throws(PostgresError) -> Counts {
        Counts(
            subjects: try number("SELECT count(*) FROM scoring.subject"),
            facts: try number("SELECT coalesce(sum(applied), 0)::int8 FROM scoring.stream_offset"),
            duplicates: try number("SELECT coalesce(sum(duplicates), 0)::int8 FROM scoring.stream_offset"),
            deadLetters: try deadLetters(),
            unprofiled: try number(
                """
                SELECT count(*) FROM scoring.subject s WHERE s.kind = 'manager' AND NOT EXISTS (
                    SELECT FROM scoring.fact f WHERE f.subject = s.no AND f.kept
                        AND f.type = (SELECT no FROM scoring.fact_type WHERE name = 'manager.profile'))
                """),
            late: try number("SELECT count(*) FROM scoring.late"),
            openTasks: try number("SELECT count(*) FROM scoring.task WHERE state = 'open'"),
            openCloses: try number("SELECT count(*) FROM scoring.close WHERE state <> 'closed'"),
            stoppedCloses: try number("SELECT count(*) FROM scoring.close_obstacle"),
            outbox: try number("SELECT count(*) FROM scoring.outbox"))
    }

    private func number(_ sql: String) throws(PostgresError) -> Int64 {
        try connection.query(sql).first?.int8(0) ?? 0
    }

    private func deadLetters() throws(PostgresError) -> [String: Int64] {
        var letters: [String: Int64] = [:]
        let rows = try connection.query(
            "SELECT code, count(*) FROM scoring.dead_letter WHERE state = 'new' GROUP BY code")
        for row in rows { letters[try row.text(0)] = try row.int8(1) }
        return letters
    }
}
