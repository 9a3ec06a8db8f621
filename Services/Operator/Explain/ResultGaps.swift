import Domain
import Postgres
import ScoringCore

/// Figures that could not be judged because data are missing, by subject and period.
struct ResultGaps {
    /// Which gaps are asked for.
    struct Choice {
        var institution: String?
        var period: String?
        var subject: String?
    }

    let subject: String
    let scheme: String
    let period: String
    let gap: GapRecord

    /// The gaps of the latest results.
    static func all(_ choice: Choice, on connection: Connection) throws -> [ResultGaps] {
        try connection.query(
            """
            SELECT institution || '/' || kind || '/' || subject, scheme, period, gaps FROM scoring.published_result
            WHERE is_latest AND gaps <> '[]' AND ($1::text IS NULL OR institution = $1)
                AND ($2::text IS NULL OR period = $2)
                AND ($3::text IS NULL OR institution || '/' || kind || '/' || subject = $3)
            ORDER BY last_day, period, 1, scheme
            """, [.text(choice.institution), .text(choice.period), .text(choice.subject)]
        ).flatMap { row in
            let (subject, scheme, period) = (try row.text(0), try row.text(1), try row.text(2))
            return try JSONText.decode([GapRecord].self, try row.text(3)).map {
                ResultGaps(subject: subject, scheme: scheme, period: period, gap: $0)
            }
        }
    }
}
