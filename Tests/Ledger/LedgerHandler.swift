import Foundation
import Kafka
public import Messaging
public import Postgres

/// Enters each message into a table that would not hide a second entry: it has no unique key.
///
/// Some values ask for trouble: `bad…` becomes a dead letter, `poison…` is thrown as a permanent error, `number…` makes the
/// database refuse a value, `die…` ends the process, `event…` is published through the outbox.
public struct LedgerHandler: BatchHandler {
    /// A permanent error of the handler's own.
    public struct Poison: ClassifiedFault {
        public var code: String { "TEST-POISON" }
        public var isTransient: Bool { false }
    }

    /// Tables of a test, in the schema `svc`.
    public static func schema() throws -> String {
        try messagingTables(schema: "svc") + """
            CREATE TABLE svc.ledger (
                id bigint GENERATED ALWAYS AS IDENTITY, topic text NOT NULL, partition int NOT NULL,
                "offset" bigint NOT NULL, value text NOT NULL, epoch bigint NOT NULL);
            """
    }

    /// The tables of the consumer loop and the outbox, as the migrations make them.
    public static func messagingTables(schema: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appending(path: "Services/Operator/Schema/002_messaging.sql")
        return try String(contentsOf: file, encoding: .utf8)
            + "CALL public.gradus_make_messaging_tables('\(schema)');\n"
    }

    /// Called with each batch inside its transaction, before the messages are entered.
    public var before: @Sendable (MessageBatch) throws -> Void
    /// Called after each commit.
    public var after: @Sendable () -> Void
    /// The topic of events.
    public var eventTopic: String

    /// A handler that calls `before` inside each transaction.
    public init(
        eventTopic: String = "events", before: @escaping @Sendable (MessageBatch) throws -> Void = { _ in },
        after: @escaping @Sendable () -> Void = {}
    ) {
        self.eventTopic = eventTopic
        self.before = before
        self.after = after
    }

    /// Passes the commit on.
    public mutating func didCommit() { after() }

    /// Enters the batch.
    public mutating func process(
        _ batch: MessageBatch, in transaction: borrowing Transaction, _ context: BatchContext
    ) throws -> BatchOutcome {
        try before(batch)
        var outcome = BatchOutcome()
        var entries: [(offset: Int64, value: String)] = []
        for index in batch.indices {
            let value = String(decoding: batch.value(index) ?? [], as: UTF8.self)
            if value.hasPrefix("die") { _exit(9) }
            if value.hasPrefix("poison") { throw Poison() }
            if value.hasPrefix("number") { try transaction.execute("SELECT $1::text::int", [.text(value)]) }
            if value.hasPrefix("bad") {
                outcome.deadLetters.append(DeadLetter(message: index, code: "TEST-BAD", detail: "asked to be bad"))
                continue
            }
            if value.hasPrefix("event") {
                let event = EventHeaders(id: value, source: "/test", type: "test.event.v1")
                outcome.outbox.append(
                    OutboxRow(topic: eventTopic, key: batch.key(index), event: event, payload: batch.value(index)))
            }
            entries.append((batch.offset(index), value))
        }
        try transaction.copyIn(
            table: "svc.ledger", columns: ["topic", "partition", "offset", "value", "epoch"]
        ) { writer throws(PostgresError) in
            for entry in entries {
                writer.beginRow()
                writer.text(batch.partition.topic)
                writer.int4(batch.partition.partition)
                writer.int8(entry.offset)
                writer.text(entry.value)
                writer.int8(context.epoch)
            }
        }
        outcome.applied = entries.count
        return outcome
    }
}
