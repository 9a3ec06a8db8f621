import Contracts
import Domain
import Foundation
import Messaging
import Postgres

/// Writes what the scores topic says into `payroll.input`, `finding`, `grade`, `closed`, and marks what becomes due.
struct ScoreStore {
    /// What was new, what was known, what contradicts what is stored.
    struct Stored {
        var applied = 0
        var duplicates = 0
        var deadLetters: [DeadLetter] = []
    }

    func store(_ batch: ScoreBatch, in transaction: borrowing Transaction) throws -> Stored {
        var stored = Stored()
        var due = DueMarks()
        try storeResults(batch.results, &stored, &due, in: transaction)
        try storeFindings(batch.findings, &stored, &due, in: transaction)
        try storeGrades(batch.grades, &stored, in: transaction)
        for close in batch.closes { try storeClose(close, &stored, in: transaction) }
        try due.write(in: transaction)
        return stored
    }

    private func storeResults(
        _ results: [ScoreBatch.Result], _ stored: inout Stored, _ due: inout DueMarks,
        in transaction: borrowing Transaction
    ) throws {
        guard !results.isEmpty else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let events = results.map(\.event)
        let figures = try events.map { String(decoding: try encoder.encode($0.figures), as: UTF8.self) }
        let inserted = try transaction.query(
            """
            INSERT INTO payroll.input (subject, period, scheme, revision, institution, version, close, revised, event,
                score, grade, figures, causes)
            SELECT subject, period, scheme, revision, institution, version, close, revised, event, score, grade,
                figures::jsonb, causes::uuid[]
            FROM unnest($1::text[], $2::text[], $3::text[], $4::int4[], $5::text[], $6::int4[], $7::uuid[],
                $8::bool[], $9::uuid[], $10::text[], $11::text[], $12::text[], $13::text[]) AS i (subject, period,
                scheme, revision, institution, version, close, revised, event, score, grade, figures, causes)
            ON CONFLICT DO NOTHING RETURNING event
            """,
            [
                .texts(events.map(\.subject.description)), .texts(events.map(\.period.description)),
                .texts(events.map(\.scheme)), .int4s(events.map { Int32(clamping: $0.revision) }),
                .texts(events.map(\.institution)), .int4s(events.map { Int32(clamping: $0.version) }),
                .uuids(events.map(\.close)), .bools(results.map(\.revised)), .uuids(events.map(\.id)),
                .texts(events.map(\.score)), .texts(events.map(\.grade)), .texts(figures),
                .texts(events.map { "{" + $0.causes.map(\.description).joined(separator: ",") + "}" }),
            ])
        let new = Set(try inserted.map { row throws(PostgresError) in try row.uuid(0) })
        let known = try knownResults(events.map(\.id).filter { !new.contains($0) }, in: transaction)
        var seen: Set<UUID128> = []
        for result in results {
            let event = result.event
            if new.contains(event.id), seen.insert(event.id).inserted {
                stored.applied += 1
                due.mark(event.subject, event.period, causes: event.causes)
            } else if new.contains(event.id) || known.contains(event.id) {
                stored.duplicates += 1
            } else {
                let fault = ScoreFault.contradiction(period: event.period, revision: event.revision)
                stored.deadLetters.append(
                    DeadLetter(message: result.message, code: fault.code, detail: fault.description))
            }
        }
    }

    private func knownResults(
        _ events: [UUID128], in transaction: borrowing Transaction
    ) throws(PostgresError) -> Set<UUID128> {
        guard !events.isEmpty else { return [] }
        return Set(
            try transaction.query("SELECT event FROM payroll.input WHERE event = ANY($1)", [.uuids(events)])
                .map { row throws(PostgresError) in try row.uuid(0) })
    }

