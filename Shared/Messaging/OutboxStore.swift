import Domain
public import Postgres

/// An event to be published by the relay.
public struct OutboxRow: Hashable, Sendable {
    /// The topic to publish to.
    public var topic: String
    /// An explicit partition; nil lets the key choose.
    public var partition: Int32?
    /// The key; events of one key are published in the order of their rows.
    public var key: [UInt8]?
    /// The event's attributes.
    public var event: EventHeaders
    /// The data; nil for a tombstone.
    public var payload: [UInt8]?
    /// Headers besides the event's own.
    public var headers: HeaderList

    /// An event for `topic`.
    public init(
        topic: String, partition: Int32? = nil, key: [UInt8]?, event: EventHeaders, payload: [UInt8]?,
        headers: HeaderList = HeaderList()
    ) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.event = event
        self.payload = payload
        self.headers = headers
    }
}

/// The table `outbox`.
///
/// Insert only after the lock on whatever the event is about is held: ids are drawn at the insert and are the order of
/// publication.
public struct OutboxStore: Sendable {
    private let table: String
    private let lease: String
    private let copyTable: String
    private let shards: Int

    /// The outbox of one service's schema, split over `shards` relays.
    public init(schema: String, shards: Int = 1) {
        precondition(shards > 0, "an outbox has at least one shard")
        table = Identifier.quoted(schema) + ".outbox"
        lease = Identifier.quoted(schema) + ".outbox_lease"
        copyTable = "\(schema).outbox"
        self.shards = shards
    }

    private static let columns = [
        "shard", "topic", "partition", "key", "event_id", "type", "source", "subject", "event_time", "content_type",
        "traceparent", "headers", "payload",
    ]

    /// Adds events to the transaction, in order.
    public func append(_ rows: [OutboxRow], in transaction: borrowing Transaction) throws(PostgresError) {
        guard !rows.isEmpty else { return }
        try transaction.copyIn(table: copyTable, columns: Self.columns) { writer throws(PostgresError) in
            for row in rows { write(row, into: &writer) }
        }
    }

    private func write(_ row: OutboxRow, into writer: inout CopyWriter) {
        writer.beginRow()
        writer.int2(shard(of: row.key))
        writer.text(row.topic)
        if let partition = row.partition { writer.int4(partition) } else { writer.null() }
        if let key = row.key { writer.bytes(key) } else { writer.null() }
        writer.text(row.event.id)
        writer.text(row.event.type)
        writer.text(row.event.source)
        if let subject = row.event.subject { writer.text(subject) } else { writer.null() }
        if let time = row.event.time { writer.timestamp(time) } else { writer.null() }
        writer.text(row.event.contentType)
        if let trace = row.event.traceparent { writer.text(trace) } else { writer.null() }
        if row.headers.encoded.isEmpty { writer.null() } else { writer.bytes(row.headers.encoded) }
        if let payload = row.payload { writer.bytes(payload) } else { writer.null() }
    }

    /// FNV-1a: the same key goes to the same relay in every process and version.
    private func shard(of key: [UInt8]?) -> Int16 {
        guard shards > 1, let key else { return 0 }
        let hash = key.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return Int16(hash % UInt64(shards))
    }

    /// The oldest rows of a shard, in the order of publication.
    func pending(shard: Int16, limit: Int32, on connection: Connection) throws(PostgresError) -> [PendingEvent] {
        let rows = try connection.query(
            """
            SELECT id, topic, partition, key, event_id, type, source, subject, event_time, content_type, traceparent,
                headers, payload
            FROM \(table) WHERE shard = $1 ORDER BY id LIMIT $2
            """,
            [.int2(shard), .int4(limit)])
        return try rows.map { row throws(PostgresError) in
            let event = EventHeaders(
                id: try row.text(4), source: try row.text(6), type: try row.text(5), subject: try row.optionalText(7),
                time: try row.optionalTimestamp(8), contentType: try row.text(9),
                traceparent: try row.optionalText(10))
            return PendingEvent(
                id: try row.int8(0),
                row: OutboxRow(
                    topic: try row.text(1), partition: try row.optionalInt4(2), key: try row.optionalBytes(3),
                    event: event, payload: try row.optionalBytes(12),
                    headers: HeaderList(encoded: try row.optionalBytes(11) ?? [])))
        }
    }

    /// Removes published rows, if the lease is still held; false when another relay has it.
    func remove(
        _ ids: [Int64], shard: Int16, epoch: Int64, leaseSeconds: Int32, on connection: Connection
    ) throws -> Bool {
        try connection.transaction { transaction throws(PostgresError) in
            guard try renew(shard: shard, epoch: epoch, leaseSeconds: leaseSeconds, transaction.connection) else {
                return false
            }
            try transaction.execute(
                "DELETE FROM \(table) WHERE shard = $1 AND id = ANY($2)", [.int2(shard), .int8s(ids)])
            return true
        }
    }

    /// Takes the lease of a shard when nobody holds it; nil while somebody does.
    func acquire(
        shard: Int16, owner: String, leaseSeconds: Int32, on connection: Connection
    ) throws(PostgresError) -> Int64? {
        let rows = try connection.query(
            """
            INSERT INTO \(lease) AS l (shard, owner, epoch, expires_at)
            VALUES ($1, $2, 1, now() + make_interval(secs => $3))
            ON CONFLICT (shard) DO UPDATE SET owner = $2, epoch = l.epoch + 1, expires_at = excluded.expires_at
            WHERE l.expires_at < now() OR l.owner = $2
            RETURNING epoch
            """,
            [.int2(shard), .text(owner), .int4(leaseSeconds)])
        return rows.isEmpty ? nil : try rows[0].int8(0)
    }

    /// Holds the lease for another while; false when another relay has taken it.
    func renew(
        shard: Int16, epoch: Int64, leaseSeconds: Int32, _ connection: Connection
    ) throws(PostgresError) -> Bool {
        try connection.execute(
            "UPDATE \(lease) SET expires_at = now() + make_interval(secs => $3) WHERE shard = $1 AND epoch = $2",
            [.int2(shard), .int8(epoch), .int4(leaseSeconds)]) == 1
    }

    /// Gives the lease up, so that another relay need not wait for its end.
    func release(shard: Int16, epoch: Int64, on connection: Connection) throws(PostgresError) {
        try connection.execute(
            "UPDATE \(lease) SET expires_at = now() - interval '1 second' WHERE shard = $1 AND epoch = $2",
            [.int2(shard), .int8(epoch)])
    }

    /// How many rows wait (counted up to 100,000), and for how many seconds the oldest has waited.
    func backlog(shard: Int16, on connection: Connection) throws(PostgresError) -> (rows: Int64, oldestSeconds: Int64) {
        let rows = try connection.query(
            """
            SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::int8
            FROM (SELECT created_at FROM \(table) WHERE shard = $1 ORDER BY id LIMIT 100000) AS waiting
            """,
            [.int2(shard)])
        return (try rows[0].int8(0), max(0, try rows[0].int8(1)))
    }
}

/// A row of the outbox with its place in the order.
struct PendingEvent: Sendable {
    let id: Int64
    let row: OutboxRow
}
