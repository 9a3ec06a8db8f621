import Contracts
import Domain
import Messaging
import NotificationsCore
import Postgres

/// The tables `notices.notice` and `notices.delivery`.
enum NoticeStore {
    /// Adds notices with a delivery for each channel; gives those that were not there before, in order.
    static func insert(
        _ notices: [PlannedNotice], in transaction: borrowing Transaction
    ) throws(PostgresError) -> [NoticeKey] {
        guard !notices.isEmpty else { return [] }
        let rows = try transaction.query(
            """
            INSERT INTO notices.notice (id, institution, recipient, scheme, version, name, rule, clause, cause,
                cause_type, fact, about, language, title, body, due_at)
            SELECT id, institution, recipient, scheme, version, name, rule, clause, cause, cause_type, fact, about,
                language, title, body, due_at
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int4[], $6::text[], $7::text[], $8::text[],
                $9::uuid[], $10::text[], $11::uuid[], $12::text[], $13::text[], $14::text[], $15::text[],
                $16::timestamptz[]) AS n (id, institution, recipient, scheme, version, name, rule, clause, cause,
                cause_type, fact, about, language, title, body, due_at)
            ON CONFLICT DO NOTHING RETURNING id
            """, columns(notices) + texts(notices))
        let ids = try rows.map { row throws(PostgresError) in try row.uuid(0) }
        var new = Set(ids)
        let fresh = notices.filter { new.remove($0.id) != nil }
        let deliveries = fresh.flatMap { notice in notice.channels.map { (notice, $0) } }
        try transaction.execute(
            """
            INSERT INTO notices.delivery (notice, channel, next_attempt_at)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[])
            """,
            [
                .uuids(deliveries.map { $0.0.id }), .texts(deliveries.map { $0.1.rawValue }),
                .timestamps(count: deliveries.count) { deliveries[$0].0.dueAt.microseconds },
            ])
        return fresh.map { NoticeKey($0) }
    }

    private static func columns(_ notices: [PlannedNotice]) -> [Parameter] {
        [
            .uuids(notices.map { $0.id }), .texts(notices.map { $0.institution }),
            .texts(notices.map { $0.recipient.description }), .texts(notices.map { $0.scheme }),
            .int4s(notices.map { Int32(clamping: $0.version) }), .texts(notices.map { $0.name }),
            .texts(notices.map { $0.rule }), .texts(notices.map { $0.clause }), .uuids(notices.map { $0.cause }),
            .texts(notices.map { $0.causeType.rawValue }), .uuids(notices.map { $0.fact }),
        ]
    }

    private static func texts(_ notices: [PlannedNotice]) -> [Parameter] {
        [
            .texts(notices.map { $0.about?.description }), .texts(notices.map { $0.language.rawValue }),
            .texts(notices.map { $0.title }), .texts(notices.map { $0.body }),
            .timestamps(count: notices.count) { notices[$0].dueAt.microseconds },
        ]
    }

    /// A reader's notices that are due, the newest first, from the one after `id`.
    static func inbox(
        of recipient: Subject, before last: UUID128?, limit: Int32, on connection: Connection
    ) throws(PostgresError) -> [InboxEntry] {
        let rows = try connection.query(
            """
            SELECT id, title, body, scheme, version, rule, clause, fact, state, due_at FROM notices.notice
            WHERE recipient = $1 AND due_at <= now() AND ($2::uuid IS NULL
                OR (due_at, id) < (SELECT due_at, id FROM notices.notice WHERE id = $2))
            ORDER BY due_at DESC, id DESC LIMIT $3
            """, [.text(recipient.description), .uuid(last), .int4(limit)])
        return try rows.map { row throws(PostgresError) in
            InboxEntry(
                id: try row.uuid(0), title: try row.text(1), body: try row.text(2), scheme: try row.text(3),
                version: Int(try row.int4(4)), rule: try row.text(5), clause: try row.text(6),
                fact: try row.optionalUUID(7), state: NoticeState(rawValue: try row.text(8)) ?? .issued,
                dueAt: try row.timestamp(9))
        }
    }

    /// A notice and how far it has come, kept from changing until the transaction ends; nil when there is none.
    static func locked(
        _ id: UUID128, in transaction: borrowing Transaction
    ) throws(PostgresError) -> (key: NoticeKey, state: NoticeState)? {
        let rows = try transaction.query(
            "SELECT institution, recipient, rule, cause, state FROM notices.notice WHERE id = $1 FOR UPDATE",
            [.uuid(id)])
        guard let row = rows.first, let recipient = Subject(try row.text(1)),
            let state = NoticeState(rawValue: try row.text(4))
        else { return nil }
        let key = NoticeKey(
            id: id, institution: try row.text(0), recipient: recipient, rule: try row.text(2), cause: try row.uuid(3))
        return (key, state)
    }

    /// Takes a locked notice forward and announces each state on the way; nothing when it is there already.
    static func advance(
        _ key: NoticeKey, from state: NoticeState, to next: NoticeState, channel: Channel? = nil, at now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        let steps = state.steps(to: next)
        guard let last = steps.last else { return }
        try transaction.execute(
            """
            UPDATE notices.notice SET state = $2,
                delivered_at = CASE WHEN 'delivered' = ANY($3) THEN now() ELSE delivered_at END,
                read_at = CASE WHEN 'read' = ANY($3) THEN now() ELSE read_at END,
                acknowledged_at = CASE WHEN 'acknowledged' = ANY($3) THEN now() ELSE acknowledged_at END
            WHERE id = $1
            """, [.uuid(key.id), .text(last.rawValue), .texts(steps.map(\.rawValue))])
        let events = try steps.filter { $0 != .delivered }.map {
            try NotificationTopics.row($0, of: key, channel: nil, at: now)
        }
        try NotificationTopics.outbox.append(events, in: transaction)
    }
}
