import Contracts
public import Domain
public import Postgres
import Schemes
public import ScoringCore

/// Keeps what rules brought about: findings, tasks, grades and statuses, each under the identifier the scheme gave it.
public struct EffectStore {
    let connection: Connection

    public init(_ connection: Connection) {
        self.connection = connection
    }

    /// An effect of a numbered subject.
    public struct Entry: Sendable {
        public let subject: Int32
        public let record: EffectRecord
        /// The fact or close that brought it about.
        public let occasion: String
        /// The day on which it takes place: the fact's, the decision's, or the last of the period.
        public let day: CalendarDate
        /// A single fact set it off, so that an earlier withdrawal is final.
        public let isArrival: Bool
        /// The fact that decided a task.
        public var decision: UUID128?
        /// The place in the subject's partition of the fact, or of the close's marker, that brought it about.
        public var offset: Int64?
        /// The W3C trace of that fact.
        public var trace: String?
        /// It undoes what a decision brought about.
        public var undoesDecision = false

        public init(
            subject: Int32, record: EffectRecord, occasion: String, day: CalendarDate, isArrival: Bool,
            decision: UUID128? = nil, offset: Int64? = nil, trace: String? = nil
        ) {
            self.subject = subject
            self.record = record
            self.occasion = occasion
            self.day = day
            self.isArrival = isArrival
            self.decision = decision
            self.offset = offset
            self.trace = trace
        }
    }

    /// Stores the effects in order; gives the events to publish and the tasks that are new.
    public func apply(_ entries: [Entry]) throws -> (events: [OutgoingEvent], tasks: [UUID128]) {
        var events: [OutgoingEvent] = []
        var tasks: [UUID128] = []
        for start in stride(from: 0, to: entries.count, by: 500) {
            let part = entries[start..<min(start + 500, entries.count)]
            let answers = try connection.pipeline(try part.map(statement))
            for (entry, rows) in zip(part, answers) {
                guard let row = rows.first else { continue }
                if var event = try event(entry, row) {
                    event.traceparent = entry.trace
                    events.append(event)
                }
                if case .task(let task, _) = entry.record { tasks.append(task.id) }
            }
        }
        return (events, tasks)
    }

    /// Each statement gives one row if it changed something, with the event stored before, if any.
    private func statement(_ entry: Entry) throws -> Statement {
        if let statement = undoing(entry) { return statement }
        return try keeping(entry)
    }

    /// What a decision brought about leaves no mark when the decision is undone: another decision may bring it about
    /// again, whereas what is withdrawn because its fact was undone stays so.
    private func undoing(_ entry: Entry) -> Statement? {
        guard entry.undoesDecision else { return nil }
        let (table, state): (String, String)
        switch entry.record {
        case .findingWithdrawn: (table, state) = ("finding", "raised")
        case .statusWithdrawn: (table, state) = ("status", "in force")
        case .taskClosed: (table, state) = ("task", "open")
        default: return nil
        }
        return Statement(
            "DELETE FROM scoring.\(table) WHERE id = $1 AND state = $2 RETURNING event",
            [.uuid(entry.record.id), .text(state)])
    }

