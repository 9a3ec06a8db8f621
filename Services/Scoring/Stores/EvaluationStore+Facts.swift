import Contracts
public import Domain
import Postgres
public import Schemes
import ScoringCore

// As of an offset that the partition has passed: from the facts themselves, because the aggregates know more by now.
extension EvaluationStore {
    /// What ``series(of:through:_:)`` gave when the partition stood at `offset`.
    public func series(
        of scheme: Scheme, through period: Period, _ subjects: [Int32], before offset: Int64
    ) throws -> [Int32: [[SeriesRow]]] {
        var table = AggregateTable()
        var live: [AggregateKey: LiveAmounts] = [:]
        let byType = Dictionary(
            scheme.series.flatMap { series in series.factTypes.map { ($0, [series]) } }, uniquingKeysWith: +)
        let rows = try connection.query(
            """
            SELECT f.subject, f.payload FROM scoring.fact f JOIN scoring.fact_type t ON t.no = f.type
            WHERE f.subject = ANY($1) AND t.name = ANY($2) AND f."offset" < $3
            """, [.int4s(subjects), .texts(byType.keys.sorted()), .int8(offset)])
        for row in rows {
            let payload = try row.bytes(1)
            let fact = try FactCodec.decode(payload.span)
            let order = FactOrder(
                day: fact.businessDate.dayNumber, microseconds: fact.occurredAt.microseconds, id: fact.id)
            for series in byType[fact.type] ?? [] {
                guard let part = series.contribution(of: fact) else { continue }
                let key = AggregateKey(
                    subject: try row.int4(0), series: Int32(series.index),
                    bucket: series.bucketNumber(of: fact.businessDate), group: table.group(part.group))
                let contribution = Contribution(
                    key: key, sign: fact.sign, amount: part.amount, dayOfMonth: Int64(fact.businessDate.day),
                    order: order, reverses: fact.reverses)
                _ = table.add(contribution)
                if series.needsOrder { live[key, default: LiveAmounts()].add(contribution) }
            }
        }
        return Self.rows(table, live, scheme, period, subjects)
    }

    private static func rows(
        _ table: AggregateTable, _ live: [AggregateKey: LiveAmounts], _ scheme: Scheme, _ period: Period,
        _ subjects: [Int32]
    ) -> [Int32: [[SeriesRow]]] {
        let empty = [[SeriesRow]](repeating: [], count: scheme.series.count)
        var found = Dictionary(subjects.map { ($0, empty) }) { first, _ in first }
        for position in table.sortedPositions() {
            let key = table.keys[position]
            let series = scheme.series[Int(key.series)]
            guard key.bucket <= series.bucketNumber(of: period.last) else { continue }
            let value = table.values[position]
            let ordered = live[key]?.ordered ?? value
            found[key.subject]?[Int(key.series)].append(
                SeriesRow(
                    bucket: key.bucket, group: table.groups[Int(key.group)], count: value.count, sum: value.sum,
                    weighted: value.weighted, last: ordered.last, min: ordered.min, max: ordered.max))
        }
        return found
    }
}
