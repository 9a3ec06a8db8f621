import Contracts
import Domain
import Foundation
import Messaging
import NotificationsCore

/// The topics that Notifications reads and rejects to, and its own events as rows of its outbox.
enum NotificationTopics {
    static let read = [Topic.scores.name, Topic.payroll.name]
    static let deadLetters = Topic.deadLetters.name
    static let outbox = OutboxStore(schema: "notices")

    static func row(
        _ state: NoticeState, of notice: NoticeKey, channel: Channel?, at now: Timestamp, trace: String? = nil
    ) throws -> OutboxRow {
        let event = state.event(
            notice: notice.id, institution: notice.institution, recipient: notice.recipient, rule: notice.rule,
            channel: channel, cause: notice.cause)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let recipient = notice.recipient.description
        return OutboxRow(
            topic: state.eventType.topic.name, key: Array(recipient.utf8),
            event: EventHeaders(
                id: event.id.description, source: "/gradus/notifications", type: state.eventType.rawValue,
                subject: recipient, time: now, traceparent: trace),
            payload: Array(try encoder.encode(event)))
    }
}

/// What a notice's events say of it.
struct NoticeKey: Hashable, Sendable {
    var id: UUID128
    var institution: String
    var recipient: Subject
    var rule: String
    var cause: UUID128

    init(id: UUID128, institution: String, recipient: Subject, rule: String, cause: UUID128) {
        self.id = id
        self.institution = institution
        self.recipient = recipient
        self.rule = rule
        self.cause = cause
    }

    init(_ notice: PlannedNotice) {
        self.init(
            id: notice.id, institution: notice.institution, recipient: notice.recipient, rule: notice.rule,
            cause: notice.cause)
    }
}