    private func keeping(_ entry: Entry) throws -> Statement {
        switch entry.record {
        case .finding(let event): try raise(event, entry)
        case .findingWithdrawn(let id, let rule):
            Statement(
                """
                INSERT INTO scoring.finding AS f (id, subject, scheme, rule, state) VALUES ($1, $2, '', $3, 'withdrawn')
                ON CONFLICT (id) DO UPDATE SET state = 'withdrawn' WHERE f.state = 'raised' RETURNING event
                """, [.uuid(id), .int4(entry.subject), .text(rule)])
        case .task(let event, let request): try open(event, request, entry)
        case .taskClosed(let id, let rule, let outcome): close(id, rule, outcome, entry)
        case .taskReopened(let id, _): reopen(id)
        case .grade(let event, let decided): try grade(event, decided, entry)
        case .gradeWithdrawn(let event):
            Statement(
                """
                UPDATE scoring.grade SET state = 'withdrawn', withdrawn_offset = $2 WHERE id = $1 AND state = 'held'
                RETURNING NULL::text
                """, [.uuid(event.id), .int8(entry.offset)])
        case .status(let event): try status(event, entry)
        case .statusWithdrawn(let id, let rule):
            Statement(
                """
                INSERT INTO scoring.status AS s (id, subject, scheme, rule, status, valid_from, state)
                VALUES ($1, $2, '', $3, '', $4, 'withdrawn')
                ON CONFLICT (id) DO UPDATE SET state = 'withdrawn' WHERE s.state = 'in force' RETURNING event
                """, [.uuid(id), .int4(entry.subject), .text(rule), .date(entry.day)])
        case .notice: Statement("SELECT NULL::text")
        }
    }

    private func raise(_ event: FindingEvent, _ entry: Entry) throws -> Statement {
        let again =
            entry.isArrival
            ? "NOTHING" : "UPDATE SET state = 'raised', event = excluded.event WHERE f.state = 'withdrawn'"
        return Statement(
            """
            INSERT INTO scoring.finding AS f (id, subject, scheme, rule, date, period, amount, state, event)
            VALUES ($1, $2, $3, $4, $5, $6, $7, 'raised', $8) ON CONFLICT (id) DO \(again) RETURNING NULL::text
            """,
            [
                .uuid(event.id), .int4(entry.subject), .text(event.scheme), .text(event.rule), .date(event.date),
                .text(event.period.description), .text(event.amount), .text(try JSONText.text(event)),
            ])
    }

    private func open(_ event: TaskEvent, _ request: TaskRequest, _ entry: Entry) throws -> Statement {
        Statement(
            """
            INSERT INTO scoring.task
                (id, subject, scheme, version, rule, role, due_at, opened_on, opened_offset, state, request, event)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $11, 'open', $9, $10)
            ON CONFLICT (id) DO NOTHING RETURNING NULL::text
            """,
            [
                .uuid(event.id), .int4(entry.subject), .text(event.scheme), .int4(Int32(clamping: event.version)),
                .text(event.rule), .text(event.role), .timestamp(event.dueAt), .date(entry.day),
                .text(try JSONText.text(request)), .text(try JSONText.text(event)), .int8(entry.offset),
            ])
    }

    /// A task that is withdrawn before it was asked for is noted as such, so that it is never asked for.
    /// What a close settled, nobody decided: the fact behind it may still be undone.
    private func close(_ id: UUID128, _ rule: String, _ outcome: String, _ entry: Entry) -> Statement {
        Statement(
            """
            INSERT INTO scoring.task AS t
                (id, subject, scheme, version, rule, role, due_at, opened_on, closed_on, opened_offset, closed_offset,
                state, request, event)
            VALUES ($1, $2, '', 0, $3, '', 'epoch', $4, $4, $8, $8, 'withdrawn', '', '')
            ON CONFLICT (id) DO UPDATE SET state = $5, closed_on = $4, closed_offset = $8, decision = $6,
                decided_by = $7
            WHERE t.state = 'open' OR (t.state = 'decided' AND t.decided_by IS NULL AND $5 = 'withdrawn')
            RETURNING nullif(event, '')
            """,
            [
                .uuid(id), .int4(entry.subject), .text(rule), .date(entry.day),
                .text(entry.decision == nil && outcome == "withdrawn" ? "withdrawn" : "decided"), .text(outcome),
                .uuid(entry.decision), .int8(entry.offset),
            ])
    }

    private func reopen(_ id: UUID128) -> Statement {
        Statement(
            """
            UPDATE scoring.task SET state = 'open', closed_on = NULL, closed_offset = NULL, decision = NULL,
                decided_by = NULL
            WHERE id = $1 AND state = 'decided' RETURNING event
            """, [.uuid(id)])
    }

