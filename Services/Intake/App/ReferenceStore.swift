import Domain
import IntakeCore
import Postgres

/// Writes reference records. The last of several records about one entry in a batch stands.
struct ReferenceStore {
    /// Applies records in their order and notes whose credits must be looked at again.
    func apply(_ records: [ReferenceRecord], in transaction: Transaction) throws(PostgresError) {
        guard !records.isEmpty else { return }
        _ = try transaction.query("SELECT pg_advisory_xact_lock($1)", [.int8(ReferenceKeeper.referenceLock)])
        try write(
            assignments: records.compactMap { if case .assignment(let assignment) = $0 { assignment } else { nil } },
            in: transaction)
        var others: [String: ReferenceRecord] = [:]
        for record in records { others[record.entry] = record }
        for (_, record) in others.sorted(by: { $0.key < $1.key }) { try write(record, in: transaction) }
    }

    /// The customers to whom existing assignments belong; an assignment cannot go over to another customer.
    func customers(of assignments: [Assignment], in transaction: Transaction) throws(PostgresError) -> [String: String]
    {
        guard !assignments.isEmpty else { return [:] }
        var customers: [String: String] = [:]
        let rows = try transaction.query(
            """
            SELECT DISTINCT a.institution, a.id, a.customer FROM reference.assignment a
            JOIN unnest($1::text[], $2::text[]) AS r (institution, id) ON a.institution = r.institution AND a.id = r.id
            """, [.texts(assignments.map(\.institution)), .texts(assignments.map(\.id))])
        for row in rows { customers["\(try row.text(0))/\(try row.text(1))"] = try row.text(2) }
        return customers
    }

    private func write(assignments: [Assignment], in transaction: Transaction) throws(PostgresError) {
        guard !assignments.isEmpty else { return }
        let times = Dictionary(grouping: assignments) { $0.institution + "/" + $0.id }.mapValues(\.count)
        let repeated = assignments.map { times[$0.institution + "/" + $0.id, default: 1] > 1 }
        // A record that says what is already known makes no new version, and so no work.
        try transaction.execute(
            """
            WITH given AS (
                SELECT * FROM unnest(
                  $1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::date[], $7::date[], $8::boolean[])
                WITH ORDINALITY AS r (institution, id, customer, manager, share, valid_from, valid_to, repeated, place)
            ), added AS (
                INSERT INTO reference.assignment (institution, id, customer, manager, share, valid_from, valid_to)
                SELECT institution, id, customer, manager, share / 1000000.0, valid_from, valid_to FROM given g
                WHERE repeated OR NOT EXISTS (
                    SELECT FROM reference.assignment a
                    WHERE a.institution = g.institution AND a.id = g.id AND a.superseded_by IS NULL
                      AND a.customer = g.customer AND a.manager = g.manager AND a.share = g.share / 1000000.0
                      AND a.valid_from = g.valid_from
                      AND a.valid_to IS NOT DISTINCT FROM g.valid_to)
                ORDER BY place RETURNING institution, customer
            )
            INSERT INTO intake.pending AS p (institution, kind, id)
            SELECT DISTINCT institution, 'customer', customer FROM added ORDER BY institution, customer
            ON CONFLICT (institution, kind, id) DO UPDATE SET version = p.version + 1
            """,
            [
                .texts(assignments.map(\.institution)), .texts(assignments.map(\.id)),
                .texts(assignments.map(\.customer)),
                .texts(assignments.map(\.manager)), .int8s(assignments.map(\.share.millionths)),
                .dates(daysSince1970: assignments.map(\.validFrom.dayNumber)),
                .dates(daysSince1970: assignments.map { $0.validTo?.dayNumber }), .bools(repeated),
            ])
        try transaction.execute(
            """
            UPDATE reference.assignment a SET superseded_by = s.next
            FROM (SELECT no, lead(no) OVER (PARTITION BY institution, id ORDER BY no) AS next FROM reference.assignment
                  WHERE (institution, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))) s
            WHERE a.no = s.no AND s.next IS NOT NULL AND a.superseded_by IS NULL
            """, [.texts(assignments.map(\.institution)), .texts(assignments.map(\.id))])
    }

