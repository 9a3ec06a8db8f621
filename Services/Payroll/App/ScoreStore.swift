import Contracts
import Domain
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

    /// In bulk, as after a close; one by one only where some of them are known already.
    private func storeResults(
        _ results: [ScoreResult], _ stored: inout Stored, _ due: inout DueMarks, in transaction: borrowing Transaction
    ) throws {
        guard !results.isEmpty else { return }
        let rows = ResultRows(results)
        if try Self.allNew(in: transaction, { inner throws(PostgresError) in try rows.copy(in: inner) }) {
            stored.applied += results.count
            for result in results { due.mark(result.subject, result.period, causes: result.causes) }
            return
        }
        let new = try rows.insert(in: transaction)
        let known = try rows.known(besides: new, in: transaction)
        var seen: Set<UUID128> = []
        for result in results {
            if new.contains(result.id), seen.insert(result.id).inserted {
                stored.applied += 1
                due.mark(result.subject, result.period, causes: result.causes)
            } else if new.contains(result.id) || known.contains(result.id) {
                stored.duplicates += 1
            } else {
                let fault = ScoreFault.contradiction(period: result.period, revision: result.revision)
                stored.deadLetters.append(
                    DeadLetter(message: result.message, code: fault.code, detail: fault.description))
            }
        }
    }

    private func storeFindings(
        _ findings: [ScoreBatch.Finding], _ stored: inout Stored, _ due: inout DueMarks,
        in transaction: borrowing Transaction
    ) throws {
        guard !findings.isEmpty else { return }
        var new = findings
        let rows = FindingRows(findings)
        if try !Self.allNew(in: transaction, { inner throws(PostgresError) in try rows.copy(in: inner) }) {
            let emissions = try FindingRows.insertEmissions(findings, in: transaction)
            new = findings.filter { emissions.contains($0.emission) }
            var seen: Set<UUID128> = []
            new.removeAll { !seen.insert($0.emission).inserted }
            try FindingRows(new).upsert(in: transaction)
        }
        stored.applied += new.count
        stored.duplicates += findings.count - new.count
        for finding in new where (finding.amount ?? 0) != 0 {
            due.mark(finding.event.subject, finding.event.period, causes: finding.event.fact.map { [$0] } ?? [])
        }
    }

    /// Runs a bulk load; `false`, and nothing has happened, when a row of it is stored already.
    static func allNew(
        in transaction: borrowing Transaction, _ load: (borrowing Transaction) throws(PostgresError) -> Void
    ) throws -> Bool {
        do throws(TransactionError<PostgresError>) {
            try transaction.savepoint { inner throws(PostgresError) in try load(inner) }
            return true
        } catch {
            guard case .rolledBack(let cause) = error else { throw error }
            guard cause.isUniqueViolation() else { throw cause }
            return false
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
        guard subject.kind == .manager, period.isPaid else { return }
        causes[Key(subject: subject, period: period), default: []].formUnion(facts)
    }

    func write(in transaction: borrowing Transaction) throws {
        guard !causes.isEmpty else { return }
        let marks = causes.map { (key: $0.key, subject: $0.key.subject.description, causes: $0.value.sorted()) }
            .sorted { ($0.subject, $0.key.period) < ($1.subject, $1.key.period) }
        let areNew = try ScoreStore.allNew(in: transaction) { inner throws(PostgresError) in
            try inner.copyIn(
                table: "payroll.due", columns: ["subject", "earned", "institution", "earned_last", "causes"]
            ) { writer throws(PostgresError) in
                for mark in marks {
                    writer.beginRow()
                    writer.text(mark.subject)
                    writer.text(mark.key.period.description)
                    writer.text(mark.key.subject.institution)
                    writer.date(mark.key.period.last)
                    writer.uuids(mark.causes)
                }
            }
        }
        guard !areNew else { return }
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
                .texts(marks.map(\.subject)), .texts(marks.map(\.key.period.description)),
                .texts(marks.map(\.key.subject.institution)),
                .dates(daysSince1970: marks.map(\.key.period.last.dayNumber)),
                .texts(marks.map { "{" + $0.causes.map(\.description).joined(separator: ",") + "}" }),
            ])
    }
}

extension Period {
    /// Whether a scheme may pay by it: nobody is paid by the day or the week.
    var isPaid: Bool { kind != .day && kind != .week }
}