    private func storeFindings(
        _ findings: [ScoreBatch.Finding], _ stored: inout Stored, _ due: inout DueMarks,
        in transaction: borrowing Transaction
    ) throws(PostgresError) {
        for finding in findings {
            let event = finding.event
            let isNew = try transaction.execute(
                """
                INSERT INTO payroll.finding_event (event, finding, withdrawn) VALUES ($1, $2, $3)
                ON CONFLICT DO NOTHING
                """, [.uuid(finding.emission), .uuid(event.id), .bool(finding.withdrawn)])
            guard isNew == 1 else {
                stored.duplicates += 1
                continue
            }
            try transaction.execute(
                """
                INSERT INTO payroll.finding AS f (id, institution, subject, period, scheme, version, rule, clause, date,
                    amount, currency, fund, fact, text_zh, text_en, standing)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
                ON CONFLICT (id) DO UPDATE SET standing = f.standing + excluded.standing
                """,
                [
                    .uuid(event.id), .text(event.institution), .text(event.subject.description),
                    .text(event.period.description), .text(event.scheme), .int4(Int32(clamping: event.version)),
                    .text(event.rule), .text(event.clause), .date(event.date), .int8(finding.amount),
                    .text(finding.amount == nil ? nil : (event.currency ?? .cny).code), .text(event.fund),
                    .uuid(event.fact), .text(event.text.zh), .text(event.text.en),
                    .int4(finding.withdrawn ? -1 : 1),
                ])
            stored.applied += 1
            if (finding.amount ?? 0) != 0 {
                due.mark(event.subject, event.period, causes: event.fact.map { [$0] } ?? [])
            }
        }
    }

    private func storeGrades(
        _ grades: [GradeEvent], _ stored: inout Stored, in transaction: borrowing Transaction
    ) throws(PostgresError) {
        for grade in grades {
            let isNew = try transaction.execute(
                """
                INSERT INTO payroll.grade (event, subject, ladder, grade, effective_from, rule, clause)
                VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
                """,
                [
                    .uuid(grade.id), .text(grade.subject.description), .text(grade.ladder), .text(grade.to),
                    .date(grade.effectiveFrom), .text(grade.rule), .text(grade.clause),
                ])
            if isNew == 1 { stored.applied += 1 } else { stored.duplicates += 1 }
        }
    }

    private func storeClose(
        _ close: PeriodClosed, _ stored: inout Stored, in transaction: borrowing Transaction
    ) throws(PostgresError) {
        let changed = try transaction.execute(
            """
            INSERT INTO payroll.closed AS c (institution, period, close, attempt, finalised, revised)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (institution, period, close) DO UPDATE SET attempt = excluded.attempt,
                finalised = excluded.finalised, revised = excluded.revised, received_at = now()
            WHERE c.attempt < excluded.attempt
            """,
            [
                .text(close.institution), .text(close.period.description), .uuid(close.close),
                .int4(Int32(clamping: close.attempt)), .int4(Int32(clamping: close.finalised)),
                .int4(Int32(clamping: close.revised)),
            ])
        if changed == 1 { stored.applied += 1 } else { stored.duplicates += 1 }
    }
}

/// Earned periods that changed, collected over a batch and written in one order by every writer.
struct DueMarks {
    private struct Key: Hashable {
        let subject: Subject
        let period: Period
    }

    private var causes: [Key: Set<UUID128>] = [:]

    mutating func mark(_ subject: Subject, _ period: Period, causes facts: [UUID128]) {
        guard subject.kind == .manager, period.kind != .day, period.kind != .week else { return }
        causes[Key(subject: subject, period: period), default: []].formUnion(facts)
    }

    func write(in transaction: borrowing Transaction) throws(PostgresError) {
        guard !causes.isEmpty else { return }
        let marks = causes.sorted { ($0.key.subject, $0.key.period) < ($1.key.subject, $1.key.period) }
        try transaction.execute(
            """
            INSERT INTO payroll.due AS d (subject, earned, institution, earned_last, causes)
            SELECT subject, earned, institution, earned_last, causes::uuid[]
            FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::text[])
                AS m (subject, earned, institution, earned_last, causes)
            ON CONFLICT (subject, earned) DO UPDATE SET
                causes = ARRAY(SELECT DISTINCT unnest(d.causes || excluded.causes) ORDER BY 1)
            """,
            [
                .texts(marks.map(\.key.subject.description)), .texts(marks.map(\.key.period.description)),
                .texts(marks.map(\.key.subject.institution)),
                .dates(daysSince1970: marks.map(\.key.period.last.dayNumber)),
                .texts(marks.map { "{" + $0.value.sorted().map(\.description).joined(separator: ",") + "}" }),
            ])
    }
}