    private func write(_ record: ReferenceRecord, in transaction: Transaction) throws(PostgresError) {
        switch record {
        case .assignment: break
        case .institution(let id, let name, let zone, let currency):
            try transaction.execute(
                """
                INSERT INTO reference.institution (id, name, zone, currency) VALUES ($1, $2, $3, $4)
                ON CONFLICT (id) DO UPDATE SET name = $2, zone = $3, currency = $4, change = nextval('reference.change')
                """, [.text(id), .text(name), .text(zone), .text(currency)])
        case .unit(let institution, let id, let name, let parent, let type):
            try transaction.execute(
                """
                INSERT INTO reference.unit (institution, id, name, parent, type) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (institution, id) DO UPDATE
                SET name = $3, parent = $4, type = $5, change = nextval('reference.change')
                """, [.text(institution), .text(id), .text(name), .text(parent), .text(type)])
            try note(institution, "unit", id, in: transaction)
        case .manager(let manager):
            try write(manager, in: transaction)
            try note(manager.institution, "manager", manager.id, in: transaction)
        case .customer(let institution, let id, let unit, let tier):
            try transaction.execute(
                """
                INSERT INTO reference.customer (institution, id, unit, tier) VALUES ($1, $2, $3, $4)
                ON CONFLICT (institution, id) DO UPDATE SET unit = $3, tier = $4
                """, [.text(institution), .text(id), .text(unit), .text(tier)])
        case .target(let target): try write(target, in: transaction)
        case .calendarDay(let institution, let date, let isWorking, let name):
            try transaction.execute(
                """
                INSERT INTO reference.calendar_day (institution, date, working, name) VALUES ($1, $2, $3, $4)
                ON CONFLICT (institution, date) DO UPDATE SET working = $3, name = $4
                """, [.text(institution), .date(date), .bool(isWorking), .text(name)])
        }
    }

    private func write(_ manager: ManagerRecord, in transaction: Transaction) throws(PostgresError) {
        try transaction.execute(
            """
            INSERT INTO reference.manager
              (institution, id, unit, name, email, webhook, language, status, role, entry, education)
            VALUES ($1, $2, $3, $4, $5, $6, coalesce($7, 'zh'), $8, $9, $10, $11)
            ON CONFLICT (institution, id) DO UPDATE SET unit = $3, name = coalesce($4, manager.name),
              email = coalesce($5, manager.email), webhook = coalesce($6, manager.webhook),
              language = coalesce($7, manager.language), status = $8, role = $9, entry = $10, education = $11,
              change = nextval('reference.change')
            """,
            [
                .text(manager.institution), .text(manager.id), .text(manager.unit), .text(manager.name),
                .text(manager.email), .text(manager.webhook), .text(manager.language), .text(manager.status),
                .text(manager.role), .date(manager.entry), .text(manager.education),
            ])
    }

    private func write(_ target: TargetRecord, in transaction: Transaction) throws(PostgresError) {
        try transaction.execute(
            """
            INSERT INTO reference.target (institution, kind, subject, kpi, period, amount, unit)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (institution, kind, subject, kpi, period)
            DO UPDATE SET amount = $6, unit = $7, recorded_at = now()
            """,
            [
                .text(target.subject.institution), .text(target.subject.kind.rawValue), .text(target.subject.id),
                .text(target.kpi), .text(target.period.description), .numeric(target.amount.description),
                .text(target.unit ?? "CNY"),
            ])
    }

    private func note(
        _ institution: String, _ kind: String, _ id: String, in transaction: Transaction
    ) throws(PostgresError) {
        try transaction.execute(
            """
            INSERT INTO intake.pending AS p (institution, kind, id) VALUES ($1, $2, $3)
            ON CONFLICT (institution, kind, id) DO UPDATE SET version = p.version + 1
            """, [.text(institution), .text(kind), .text(id)])
    }
}

extension ReferenceRecord {
    /// Which entry the record is about.
    fileprivate var entry: String {
        switch self {
        case .institution(let id, _, _, _): "institution/\(id)"
        case .unit(let institution, let id, _, _, _): "unit/\(institution)/\(id)"
        case .manager(let manager): "manager/\(manager.institution)/\(manager.id)"
        case .customer(let institution, let id, _, _): "customer/\(institution)/\(id)"
        case .assignment(let assignment): "assignment/\(assignment.institution)/\(assignment.id)"
        case .target(let target): "target/\(target.subject)/\(target.kpi)/\(target.period)"
        case .calendarDay(let institution, let date, _, _): "day/\(institution)/\(date)"
        }
    }
}
