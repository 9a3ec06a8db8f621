import Contracts
import Domain
import PayrollCore
import Postgres

/// The lines of many statements, written in one go.
struct LineRows {
    private let statements: [PayStatement]

    init(_ statements: [PayStatement]) { self.statements = statements }

    private static let columns = [
        "run", "subject", "ordinal", "id", "earned", "correction", "scheme", "version", "component", "finding",
        "title_zh", "title_en", "amount", "rule", "clause", "fund", "basis_zh", "basis_en", "revision", "findings",
        "facts", "causes",
    ]

    func insert(_ run: PayRun, in transaction: borrowing Transaction) throws(PostgresError) {
        guard statements.contains(where: { !$0.lines.isEmpty }) else { return }
        try transaction.copyIn(table: "payroll.line", columns: Self.columns) { writer throws(PostgresError) in
            for statement in statements {
                let subject = statement.subject.description
                for line in statement.lines { Self.write(line, subject, run.id, &writer) }
            }
        }
    }

    private static func write(_ line: BookedLine, _ subject: String, _ run: UUID128, _ writer: inout CopyWriter) {
        let item = line.item
        writer.beginRow()
        writer.uuid(run)
        writer.text(subject)
        writer.int4(Int32(clamping: line.ordinal))
        writer.uuid(line.id)
        writer.text(line.earned.description)
        writer.bool(line.isCorrection)
        writer.text(item.key.scheme)
        writer.int4(Int32(clamping: item.version))
        writer.text(item.key.component)
        if let finding = item.key.finding { writer.uuid(finding) } else { writer.null() }
        writer.text(item.title.zh)
        writer.text(item.title.en)
        writer.int8(item.amount)
        writer.text(item.rule)
        writer.text(item.clause)
        if let fund = item.fund { writer.text(fund) } else { writer.null() }
        writer.text(item.basis.zh)
        writer.text(item.basis.en)
        writer.int4(Int32(clamping: item.revision))
        writer.uuids(item.findings)
        writer.uuids(item.facts)
        writer.uuids(line.causes)
    }
}
