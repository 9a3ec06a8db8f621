import Contracts
import Domain
import Foundation
import Messaging
import PayrollCore
import Postgres

/// Payroll's events as rows of its outbox.
enum PayEventRow {
    static let outbox = OutboxStore(schema: "payroll")

    static func row(_ run: PayRun, by actor: String, at now: Timestamp) throws -> OutboxRow {
        let event = run.event(by: actor)
        return try row(event, event.id, run.state.eventType, subject: run.institution, now)
    }

    static func rows(_ run: PayRun, _ statement: PayStatement, at now: Timestamp) throws -> [OutboxRow] {
        let subject = statement.subject.description
        var rows = try statement.lines.map { line in
            let event = run.event(of: line, subject: statement.subject)
            return try row(event, event.id, line.eventType, subject: subject, now)
        }
        let event = run.event(of: statement)
        rows.append(try row(event, event.id, .statementFinalised, subject: subject, now))
        return rows
    }

    private static func row(
        _ event: some Encodable, _ id: UUID128, _ type: EventType, subject: String, _ now: Timestamp
    ) throws -> OutboxRow {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return OutboxRow(
            topic: type.topic.name, key: Array(subject.utf8),
            event: EventHeaders(
                id: id.description, source: "/gradus/payroll", type: type.rawValue, subject: subject, time: now),
            payload: Array(try encoder.encode(event)))
    }
}
