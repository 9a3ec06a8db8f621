import Contracts
import Domain
import IntakeCore
import Postgres

/// Entries of one kind whose reference data changed.
struct PendingGroup {
    struct Entry {
        var id: String
        var version: Int64
    }

    var institution: String
    var kind: SubjectKind
    var entries: [Entry]
}

/// What the reconciler reads and strikes off.
struct RecreditStore {
    /// The oldest pending entries, by institution and kind.
    func pending(limit: Int32, institution: String? = nil, on connection: Connection) throws(PostgresError)
        -> [PendingGroup]
    {
        let rows = try connection.query(
            """
            SELECT institution, kind, id, version FROM intake.pending
            WHERE $2::text IS NULL OR institution = $2 ORDER BY since, institution, kind, id LIMIT $1
            """, [.int4(limit), .text(institution)])
        var groups: [String: PendingGroup] = [:]
        for row in rows {
            let (institution, kind) = (try row.text(0), try row.text(1))
            groups[
                "\(institution)/\(kind)",
                default: PendingGroup(
                    institution: institution, kind: SubjectKind(rawValue: kind) ?? .customer, entries: [])
            ].entries.append(PendingGroup.Entry(id: try row.text(2), version: try row.int8(3)))
        }
        return groups.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Customers with one version of one assignment can have no stale credit; the others must be compared.
    func split(
        _ group: PendingGroup, on connection: Connection
    ) throws(PostgresError) -> (fresh: PendingGroup, changed: PendingGroup) {
        let rows = try connection.query(
            """
            SELECT customer FROM reference.assignment WHERE institution = $1 AND customer = ANY($2)
            GROUP BY customer HAVING count(*) > 1
            """, [.text(group.institution), .texts(group.entries.map(\.id))])
        var changed: Set<String> = []
        for row in rows { changed.insert(try row.text(0)) }
        var (fresh, other) = (group, group)
        fresh.entries.removeAll { changed.contains($0.id) }
        other.entries.removeAll { !changed.contains($0.id) }
        return (fresh, other)
    }

    /// Strikes off what did not change again meanwhile.
    func strike(_ group: PendingGroup, in transaction: Transaction) throws(PostgresError) {
        try transaction.execute(
            """
            DELETE FROM intake.pending p USING unnest($3::text[], $4::bigint[]) AS d (id, version)
            WHERE p.institution = $1 AND p.kind = $2 AND p.id = d.id AND p.version = d.version
            """,
            [
                .text(group.institution), .text(group.kind.rawValue), .texts(group.entries.map(\.id)),
                .int8s(group.entries.map(\.version)),
            ])
    }

    func assignments(
        of customers: [String], institution: String, in transaction: Transaction
    ) throws(PostgresError) -> [String: [Assignment]] {
        var assignments: [String: [Assignment]] = [:]
        let rows = try transaction.query(
            """
            SELECT no, institution, id, customer, manager, (share * 1000000)::bigint, valid_from, valid_to
            FROM reference.assignment WHERE institution = $1 AND customer = ANY($2) AND superseded_by IS NULL
            """, [.text(institution), .texts(customers)])
        for row in rows {
            let assignment = try Assignment(row: row)
            assignments[assignment.customer, default: []].append(assignment)
        }
        return assignments
    }

    /// Every stored fact that was credited for the customers, to any manager who ever held them.
    func facts(of customers: [String], institution: String, in transaction: Transaction) throws -> [String: [Fact]] {
        var facts: [String: [Fact]] = [:]
        let rows = try transaction.query(
            """
            SELECT payload FROM scoring.published_fact
            WHERE institution = $1 AND kind = 'manager' AND customer = ANY($2) AND assignment IS NOT NULL
              AND subject = ANY(ARRAY(
                SELECT DISTINCT manager FROM reference.assignment WHERE institution = $1 AND customer = ANY($2)))
            """, [.text(institution), .texts(customers)])
        for row in rows {
            let payload = Array(try row.text(0).utf8)
            let fact = try FactCodec.decode(payload.span)
            facts[fact.customer ?? "", default: []].append(fact)
        }
        return facts
    }

    func outboxIsEmpty(on connection: Connection) throws(PostgresError) -> Bool {
        try connection.query("SELECT NOT EXISTS (SELECT FROM intake.outbox)")[0].bool(0)
    }
}
