import Domain
import Kafka
import Postgres

/// One partition as this process holds it after a claim.
struct Claim: Hashable, Sendable {
    let partition: TopicPartition
    let epoch: Int64
    let nextOffset: Int64
}

/// What the row of a partition says when a commit got no clear answer.
enum CommitFinding {
    /// The position has moved: the transaction stands.
    case committed
    /// The position has not moved: the transaction left nothing.
    case notCommitted
    /// Another owner has claimed the partition.
    case fenced
}

/// The table `stream_offset`: positions, claims, the fence.
struct StreamOffsetStore: Sendable {
    let consumer: String
    let clusterID: String
    let owner: String
    private let table: String

    init(schema: String, consumer: String, clusterID: String, owner: String) {
        table = Identifier.quoted(schema) + ".stream_offset"
        self.consumer = consumer
        self.clusterID = clusterID
        self.owner = owner
    }

    /// Makes this process the owner: rows that are missing begin at `starts`, and every epoch is raised, so that a former
    /// owner can write nothing any more.
    ///
    /// A partition is left out when a member of a newer generation holds it and has moved it within `staleSeconds`, and
    /// while another transaction holds its row: the former owner's last batch, which either ends soon or stands still and
    /// is then ended by ``endStandstill(of:milliseconds:on:)``. Neither may keep the other partitions waiting, nor the polling
    /// thread.
    func claim(
        _ starts: [(partition: TopicPartition, offset: Int64)], generation: Int32?, staleSeconds: Int32,
        on connection: Connection
    ) throws -> [Claim] {
        let topics = Parameter.texts(starts.map(\.partition.topic))
        let numbers = Parameter.int4s(starts.map(\.partition.partition))
        return try connection.transaction { transaction throws(PostgresError) in
            try transaction.execute("SET LOCAL lock_timeout = 2000")
            // A row that is there is not offered again: that would wait for whoever has locked it.
            try transaction.execute(
                """
                INSERT INTO \(table) (consumer, cluster_id, topic, partition, next_offset, owner)
                SELECT $1, $2, t, p, o, $3 FROM unnest($4::text[], $5::int4[], $6::int8[]) AS w(t, p, o)
                WHERE NOT EXISTS (SELECT 1 FROM \(table) AS s
                    WHERE s.consumer = $1 AND s.cluster_id = $2 AND s.topic = w.t AND s.partition = w.p)
                ORDER BY t, p
                ON CONFLICT DO NOTHING
                """,
                [.text(consumer), .text(clusterID), .text(owner), topics, numbers, .int8s(starts.map(\.offset))])
            let rows = try transaction.query(
                """
                WITH wanted AS (
                    SELECT s.topic, s.partition FROM \(table) AS s
                    JOIN unnest($3::text[], $4::int4[]) AS w(t, p) ON s.topic = w.t AND s.partition = w.p
                    WHERE s.consumer = $1 AND s.cluster_id = $2
                      AND (s.generation <= $5 OR s.updated_at < now() - make_interval(secs => $6))
                    ORDER BY s.topic, s.partition FOR UPDATE OF s SKIP LOCKED
                )
                UPDATE \(table) AS s
                SET epoch = s.epoch + 1, owner = $7, generation = $8, updated_at = now()
                FROM wanted AS w
                WHERE s.consumer = $1 AND s.cluster_id = $2 AND s.topic = w.topic AND s.partition = w.partition
                RETURNING s.topic, s.partition, s.epoch, s.next_offset
                """,
                [
                    .text(consumer), .text(clusterID), topics, numbers, .int4(generation ?? .max), .int4(staleSeconds),
                    .text(owner), .int4(generation ?? -1),
                ])
            return try rows.map { row throws(PostgresError) in
                Claim(
                    partition: TopicPartition(try row.text(0), try row.int4(1)), epoch: try row.int8(2),
                    nextOffset: try row.int8(3))
            }
        }
    }

    /// Ends the sessions that hold the rows of these partitions and have waited for their client for `milliseconds`; says
    /// how many.
    ///
    /// A process that is frozen within a COPY leaves its session waiting for ever: neither the limit of idle transactions
    /// nor that of statements reaches it. What it did is rolled back, and the fence refuses what it may do later.
    func endStandstill(
        of partitions: [TopicPartition], milliseconds: Int64, on connection: Connection
    ) throws(PostgresError) -> Int {
        let rows = try connection.query(
            """
            SELECT pg_terminate_backend(a.pid) FROM \(table) AS s
            JOIN unnest($3::text[], $4::int4[]) AS w(t, p) ON s.topic = w.t AND s.partition = w.p
            JOIN pg_locks AS l ON l.locktype = 'transactionid' AND l.granted AND l.transactionid = s.xmax
            JOIN pg_stat_activity AS a ON a.pid = l.pid
            WHERE s.consumer = $1 AND s.cluster_id = $2 AND a.pid <> pg_backend_pid()
              AND a.wait_event = 'ClientRead' AND a.state_change < now() - $5 * interval '1 millisecond'
            """,
            [
                .text(consumer), .text(clusterID), .texts(partitions.map(\.topic)), .int4s(partitions.map(\.partition)),
                .int8(milliseconds),
            ])
        return rows.count
    }

