import Contracts
public import Domain
public import Postgres
public import SchemeLibrary
public import Schemes
import ScoringCore

/// Reads what an evaluation would find now, from everything recorded, for any version of a scheme, published or not.
public struct CurrentInputs {
    private let connection: Connection
    private let library: SchemeLibrary
    private let calendar: WorkCalendar
    /// Series that Scoring keeps; all others are made from the facts.
    private let kept: Set<String>

    /// - Parameter institution: whose facts are read.
    public init(_ connection: Connection, _ library: SchemeLibrary, institution: String) throws {
        self.connection = connection
        self.library = library
        calendar = try library.calendar(of: institution, on: connection)
        var kept: Set<String> = []
        let rows = try connection.query(
            """
            SELECT a.scheme, a.version FROM scoring.activation a WHERE a.institution = $1 GROUP BY 1, 2
            HAVING count(*) >= (SELECT count(DISTINCT s.partition) FROM scoring.subject s WHERE s.institution = $1)
            """, [.text(institution)])
        for row in rows {
            let scheme = try library.required(try row.text(0), version: Int(try row.int4(1)), on: connection)
            kept.formUnion(scheme.series.map(\.key))
        }
        self.kept = kept
    }

    /// The next subjects of some kinds after a number, in the order of their numbers.
    public func subjects(
        _ institution: String, _ kinds: Set<SubjectKind>, after number: Int32, limit: Int
    ) throws(PostgresError) -> [EvaluationStore.Numbered] {
        var subjects: [EvaluationStore.Numbered] = []
        let rows = try connection.query(
            """
            SELECT no, kind, id FROM scoring.subject
            WHERE institution = $1 AND kind = ANY($2) AND no > $3 ORDER BY no LIMIT $4
            """,
            [
                .text(institution), .texts(kinds.map(\.rawValue).sorted()), .int4(number),
                .int4(Int32(clamping: limit)),
            ])
        for row in rows {
            guard let kind = SubjectKind(rawValue: try row.text(1)) else { continue }
            subjects.append(
                EvaluationStore.Numbered(
                    number: try row.int4(0),
                    subject: Subject(institution: institution, kind: kind, id: try row.text(2))))
        }
        return subjects
    }

    /// The inputs of a period's evaluation, with grades and tasks left to whoever simulates them.
    public func inputs(
        _ scheme: Scheme, _ period: Period, _ subjects: [EvaluationStore.Numbered]
    ) throws -> [Int32: SubjectInputs] {
        let numbers = subjects.map(\.number)
        let store = EvaluationStore(connection)
        let profiles = try store.facts(
            PlanStore.profileTypes, CalendarDate.earliest...period.last, numbers, before: .max)
        let series = try series(of: scheme, through: period, numbers)
        let facts = try store.facts(for: scheme, period, numbers, before: .max)
        let prior = try store.prior(scheme, before: period, numbers)
        var found: [Int32: SubjectInputs] = [:]
        for numbered in subjects {
            let number = numbered.number
            var inputs = SubjectInputs(subject: numbered.subject, period: period)
            inputs.profile = FactNetting.profile(profiles[number] ?? [], on: period.last)
            inputs.series = series[number] ?? []
            inputs.facts = facts[number] ?? []
            inputs.prior = prior[number] ?? []
            inputs.calendar = calendar
            inputs.cut = "now"
            found[number] = inputs
        }
        return found
    }

    private func series(
        of scheme: Scheme, through period: Period, _ numbers: [Int32]
    ) throws -> [Int32: [[SeriesRow]]] {
        let store = EvaluationStore(connection)
        let sorted = numbers.sorted()
        var found = Dictionary(zip(sorted, try store.series(of: scheme, through: period, sorted))) { first, _ in first }
        let missing = scheme.series.filter { !kept.contains($0.key) }
        guard !missing.isEmpty else { return found }
        let made = try store.series(of: scheme, through: period, numbers, before: .max)
        for number in numbers {
            for series in missing { found[number]?[series.index] = made[number]?[series.index] ?? [] }
        }
        return found
    }

    /// Facts of some types and days, by subject, in the order in which they happened.
    public func facts(
        _ types: Set<String>, _ days: ClosedRange<CalendarDate>, _ numbers: [Int32]
    ) throws -> [Int32: [Fact]] {
        var found: [Int32: [Fact]] = [:]
        let rows = try connection.query(
            """
            SELECT f.subject, f.payload FROM scoring.fact f
            WHERE f.subject = ANY($1) AND f.business_date BETWEEN $3 AND $4
                AND f.type = ANY((SELECT array_agg(no) FROM scoring.fact_type WHERE name = ANY($2))::int2[])
            ORDER BY f.subject, f.business_date, f.occurred_at, f.id
            """, [.int4s(numbers), .texts(types.sorted()), .date(days.lowerBound), .date(days.upperBound)])
        for row in rows {
            let payload = try row.bytes(1)
            found[try row.int4(0), default: []].append(try FactCodec.decode(payload.span))
        }
        return found
    }

    /// The grades held, without those that this scheme decided to hold from after `day`.
    public func grades(_ numbers: [Int32], of scheme: String, through day: CalendarDate) throws -> [Int32: [GradeHold]]
    {
        var found: [Int32: [GradeHold]] = [:]
        let rows = try connection.query(
            """
            SELECT subject, ladder, grade, valid_from, event FROM scoring.grade
            WHERE subject = ANY($1) AND state = 'held' ORDER BY subject, valid_from, id
            """, [.int4s(numbers)])
        for row in rows {
            let from = try row.date(3)
            let event = try row.text(4)
            if from > day, !event.isEmpty, try JSONText.decode(GradeEvent.self, event).scheme == scheme { continue }
            found[try row.int4(0), default: []].append(
                GradeHold(ladder: try row.text(1), grade: try row.text(2), from: from))
        }
        return found
    }

    /// The tasks of a scheme that were open when a day began.
    public func openTasks(
        _ numbers: [Int32], of scheme: String, on day: CalendarDate
    ) throws -> [Int32: [TaskRequest]] {
        var found: [Int32: [TaskRequest]] = [:]
        let rows = try connection.query(
            """
            SELECT subject, request FROM scoring.task
            WHERE subject = ANY($1) AND scheme = $2 AND request <> '' AND opened_on < $3
                AND (closed_on IS NULL OR closed_on >= $3) ORDER BY subject, id
            """, [.int4s(numbers), .text(scheme), .date(day)])
        for row in rows {
            found[try row.int4(0), default: []].append(try JSONText.decode(TaskRequest.self, try row.text(1)))
        }
        return found
    }

    /// The closed periods that end in a span of days, in the order in which a close goes through them.
    public func closedPeriods(
        _ institution: String, in days: ClosedRange<CalendarDate>
    ) throws -> [Period] {
        try EvaluationStore(connection).closedPeriods(institution, from: days.lowerBound).map(\.period)
            .filter { days.contains($0.last) }
    }

    /// The latest closed period of a kind.
    public func latestClosed(_ institution: String, _ kind: Period.Kind) throws -> Period? {
        try EvaluationStore(connection).closedPeriods(institution, from: .earliest).map(\.period)
            .last { $0.kind == kind }
    }

    /// The working days as they are known now.
    public var workCalendar: WorkCalendar { calendar }
}
