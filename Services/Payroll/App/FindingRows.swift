import Contracts
import Domain
import Postgres

/// Findings of a batch on their way into `payroll.finding`, each once, with what its emissions add up to.
struct FindingRows {
    private let emissions: [ScoreBatch.Finding]
    private var findings: [ScoreBatch.Finding] = []
    private var standing: [Int32] = []

    init(_ emissions: [ScoreBatch.Finding]) {
        self.emissions = emissions
        var places: [UUID128: Int] = [:]
        for emission in emissions {
            let change: Int32 = emission.withdrawn ? -1 : 1
            if let place = places[emission.event.id] {
                standing[place] += change
            } else {
                places[emission.event.id] = findings.count
                findings.append(emission)
                standing.append(change)
            }
        }
        let order = findings.indices.sorted { findings[$0].event.id < findings[$1].event.id }
        findings = order.map { findings[$0] }
        standing = order.map { standing[$0] }
    }

    private static let columns = [
        "id", "institution", "subject", "period", "scheme", "version", "rule", "clause", "date", "amount", "currency",
        "fund", "fact", "text_zh", "text_en", "standing",
    ]

    /// All at once; a unique violation when one of them is stored already, or an emission stands twice in the batch.
    func copy(in transaction: borrowing Transaction) throws(PostgresError) {
        let sorted = emissions.sorted { $0.emission < $1.emission }
        try transaction.copyIn(table: "payroll.finding_event", columns: ["event", "finding", "withdrawn"]) {
            writer throws(PostgresError) in
            for emission in sorted {
                writer.beginRow()
                writer.uuid(emission.emission)
                writer.uuid(emission.event.id)
                writer.bool(emission.withdrawn)
            }
        }
        try transaction.copyIn(table: "payroll.finding", columns: Self.columns) { writer throws(PostgresError) in
            for (finding, standing) in zip(findings, standing) { Self.write(finding, standing, &writer) }
        }
    }

    private static func write(_ finding: ScoreBatch.Finding, _ standing: Int32, _ writer: inout CopyWriter) {
        let event = finding.event
        writer.beginRow()
        writer.uuid(event.id)
        writer.text(event.institution)
        writer.text(event.subject.description)
        writer.text(event.period.description)
        writer.text(event.scheme)
        writer.int4(Int32(clamping: event.version))
        writer.text(event.rule)
        writer.text(event.clause)
        writer.date(event.date)
        if let amount = finding.amount {
            writer.int8(amount)
            writer.text((event.currency ?? .cny).code)
        } else {
            writer.null()
            writer.null()
        }
        if let fund = event.fund { writer.text(fund) } else { writer.null() }
        if let fact = event.fact { writer.uuid(fact) } else { writer.null() }
        writer.text(event.text.zh)
        writer.text(event.text.en)
        writer.int4(standing)
    }

    /// Notes the emissions that are new, and gives them.
    static func insertEmissions(
        _ emissions: [ScoreBatch.Finding], in transaction: borrowing Transaction
    ) throws(PostgresError) -> Set<UUID128> {
        let rows = try transaction.query(
            """
            INSERT INTO payroll.finding_event (event, finding, withdrawn)
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bool[]) ON CONFLICT DO NOTHING RETURNING event
            """,
            [
                .uuids(emissions.map(\.emission)), .uuids(emissions.map(\.event.id)),
                .bools(emissions.map(\.withdrawn)),
            ])
        return Set(try rows.map { row throws(PostgresError) in try row.uuid(0) })
    }

    /// Adds findings to those that are stored; the caller has noted their emissions.
    func upsert(in transaction: borrowing Transaction) throws(PostgresError) {
        guard !findings.isEmpty else { return }
        let events = findings.map(\.event)
        try transaction.execute(
            """
            INSERT INTO payroll.finding AS f (\(Self.columns.joined(separator: ", ")))
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int4[], $7::text[],
                $8::text[], $9::date[], $10::int8[], $11::text[], $12::text[], $13::uuid[], $14::text[], $15::text[],
                $16::int4[])
            ON CONFLICT (id) DO UPDATE SET standing = f.standing + excluded.standing
            """,
            [
                .uuids(events.map(\.id)), .texts(events.map(\.institution)), .texts(events.map(\.subject.description)),
                .texts(events.map(\.period.description)), .texts(events.map(\.scheme)),
                .int4s(events.map { Int32(clamping: $0.version) }), .texts(events.map(\.rule)),
                .texts(events.map(\.clause)), .dates(daysSince1970: events.map(\.date.dayNumber)),
                .int8s(findings.map(\.amount)),
                .texts(findings.map { $0.amount == nil ? nil : ($0.event.currency ?? .cny).code }),
                .texts(events.map(\.fund)), .uuids(events.map(\.fact)), .texts(events.map(\.text.zh)),
                .texts(events.map(\.text.en)), .int4s(standing),
            ])
    }
}
