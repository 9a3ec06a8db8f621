import Contracts
public import Domain
public import Postgres
import Schemes
public import ScoringCore

/// What decisions on tasks brought about, so that it can be undone with them.
public struct DecisionStore {
    let connection: Connection

    public init(_ connection: Connection) {
        self.connection = connection
    }

    /// Keeps what settled a task, in its order.
    public func keep(
        _ records: [EffectRecord], of task: UUID128, decision: UUID128, subject: Int32
    ) throws {
        _ = try connection.pipeline(
            records.enumerated().map { place, record in
                Statement(
                    """
                    INSERT INTO scoring.decision_effect (task, decision, place, subject, record)
                    VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (task, place) DO UPDATE SET decision = excluded.decision, record = excluded.record
                    """,
                    [
                        .uuid(task), .uuid(decision), .int4(Int32(clamping: place)), .int4(subject),
                        .text(try JSONText.text(record)),
                    ])
            })
    }

    /// What settled a task, last first; it is forgotten here.
    public func take(of task: UUID128) throws -> [EffectRecord] {
        let rows = try connection.query(
            """
            WITH taken AS (DELETE FROM scoring.decision_effect WHERE task = $1 RETURNING place, record)
            SELECT record FROM taken ORDER BY place DESC
            """, [.uuid(task)])
        return try rows.map { try JSONText.decode(EffectRecord.self, try $0.text(0)) }
    }

    /// Whether a decision was undone by another fact of the subject.
    public func isUndone(_ decision: UUID128, of subject: Int32) throws(PostgresError) -> Bool {
        try connection.query(
            """
            SELECT EXISTS (SELECT FROM scoring.fact f JOIN scoring.fact_type t ON t.no = f.type
                WHERE f.subject = $1 AND f.kept AND t.name = 'decision.made' AND f.reverses = $2 AND f.sign < 0)
            """, [.int4(subject), .uuid(decision)])[0].bool(0)
    }

    /// The decision in whose name a task stands decided; `nil` while it is open, or when a close settled it.
    public func decisive(of task: UUID128) throws(PostgresError) -> UUID128? {
        try connection.query(
            "SELECT decided_by FROM scoring.task WHERE id = $1 AND state = 'decided'", [.uuid(task)]
        ).first?.optionalUUID(0)
    }
}
