import Domain
public import Postgres
public import ScoringCore

/// Keeps the running aggregates. It belongs to one connection, inside one transaction.
public struct AggregateStore {
    let connection: Connection

    public init(_ connection: Connection) {
        self.connection = connection
    }

    /// Adds what a batch came to.
    public func add(_ table: AggregateTable) throws(PostgresError) {
        let order = table.sortedPositions()
        guard !order.isEmpty else { return }
        func key(_ index: Int) -> AggregateKey { table.keys[order[index]] }
        func value(_ index: Int) -> Aggregate { table.values[order[index]] }
        let count = order.count
        try connection.execute(
            Self.upsert,
            [
                .int4s(count: count) { key($0).subject }, .int4s(count: count) { key($0).series },
                .int4s(count: count) { key($0).bucket }, .texts(order.map { table.groups[Int(table.keys[$0].group)] }),
                .int8s(count: count) { value($0).count }, .int8s(count: count) { value($0).sum },
                .int8s(count: count) { value($0).weighted }, .int8s(count: count) { value($0).last },
                .int4s(count: count) { value($0).lastOrder?.day },
                .int8s(count: count) { value($0).lastOrder?.microseconds },
                .uuids(count: count) { value($0).lastOrder?.id }, .int8s(count: count) { value($0).min },
                .int8s(count: count) { value($0).max },
            ])
    }

    private static let isLater = """
        a.last_id IS NULL
        OR (excluded.last_day, excluded.last_at, excluded.last_id) > (a.last_day, a.last_at, a.last_id)
        """

    private static let upsert = """
        INSERT INTO scoring.aggregate AS a
            (subject, series, bucket, grp, count, sum, weighted, last, last_day, last_at, last_id, min, max)
        SELECT * FROM unnest($1::int4[], $2::int4[], $3::int4[], $4::text[], $5::int8[], $6::int8[], $7::int8[],
            $8::int8[], $9::int4[], $10::int8[], $11::uuid[], $12::int8[], $13::int8[])
        ON CONFLICT (subject, series, bucket, grp) DO UPDATE SET
            count = a.count + excluded.count, sum = a.sum + excluded.sum, weighted = a.weighted + excluded.weighted,
            last = CASE WHEN \(isLater) THEN excluded.last ELSE a.last END,
            last_day = CASE WHEN \(isLater) THEN excluded.last_day ELSE a.last_day END,
            last_at = CASE WHEN \(isLater) THEN excluded.last_at ELSE a.last_at END,
            last_id = CASE WHEN \(isLater) THEN excluded.last_id ELSE a.last_id END,
            min = least(a.min, excluded.min), max = greatest(a.max, excluded.max)
        """

    /// Writes `last`, `min` and `max` of aggregates that a reversal touched, as worked out from their facts.
    public func setOrder(_ rows: [(key: AggregateKey, group: String, value: Aggregate)]) throws(PostgresError) {
        let count = rows.count
        try connection.execute(
            """
            UPDATE scoring.aggregate a
            SET last = n.last, last_day = n.last_day, last_at = n.last_at, last_id = n.last_id, min = n.min, max = n.max
            FROM unnest($1::int4[], $2::int4[], $3::int4[], $4::text[], $5::int8[], $6::int4[], $7::int8[],
                $8::uuid[], $9::int8[], $10::int8[])
                AS n (subject, series, bucket, grp, last, last_day, last_at, last_id, min, max)
            WHERE a.subject = n.subject AND a.series = n.series AND a.bucket = n.bucket AND a.grp = n.grp
            """,
            [
                .int4s(count: count) { rows[$0].key.subject }, .int4s(count: count) { rows[$0].key.series },
                .int4s(count: count) { rows[$0].key.bucket }, .texts(rows.map(\.group)),
                .int8s(count: count) { rows[$0].value.last },
                .int4s(count: count) { rows[$0].value.lastOrder?.day },
                .int8s(count: count) { rows[$0].value.lastOrder?.microseconds },
                .uuids(count: count) { rows[$0].value.lastOrder?.id },
                .int8s(count: count) { rows[$0].value.min }, .int8s(count: count) { rows[$0].value.max },
            ])
    }
}
