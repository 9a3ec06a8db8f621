import Domain
import Messaging
import NotificationsCore
import Postgres

/// One try of one delivery, claimed by this worker.
struct Delivery: Hashable, Sendable {
    var key: NoticeKey
    var channel: Channel
    /// The number of this try, from 1.
    var attempt: Int
    /// The claim: an answer counts only while nobody has claimed the delivery again.
    var lease: Int64
    var scheme: String
    var version: Int
    var clause: String
    var fact: UUID128?
    var language: String
    var title: String
    var body: String
    /// The e-mail address or webhook of the recipient at the time of the try.
    var address: String?
}

/// The work list of the delivery worker.
struct DeliveryStore: Sendable {
    var policy: DeliveryPolicy
    var leaseSeconds: Int32
    var gateway: String?

    /// Claims due deliveries, the oldest first. A worker that dies loses its claims when the lease ends.
    func claim(
        _ channels: [Channel], limit: Int32, on connection: Connection
    ) throws(PostgresError) -> [Delivery] {
        let rows = try connection.query(
            """
            WITH due AS (
                SELECT notice, channel FROM notices.delivery
                WHERE state = 'pending' AND next_attempt_at <= now()
                    AND (leased_until IS NULL OR leased_until < now())
                    AND channel = ANY($4)
                ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED
            ), claimed AS (
                UPDATE notices.delivery d
                SET leased_until = now() + make_interval(secs => $2), lease = d.lease + 1, attempts = d.attempts + 1
                FROM due WHERE (d.notice, d.channel) = (due.notice, due.channel)
                RETURNING d.notice, d.channel, d.attempts, d.lease
            )
            SELECT c.notice, c.channel, c.attempts, c.lease, n.institution, n.recipient, n.rule, n.cause, n.scheme,
                n.version, n.clause, n.fact, n.language, n.title, n.body,
                CASE c.channel WHEN 'email' THEN m.email WHEN 'webhook' THEN coalesce(m.webhook, $3) END
            FROM claimed c JOIN notices.notice n ON n.id = c.notice
                LEFT JOIN reference.manager m
                    ON m.institution = n.institution AND m.id = split_part(n.recipient, '/', 3)
            ORDER BY n.due_at, n.id, c.channel
            """, [.int4(limit), .int4(leaseSeconds), .text(gateway), .texts(channels.map(\.rawValue))])
        var deliveries: [Delivery] = []
        for row in rows {
            guard let channel = Channel(rawValue: try row.text(1)), let recipient = Subject(try row.text(5)) else {
                continue
            }
            let key = NoticeKey(
                id: try row.uuid(0), institution: try row.text(4), recipient: recipient, rule: try row.text(6),
                cause: try row.uuid(7))
            deliveries.append(
                Delivery(
                    key: key, channel: channel, attempt: Int(try row.int4(2)), lease: try row.int8(3),
                    scheme: try row.text(8), version: Int(try row.int4(9)), clause: try row.text(10),
                    fact: try row.optionalUUID(11), language: try row.text(12), title: try row.text(13),
                    body: try row.text(14), address: try row.optionalText(15)))
        }
        return deliveries
    }

    /// Writes what several tries came to, in one transaction.
    func settle(
        _ tries: [(Delivery, DeliveryPolicy.Answer)], now: Timestamp, on connection: Connection
    ) throws {
        try connection.transaction { transaction throws(any Error) in
            for (delivery, answer) in tries { _ = try settle(delivery, answer, now: now, in: transaction) }
        }
    }

    /// Writes what a try came to; false when the lease was lost and somebody else decides.
    func settle(
        _ delivery: Delivery, _ answer: DeliveryPolicy.Answer, now: Timestamp, in transaction: borrowing Transaction
    ) throws -> Bool {
        guard let notice = try NoticeStore.locked(delivery.key.id, in: transaction) else { return false }
        let decision = policy.decide(answer, attempt: delivery.attempt, now: now)
        let (state, code, next): (String, String?, Timestamp?) =
            switch decision {
            case .delivered: ("delivered", nil, nil)
            case .again(let at, let code): ("pending", code, at)
            case .failed(let code): ("failed", code, nil)
            case .givenUp(let code): ("given-up", code, nil)
            }
        let settled = try transaction.execute(
            """
            UPDATE notices.delivery SET state = $4, code = $5, leased_until = NULL,
                next_attempt_at = coalesce($6, next_attempt_at),
                finished_at = CASE WHEN $4 = 'pending' THEN NULL ELSE now() END
            WHERE notice = $1 AND channel = $2 AND lease = $3 AND state = 'pending'
            """,
            [
                .uuid(delivery.key.id), .text(delivery.channel.rawValue), .int8(delivery.lease), .text(state),
                .text(code), .timestamp(next),
            ])
        guard settled == 1 else { return false }
        if decision == .delivered {
            let event = try NotificationTopics.row(.delivered, of: notice.key, channel: delivery.channel, at: now)
            try NotificationTopics.outbox.append([event], in: transaction)
            try NoticeStore.advance(notice.key, from: notice.state, to: .delivered, at: now, in: transaction)
        }
        return true
    }

    /// How many deliveries are due and not yet made, counted up to 100,000.
    static func backlog(on connection: Connection) throws(PostgresError) -> Int64 {
        try connection.query(
            """
            SELECT count(*) FROM (SELECT FROM notices.delivery WHERE state = 'pending' AND next_attempt_at <= now()
                LIMIT 100000) AS due
            """)[0].int8(0)
    }
}
