import Foundation
import Postgres

/// What a store holds, table by table, without what differs between equal runs: surrogate keys, clocks, offsets.
///
/// Two runs over the same input must be equal here, whatever was killed and however the work was divided.
struct StoreDigest: Equatable, CustomStringConvertible {
    struct Part: Equatable {
        let rows: Int64
        let digest: String
    }

    private(set) var parts: [String: Part] = [:]

    /// - Parameter exact: also what depends on the log's own offsets, equal only when the same log is replayed.
    init(_ site: Site, exact: Bool = false, payroll: Bool = false) throws {
        let connection = try site.connection()
        defer { connection.close() }
        var queries = Self.scoring(exact: exact)
        if payroll { queries.merge(Self.payroll) { $1 } }
        for (name, sql) in queries {
            let row = try connection.query(
                """
                SELECT count(*), coalesce(encode(sha256(convert_to(
                    string_agg(line, E'\\n' ORDER BY line COLLATE "C"), 'UTF8')), 'hex'), '')
                FROM (SELECT t::text AS line FROM (\(sql)) t) lines
                """)[0]
            parts[name] = Part(rows: try row.int8(0), digest: try row.text(1))
        }
    }

    /// The parts that differ, with their sizes; empty when all are equal.
    func differences(from other: StoreDigest) -> [String] {
        Set(parts.keys).union(other.parts.keys).sorted().compactMap { name in
            let (mine, theirs) = (parts[name], other.parts[name])
            return mine == theirs ? nil : "\(name): \(mine?.rows ?? -1) rows against \(theirs?.rows ?? -1)"
        }
    }

    var description: String {
        parts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.rows) \($0.value.digest.prefix(8))" }
            .joined(separator: ", ")
    }

    private static func scoring(exact: Bool) -> [String: String] {
        let subject = "s.institution, s.kind, s.id AS subject"
        let place = exact ? ", f.\"offset\"" : ""
        let cut = exact ? ", r.cut_offset, r.trace" : ""
        return [
            "fact": """
            SELECT \(subject), t.name, f.id, f.business_date, f.occurred_at, f.amount, f.sign, f.partition, f.customer,
                   f.assignment, f.payload\(place)
            FROM scoring.fact f JOIN scoring.subject s ON s.no = f.subject JOIN scoring.fact_type t ON t.no = f.type
            """,
            "aggregate": """
            SELECT \(subject), e.key, a.bucket, a.grp, a.count, a.sum, a.weighted, a.last, a.last_at, a.last_day,
                   a.last_id, a.min, a.max
            FROM scoring.aggregate a JOIN scoring.subject s ON s.no = a.subject JOIN scoring.series e ON e.no = a.series
            WHERE a.count <> 0 OR a.sum <> 0 OR a.weighted <> 0
            """,
            "result": """
            SELECT \(subject), r.scheme, r.version, r.period, r.revision, r.score, r.grade, r.unit, r.figures, r.across,
                   r.effects, r.gaps, r.causes\(cut)
            FROM scoring.result r JOIN scoring.subject s ON s.no = r.subject
            """,
            "grade": """
            SELECT \(subject), g.id, g.ladder, g.grade, g.valid_from, g.source, g.state
            FROM scoring.grade g JOIN scoring.subject s ON s.no = g.subject
            """,
            "finding": """
            SELECT \(subject), f.id, f.scheme, f.rule, f.date, f.period, f.amount, f.state
            FROM scoring.finding f JOIN scoring.subject s ON s.no = f.subject
            """,
            "task": """
            SELECT \(subject), t.id, t.scheme, t.version, t.rule, t.role, t.opened_on, t.closed_on, t.state, t.decision
            FROM scoring.task t JOIN scoring.subject s ON s.no = t.subject
            """,
            "status": """
            SELECT \(subject), t.id, t.scheme, t.rule, t.status, t.valid_from, t.state
            FROM scoring.status t JOIN scoring.subject s ON s.no = t.subject
            """,
        ]
    }

    private static let payroll = [
        "line": """
        SELECT r.institution, r.month, l.subject, l.ordinal, l.id, l.earned, l.correction, l.scheme, l.version,
               l.component, l.finding, l.amount, l.rule, l.clause, l.fund, l.basis_zh, l.revision, l.findings
        FROM payroll.line l JOIN payroll.run r ON r.id = l.run
        """,
        "statement": """
        SELECT r.institution, r.month, s.subject, s.id, s.total, s.carried_in, s.payable, s.carried_out
        FROM payroll.statement s JOIN payroll.run r ON r.id = s.run
        """,
    ]
}