    /// The fence and the position in one statement, the first of every batch. False: this process owns it no longer.
    func advance(
        _ partition: TopicPartition, epoch: Int64, from old: Int64, to new: Int64,
        in transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        try transaction.execute(
            """
            UPDATE \(table) SET next_offset = $1, updated_at = now()
            WHERE consumer = $2 AND cluster_id = $3 AND topic = $4 AND partition = $5 AND epoch = $6 AND next_offset = $7
            """,
            [.int8(new)] + key(partition) + [.int8(epoch), .int8(old)]) == 1
    }

    /// Adds a batch's figures to the row that its transaction has locked. `isUnderSuspicion` keeps the count of attempts,
    /// because the message that kills the process may be the next one.
    func count(
        _ partition: TopicPartition, _ outcome: BatchOutcome, isUnderSuspicion: Bool,
        in transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.execute(
            """
            UPDATE \(table) SET applied = applied + $1, duplicates = duplicates + $6, rejected = rejected + $7,
                last_event_time = greatest(last_event_time, $8), attempts = CASE WHEN $9 THEN attempts ELSE 0 END
            WHERE consumer = $2 AND cluster_id = $3 AND topic = $4 AND partition = $5
            """,
            [.int8(Int64(outcome.applied))] + key(partition) + [
                .int8(Int64(outcome.duplicates)), .int8(Int64(outcome.deadLetters.count)),
                .timestamp(outcome.lastEventTime), .bool(isUnderSuspicion),
            ])
    }

    /// Notes, before the first batch after a claim, that it is being tried, and says how often it was tried.
    ///
    /// Only the death of the process leaves the note standing, so the number counts deaths. After a second try the
    /// messages are taken one at a time, and the number follows the offset that is being tried.
    func noteAttempt(
        _ partition: TopicPartition, epoch: Int64, on connection: Connection
    ) throws(PostgresError) -> Int {
        let rows = try connection.query(
            """
            UPDATE \(table) SET attempt_offset = next_offset,
                attempts = CASE WHEN attempt_offset = next_offset THEN attempts + 1 WHEN attempts >= 2 THEN 2 ELSE 1 END
            WHERE consumer = $1 AND cluster_id = $2 AND topic = $3 AND partition = $4 AND epoch = $5
            RETURNING attempts
            """,
            key(partition) + [.int8(epoch)])
        return rows.isEmpty ? 0 : Int(try rows[0].int4(0))
    }

    /// Takes the note back after a failure that the process survived.
    func forgetAttempt(
        _ partition: TopicPartition, epoch: Int64, on connection: Connection
    ) throws(PostgresError) {
        try connection.execute(
            """
            UPDATE \(table) SET attempts = greatest(attempts - 1, 0)
            WHERE consumer = $1 AND cluster_id = $2 AND topic = $3 AND partition = $4 AND epoch = $5
            """,
            key(partition) + [.int8(epoch)])
    }

    /// Looks, after a commit without an answer, whether it stands. Waits for the lost session's transaction to end.
    func finding(
        _ partition: TopicPartition, epoch: Int64, expecting new: Int64, on connection: Connection
    ) throws -> CommitFinding {
        try connection.transaction { transaction throws(PostgresError) in
            let rows = try transaction.query(
                """
                SELECT next_offset, epoch FROM \(table)
                WHERE consumer = $1 AND cluster_id = $2 AND topic = $3 AND partition = $4 FOR UPDATE
                """,
                key(partition))
            guard let row = rows.first, try row.int8(1) == epoch else { return .fenced }
            return try row.int8(0) == new ? .committed : .notCommitted
        }
    }

    /// Counts a write that the fence refused, or that was ended under a former owner. For operators only, so it is
    /// outside any batch.
    func countFenced(_ partition: TopicPartition, on connection: Connection) throws(PostgresError) {
        try connection.execute(
            """
            UPDATE \(table) SET fenced = fenced + 1
            WHERE consumer = $1 AND cluster_id = $2 AND topic = $3 AND partition = $4
            """,
            key(partition))
    }

    private func key(_ partition: TopicPartition) -> [Parameter] {
        [.text(consumer), .text(clusterID), .text(partition.topic), .int4(partition.partition)]
    }
}
