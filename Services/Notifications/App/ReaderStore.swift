import Contracts
import Domain
import NotificationsCore
import Postgres

/// Reads people and their addresses from `reference.manager`, the only place that has them.
struct ReaderStore: Sendable {
    /// False where no mail server is set: then no e-mail is planned.
    var usesEmail: Bool
    /// False where no signing secret is set: then no webhook is planned.
    var usesWebhooks: Bool
    /// Where notices go whose reader has no webhook of his own, such as a message gateway.
    var gateway: String?

    /// The people of an audience, and whoever the occasion is about.
    func readers(
        _ audience: Audience, about subject: Subject?, institution: String, on connection: Connection
    ) throws(PostgresError) -> [Reader] {
        let condition =
            switch audience.kind {
            case .manager: "false"
            case .role: "role = $3 AND ($4::text IS NULL OR unit = $4)"
            case .unit: "unit = coalesce($3, $4)"
            case .everyone: "$3::text IS NULL AND $4::text IS NULL"
            }
        let named = audience.kind == .everyone || audience.kind == .manager
        let rows = try connection.query(
            """
            SELECT id, unit, role, language, name, email, webhook FROM reference.manager
            WHERE institution = $1 AND (id = $2
                OR (\(condition)) AND coalesce(status, 'active') NOT IN ('left', 'dismissed'))
            """ + (audience.kind == .manager ? " AND $3::text IS NULL AND $4::text IS NULL" : ""),
            [
                .text(institution), .text(subject?.kind == .manager ? subject?.id : nil),
                .text(named ? nil : audience.name), .text(named ? nil : audience.unit),
            ])
        return try rows.map { row throws(PostgresError) in
            let language = try row.optionalText(3)
            let id = try row.text(0)
            return Reader(
                subject: Subject(institution: institution, kind: .manager, id: id),
                unit: try row.optionalText(1), role: try row.optionalText(2),
                language: language.flatMap { ReadingLanguage(rawValue: $0) } ?? .zh,
                name: try row.optionalText(4) ?? id, email: usesEmail ? try row.optionalText(5) : nil,
                webhook: usesWebhooks ? try row.optionalText(6) ?? gateway : nil)
        }
    }
}
