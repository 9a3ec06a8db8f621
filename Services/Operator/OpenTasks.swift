import Foundation
import Domain
import Postgres

/// Decisions that Scoring has asked for.
struct OpenTasks {
    struct Task {
        let id: UUID128
        let institution: String
        let kind: String
        let subject: String
        let scheme: String
        let rule: String
        let role: String
        let due: String
        let state: String
        let decision: String?
        let event: String
    }

    static func all(onlyOpen: Bool, on connection: Connection) throws -> [Task] {
        try connection.query(
            """
            SELECT id, institution, kind, subject, scheme, rule, role,
                   to_char(due_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'), state, decision, event
            FROM scoring.published_task WHERE NOT $1 OR state = 'open'
            ORDER BY institution, subject, due_at, role, id
            """,
            [.bool(onlyOpen)]
        ).map { row in
            Task(
                id: try row.uuid(0), institution: try row.text(1), kind: try row.text(2), subject: try row.text(3),
                scheme: try row.text(4), rule: try row.text(5), role: try row.text(6), due: try row.text(7),
                state: try row.text(8), decision: try row.optionalText(9), event: try row.text(10))
        }
    }

    static func table(onlyOpen: Bool, on connection: Connection) throws -> Table {
        var table = Table([
            .text("subject"), .text("decision about"), .text("who decides"), .text("due"), .text("state"),
            .text("decision"),
        ])
        for task in try all(onlyOpen: onlyOpen, on: connection) {
            table.add(
                "\(task.institution)/\(task.kind)/\(task.subject)", task.rule, task.role, task.due, task.state,
                task.decision ?? "–")
        }
        return table
    }
}
