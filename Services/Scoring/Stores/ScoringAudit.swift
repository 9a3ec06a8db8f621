public import Domain
public import Postgres
public import SchemeLibrary
import ScoringCore

/// Checks the running aggregates against the facts that they were counted from.
public struct ScoringAudit {
    let connection: Connection
    let library: SchemeLibrary
    private static let chunk = 200

    public init(_ connection: Connection, _ library: SchemeLibrary) {
        self.connection = connection
        self.library = library
    }

    /// An aggregate that is not what its facts come to.
    public struct Difference: Hashable, Sendable {
        public let subject: Subject
        /// The series' key, such as `base:deposit.moved`.
        public let series: String
        /// Month (year × 12 + month − 1) or day number.
        public let bucket: Int32
        public let group: String
        /// What differs, with the stored and the recomputed value.
        public let what: String
    }

    /// What an audit looked at.
    public struct Summary: Hashable, Sendable {
        public var subjects = 0
        public var facts = 0
        public var aggregates = 0
        public var differences = 0
    }

    /// Works out every aggregate again, in one snapshot, and hands each difference to `report`.
    ///
    /// Memory stays bounded: some hundreds of subjects at a time.
    public func recomputeAggregates(_ report: (Difference) -> Void) throws -> Summary {
        try connection.transaction(.repeatableRead) { transaction in
            var summary = Summary()
            let session = transaction.connection
            let rows = try session.query("SELECT DISTINCT partition FROM scoring.subject ORDER BY partition")
            for row in rows { try audit(Int32(try row.int2(0)), &summary, report) }
            return summary
        }
    }

    private struct Key: Hashable {
        let subject: Int32
        let series: Int32
        let bucket: Int32
        let group: String
    }

    private struct Figures: Hashable {
        var count: Int64
        var sum: Int64
        var weighted: Int64
        var last: Int64?
        var min: Int64?
        var max: Int64?

        var isNothing: Bool { count == 0 && sum == 0 && weighted == 0 && last == nil && min == nil && max == nil }

        var text: String {
            let order = [last, min, max].map { $0.map(String.init) ?? "none" }.joined(separator: "/")
            return "count \(count), sum \(sum), weighted \(weighted), last/min/max \(order)"
        }
    }

    private func audit(_ partition: Int32, _ summary: inout Summary, _ report: (Difference) -> Void) throws {
        let plans = try PlanStore(connection, library).active(inPartition: partition).plans
        var subjects: [Int32: Subject] = [:]
        let rows = try connection.query(
            "SELECT no, institution, kind, id FROM scoring.subject WHERE partition = $1", [.int2(Int16(partition))])
        for row in rows {
            guard let kind = SubjectKind(rawValue: try row.text(2)) else { continue }
            subjects[try row.int4(0)] = Subject(institution: try row.text(1), kind: kind, id: try row.text(3))
        }
        let names = try seriesKeys()
        let numbers = subjects.keys.sorted()
        summary.subjects += numbers.count
        for start in stride(from: 0, to: numbers.count, by: Self.chunk) {
            let part = Array(numbers[start..<min(start + Self.chunk, numbers.count)])
            let expected = try recount(part, plans, &summary)
            let stored = try stored(part)
            summary.aggregates += stored.count
            for key in Set(expected.keys).union(stored.keys) {
                let (was, found) = (stored[key], expected[key])
                guard was != found, !(was == nil && found?.isNothing == true), let subject = subjects[key.subject]
                else {
                    continue
                }
                summary.differences += 1
                report(
                    Difference(
                        subject: subject, series: names[key.series] ?? "\(key.series)", bucket: key.bucket,
                        group: key.group,
                        what: "stored: \(was?.text ?? "nothing"); facts: \(found?.text ?? "nothing")"))
            }
        }
    }

    private func seriesKeys() throws(PostgresError) -> [Int32: String] {
        var names: [Int32: String] = [:]
        for row in try connection.query("SELECT no, key FROM scoring.series") {
            names[try row.int4(0)] = try row.text(1)
        }
        return names
    }

    private func recount(
        _ subjects: [Int32], _ plans: InstitutionPlans, _ summary: inout Summary
    ) throws -> [Key: Figures] {
        var table = AggregateTable()
        var live: [AggregateKey: LiveAmounts] = [:]
        var facts = 0
        try FactStore(connection).facts(of: subjects, from: .earliest, to: .latest) { (stored) throws(PostgresError) in
            facts += 1
            let parts = plans.contributions(
                stored.parts, type: stored.type, institution: stored.institution, groups: &table, whole: stored.whole)
            for part in parts {
                _ = table.add(part)
                live[part.key, default: LiveAmounts()].add(part)
            }
        }
        summary.facts += facts
        var figures: [Key: Figures] = [:]
        for (key, value) in zip(table.keys, table.values) {
            let ordered = live[key]?.ordered ?? value
            let name = Key(
                subject: key.subject, series: key.series, bucket: key.bucket, group: table.groups[Int(key.group)])
            figures[name] = Figures(
                count: value.count, sum: value.sum, weighted: value.weighted, last: ordered.last, min: ordered.min,
                max: ordered.max)
        }
        return figures
    }

    private func stored(_ subjects: [Int32]) throws -> [Key: Figures] {
        var figures: [Key: Figures] = [:]
        let rows = try connection.query(
            """
            SELECT subject, series, bucket, grp, count, sum, weighted, last, min, max
            FROM scoring.aggregate WHERE subject = ANY($1)
            """, [.int4s(subjects)])
        for row in rows {
            let key = Key(
                subject: try row.int4(0), series: try row.int4(1), bucket: try row.int4(2), group: try row.text(3))
            figures[key] = Figures(
                count: try row.int8(4), sum: try row.int8(5), weighted: try row.int8(6), last: try row.optionalInt8(7),
                min: try row.optionalInt8(8), max: try row.optionalInt8(9))
        }
        return figures
    }
}
