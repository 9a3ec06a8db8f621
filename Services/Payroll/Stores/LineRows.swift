import Contracts
import Domain
import PayrollCore
import Postgres

/// The lines of many statements, column by column, for one insert.
struct LineRows {
    private var subjects: [String] = []
    private var lines: [BookedLine] = []

    init(_ statements: [PayStatement]) {
        for statement in statements {
            let subject = statement.subject.description
            for line in statement.lines {
                subjects.append(subject)
                lines.append(line)
            }
        }
    }

    func insert(_ run: PayRun, in transaction: borrowing Transaction) throws(PostgresError) {
        guard !lines.isEmpty else { return }
        let parameters = [.uuid(run.id)] + places + texts + numbers
        try transaction.execute(
            """
            INSERT INTO payroll.line (run, subject, id, finding, correction, earned, scheme, component, title_zh,
                title_en, rule, clause, fund, basis_zh, basis_en, findings, facts, causes, ordinal, version, revision,
                amount)
            SELECT $1, subject, id, finding, correction, earned, scheme, component, title_zh, title_en, rule, clause,
                fund, basis_zh, basis_en, findings::uuid[], facts::uuid[], causes::uuid[], ordinal, version, revision,
                amount
            FROM unnest($2::text[], $3::uuid[], $4::uuid[], $5::bool[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],
                $16::text[], $17::text[], $18::text[], $19::int4[], $20::int4[], $21::int4[], $22::int8[])
                AS l (subject, id, finding, correction, earned, scheme, component, title_zh, title_en, rule, clause,
                fund, basis_zh, basis_en, findings, facts, causes, ordinal, version, revision, amount)
            """, parameters)
    }

    private var places: [Parameter] {
        [
            .texts(subjects), .uuids(lines.map { $0.id }), .uuids(lines.map { $0.item.key.finding }),
            .bools(lines.map { $0.isCorrection }),
        ]
    }

    private var texts: [Parameter] {
        [
            .texts(lines.map { $0.earned.description }), .texts(lines.map { $0.item.key.scheme }),
            .texts(lines.map { $0.item.key.component }), .texts(lines.map { $0.item.title.zh }),
            .texts(lines.map { $0.item.title.en }), .texts(lines.map { $0.item.rule }),
            .texts(lines.map { $0.item.clause }), .texts(lines.map { $0.item.fund }),
            .texts(lines.map { $0.item.basis.zh }), .texts(lines.map { $0.item.basis.en }),
            lists { $0.item.findings }, lists { $0.item.facts }, lists { $0.causes },
        ]
    }

    private var numbers: [Parameter] {
        [
            .int4s(lines.map { Int32(clamping: $0.ordinal) }), .int4s(lines.map { Int32(clamping: $0.item.version) }),
            .int4s(lines.map { Int32(clamping: $0.item.revision) }), .int8s(lines.map { $0.item.amount }),
        ]
    }

    /// Arrays of arrays have to be rectangular in PostgreSQL, so lists of ids travel as text.
    private func lists(_ ids: (BookedLine) -> [UUID128]) -> Parameter {
        .texts(lines.map { "{" + ids($0).map(\.description).joined(separator: ",") + "}" })
    }
}