    private func grade(_ event: GradeEvent, _ decided: Bool, _ entry: Entry) throws -> Statement {
        guard decided else { return Statement("SELECT NULL::text") }
        return Statement(
            """
            INSERT INTO scoring.grade AS g (id, subject, ladder, grade, valid_from, source, event, "offset")
            VALUES ($1, $2, $3, $4, $5, 'scheme', $6, $7)
            ON CONFLICT (id) DO UPDATE SET state = 'held', withdrawn_offset = NULL, "offset" = excluded."offset",
                event = excluded.event
            WHERE g.state = 'withdrawn' RETURNING NULL::text
            """,
            [
                .uuid(event.id), .int4(entry.subject), .text(event.ladder), .text(event.to),
                .date(event.effectiveFrom), .text(try JSONText.text(event)), .int8(entry.offset),
            ])
    }

    private func status(_ event: StatusEvent, _ entry: Entry) throws -> Statement {
        let again =
            entry.isArrival
            ? "NOTHING" : "UPDATE SET state = 'in force', event = excluded.event WHERE s.state = 'withdrawn'"
        return Statement(
            """
            INSERT INTO scoring.status AS s (id, subject, scheme, rule, status, valid_from, state, event)
            VALUES ($1, $2, $3, $4, $5, $6, 'in force', $7) ON CONFLICT (id) DO \(again) RETURNING NULL::text
            """,
            [
                .uuid(event.id), .int4(entry.subject), .text(event.scheme), .text(event.rule), .text(event.status),
                .date(event.from), .text(try JSONText.text(event)),
            ])
    }

    private func event(_ entry: Entry, _ row: Row) throws -> OutgoingEvent? {
        let stored = try row.optionalText(0)
        func outgoing(_ type: EventType, _ id: UUID128, _ key: Subject, _ content: some Encodable) throws
            -> OutgoingEvent
        {
            try OutgoingEvent(type, about: id, key: key.description, occasion: entry.occasion, content)
        }
        switch entry.record {
        case .finding(let event): return try outgoing(.findingRaised, event.id, event.subject, event)
        case .findingWithdrawn:
            guard let event = try stored.map({ try JSONText.decode(FindingEvent.self, $0) }) else { return nil }
            return try outgoing(.findingWithdrawn, event.id, event.subject, event)
        case .task(let event, _): return try outgoing(.taskRequested, event.id, event.subject, event)
        case .taskClosed(_, _, let outcome):
            guard var event = try stored.map({ try JSONText.decode(TaskEvent.self, $0) }) else { return nil }
            event.decision = outcome
            event.decidedBy = entry.decision
            return try outgoing(.taskClosed, event.id, event.subject, event)
        case .taskReopened:
            guard let event = try stored.map({ try JSONText.decode(TaskEvent.self, $0) }) else { return nil }
            return try outgoing(.taskRequested, event.id, event.subject, event)
        case .gradeWithdrawn(let event):
            guard let undone = event.undone else { return nil }
            return try outgoing(.gradeDecided, undone.id, undone.subject, undone)
        case .grade(let event, let decided):
            return try outgoing(decided ? .gradeDecided : .gradeProposed, event.id, event.subject, event)
        case .status(let event): return try outgoing(.statusChanged, event.id, event.subject, event)
        case .statusWithdrawn:
            guard var event = try stored.map({ try JSONText.decode(StatusEvent.self, $0) }) else { return nil }
            event.id = DeterministicID.make("status-withdrawn", event.id.description)
            event.status = "active"
            return try outgoing(.statusChanged, event.id, event.subject, event)
        case .notice(let event):
            let key = event.subject?.description ?? event.institution
            return try OutgoingEvent(.noticeRequested, about: event.id, key: key, occasion: entry.occasion, event)
        }
    }
}
