import Contracts
public import Domain
public import Postgres
public import Schemes
import ScoringCore

/// Reads tasks and the decisions that answer them.
public struct TaskStore {
    let connection: Connection

    public init(_ connection: Connection) {
        self.connection = connection
    }

    /// A task as it was asked for.
    public struct Open: Sendable {
        public let subject: Int32
        public let scheme: String
        public let version: Int
        public let request: TaskRequest
    }

    /// The task in whatever state; `nil` when it was never asked for.
    public func asked(_ id: UUID128) throws -> Open? {
        try connection.query(
            "SELECT subject, scheme, version, request FROM scoring.task WHERE id = $1 AND request <> ''", [.uuid(id)]
        ).first.map { row in
            Open(
                subject: try row.int4(0), scheme: try row.text(1), version: Int(try row.int4(2)),
                request: try JSONText.decode(TaskRequest.self, try row.text(3)))
        }
    }

    /// The task, if it is open; `nil` otherwise. `isKnown` says whether it was ever asked for or withdrawn.
    public func task(_ id: UUID128) throws -> (open: Open?, isKnown: Bool) {
        let rows = try connection.query(
            "SELECT subject, scheme, version, request, state FROM scoring.task WHERE id = $1", [.uuid(id)])
        guard let row = rows.first else { return (nil, false) }
        guard try row.text(4) == "open" else { return (nil, true) }
        let request = try JSONText.decode(TaskRequest.self, try row.text(3))
        return (
            Open(
                subject: try row.int4(0), scheme: try row.text(1), version: Int(try row.int4(2)), request: request),
            true
        )
    }

    /// The decisions on tasks of a subject up to an offset, reversals included.
    public func decisions(of subject: Int32, through offset: Int64) throws -> [Fact] {
        try connection.query(
            """
            SELECT f.payload FROM scoring.fact f JOIN scoring.fact_type t ON t.no = f.type
            WHERE f.subject = $1 AND f.kept AND t.name = 'decision.made' AND f."offset" <= $2 ORDER BY f."offset"
            """, [.int4(subject), .int8(offset)]
        ).map { row in
            let payload = try row.bytes(0)
            return try FactCodec.decode(payload.span)
        }
    }

    /// The subject's tasks that are open now.
    public func open(of subject: Int32) throws -> [TaskRequest] {
        try connection.query(
            "SELECT request FROM scoring.task WHERE subject = $1 AND state = 'open' ORDER BY id", [.int4(subject)]
        ).map { try JSONText.decode(TaskRequest.self, try $0.text(0)) }
    }

    /// The grades that the subject holds, by the day from which they hold.
    public func grades(of subject: Int32) throws(PostgresError) -> [GradeHold] {
        var grades: [GradeHold] = []
        let rows = try connection.query(
            """
            SELECT ladder, grade, valid_from FROM scoring.grade WHERE subject = $1 AND state = 'held'
            ORDER BY valid_from, id
            """, [.int4(subject)])
        for row in rows {
            grades.append(GradeHold(ladder: try row.text(0), grade: try row.text(1), from: try row.date(2)))
        }
        return grades
    }

    /// The subject's number; `nil` when nothing is stored about it.
    public func number(of subject: Subject) throws(PostgresError) -> Int32? {
        try connection.query(
            "SELECT no FROM scoring.subject WHERE institution = $1 AND kind = $2 AND id = $3",
            [.text(subject.institution), .text(subject.kind.rawValue), .text(subject.id)]
        ).first?.int4(0)
    }

    /// Keeps a decision until its task is asked for.
    public func wait(_ fact: UUID128, subject: Int32, for task: UUID128) throws(PostgresError) {
        try connection.execute(
            """
            INSERT INTO scoring.early_decision (task, fact, subject) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
            """, [.uuid(task), .uuid(fact), .int4(subject)])
    }

    /// The decisions that waited for these tasks, with their offsets, in this order; they wait no longer.
    public func takeWaiting(for tasks: [UUID128]) throws(PostgresError) -> [(payload: [UInt8], offset: Int64)] {
        let rows = try connection.query(
            """
            WITH taken AS (DELETE FROM scoring.early_decision WHERE task = ANY($1) RETURNING fact, subject)
            SELECT f.payload, f."offset" FROM taken t JOIN scoring.fact f ON f.subject = t.subject AND f.id = t.fact
            ORDER BY f.partition, f."offset"
            """, [.uuids(tasks)])
        var decisions: [(payload: [UInt8], offset: Int64)] = []
        for row in rows { decisions.append((try row.bytes(0), try row.int8(1))) }
        return decisions
    }

    /// Notes a grade given by an appointment, or that the appointment was undone.
    public func appoint(_ fact: Fact, subject: Int32, offset: Int64) throws(PostgresError) {
        guard case .text(let ladder)? = fact.attributes["ladder"], case .text(let grade)? = fact.attributes["grade"]
        else { return }
        var from = fact.businessDate
        if case .text(let text)? = fact.attributes["from"], let date = CalendarDate(text) { from = date }
        let isUndone = fact.sign < 0
        try connection.execute(
            """
            INSERT INTO scoring.grade AS g
                (id, subject, ladder, grade, valid_from, source, state, event, "offset", withdrawn_offset)
            VALUES ($1, $2, $3, $4, $5, 'appointment', $6, '', $7, CASE $6 WHEN 'withdrawn' THEN $7 END)
            ON CONFLICT (id) DO UPDATE SET state = 'withdrawn', withdrawn_offset = excluded.withdrawn_offset
            WHERE excluded.state = 'withdrawn'
            """,
            [
                .uuid(isUndone ? fact.reverses ?? fact.id : fact.id), .int4(subject), .text(ladder), .text(grade),
                .date(from), .text(isUndone ? "withdrawn" : "held"), .int8(offset),
            ])
    }
}
