import Contracts
public import Domain
public import Postgres
public import SchemeLibrary
public import Schemes
import ScoringCore

/// Puts together again what an evaluation found when it was made: the facts before its cut, and the results, grades and
/// tasks that were known then. The working days are those that the reference data know now.
public struct RecordedInputs {
    private let connection: Connection
    private let library: SchemeLibrary

    public init(_ connection: Connection, _ library: SchemeLibrary) {
        self.connection = connection
        self.library = library
    }

    /// A subject with its place in the facts topic.
    public struct Place: Hashable, Sendable {
        public let numbered: EvaluationStore.Numbered
        public let partition: Int32
    }

    /// The subject's place; `nil` when nothing is stored about it.
    public func place(of subject: Subject) throws(PostgresError) -> Place? {
        let rows = try connection.query(
            "SELECT no, partition FROM scoring.subject WHERE institution = $1 AND kind = $2 AND id = $3",
            [.text(subject.institution), .text(subject.kind.rawValue), .text(subject.id)])
        guard let row = rows.first else { return nil }
        return Place(
            numbered: EvaluationStore.Numbered(number: try row.int4(0), subject: subject),
            partition: Int32(try row.int2(1)))
    }

    /// The inputs of a period's evaluation whose marker stood at `cut`.
    public func inputs(
        _ scheme: Scheme, _ period: Period, _ place: Place, before cut: Int64
    ) throws -> SubjectInputs {
        let number = place.numbered.number
        let store = EvaluationStore(connection)
        var inputs = SubjectInputs(subject: place.numbered.subject, period: period)
        let profiles = try store.facts(
            PlanStore.profileTypes, CalendarDate.earliest...period.last, [number], before: cut)
        inputs.profile = FactNetting.profile(profiles[number] ?? [], on: period.last)
        inputs.series = try store.series(of: scheme, through: period, [number], before: cut)[number] ?? []
        inputs.facts = try store.facts(for: scheme, period, [number], before: cut)[number] ?? []
        let history = try history(of: number, before: cut)
        inputs.prior = history.prior(scheme, to: period, at: cut)
        inputs.grades = try grades(number, period, history, before: cut)
        inputs.openTasks = try store.openTasks(at: period.last, [number], before: cut)[number] ?? []
        inputs.calendar = try library.calendar(of: scheme.institution, on: connection)
        inputs.cut = "\(Topic.facts.name)/\(place.partition)@\(cut)"
        return inputs
    }

    /// The subject's facts of some types before a cut, reversals included.
    public func facts(_ types: Set<String>, of number: Int32, before cut: Int64) throws -> [Fact] {
        try connection.query(
            """
            SELECT f.payload FROM scoring.fact f JOIN scoring.fact_type t ON t.no = f.type
            WHERE f.subject = $1 AND t.name = ANY($2) AND f."offset" < $3 ORDER BY f.business_date, f.id
            """, [.int4(number), .texts(types.sorted()), .int8(cut)]
        ).map { row in
            let payload = try row.bytes(0)
            return try FactCodec.decode(payload.span)
        }
    }

    /// Grades known at the cut, and those that the same close had decided by then for earlier periods.
    private func grades(
        _ number: Int32, _ period: Period, _ history: RecordedHistory, before cut: Int64
    ) throws -> [GradeHold] {
        let known = try EvaluationStore(connection).grades([number], before: cut)[number] ?? []
        return known + history.staged(before: period, at: cut).filter { !known.contains($0) }
    }

    private func history(of number: Int32, before cut: Int64) throws -> RecordedHistory {
        let rows = try connection.query(
            """
            SELECT r.scheme, r.period, r.revision, r.figures, r.across, r.effects, p.cut_offset
            FROM scoring.result r
            JOIN scoring.close c ON c.id = r.close AND c.state = 'closed'
            JOIN scoring.close_partition p ON p.close = c.id AND p.attempt = c.attempt AND p.partition = r.partition
            WHERE r.subject = $1 AND p.cut_offset <= $2 ORDER BY r.scheme, r.last_day, r.period, r.revision
            """, [.int4(number), .int8(cut)])
        return RecordedHistory(
            rows: try rows.compactMap { row in
                guard let period = Period(try row.text(1)) else { return nil }
                return RecordedHistory.Entry(
                    scheme: try row.text(0), period: period, revision: try row.int4(2),
                    figures: try JSONText.decode([String: String].self, try row.text(3)),
                    across: try JSONText.decode([String: String].self, try row.text(4)),
                    effects: try JSONText.decode([EffectRecord].self, try row.text(5)), known: try row.int8(6))
            })
    }
}

/// A subject's results in the order of their revisions, each with the marker that made it known.
private struct RecordedHistory {
    struct Entry {
        let scheme: String
        let period: Period
        let revision: Int32
        let figures: [String: String]
        let across: [String: String]
        let effects: [EffectRecord]
        let known: Int64
    }

    let rows: [Entry]

    /// What an evaluation at `cut` could read of earlier periods.
    ///
    /// Of results that the same close revises it reads the new figures, but still the old comparison with others.
    func prior(_ scheme: Scheme, to period: Period, at cut: Int64) -> [PriorResult] {
        guard scheme.historyMonths > 0 else { return [] }
        let earliest = period.first.adding(months: -scheme.historyMonths)
        var latest: [Period: PriorResult] = [:]
        var across: [Period: [String: String]] = [:]
        for row in rows where row.scheme == scheme.id && row.period.isKnown(to: period) {
            guard row.period.last <= period.last, row.period.last >= earliest else { continue }
            let compared = row.known == cut ? across[row.period] ?? [:] : row.across
            latest[row.period] = PriorResult(
                period: row.period, figures: row.figures.merging(compared) { own, _ in own })
            across[row.period] = compared
        }
        return latest.values.sorted { $0.period < $1.period }
    }

    /// The grades that the close at `cut` decided for periods that it went through before `period`.
    func staged(before period: Period, at cut: Int64) -> [GradeHold] {
        var effects: [String: [EffectRecord]] = [:]
        var holds: [GradeHold] = []
        for row in rows {
            let key = "\(row.scheme) \(row.period)"
            let changes = EffectChanges(from: effects[key] ?? [], to: row.effects).changes
            effects[key] = row.effects
            guard row.known == cut, row.period.isRevised(before: period) else { continue }
            for case .grade(let event, true) in changes {
                holds.append(GradeHold(ladder: event.ladder, grade: event.to, from: event.effectiveFrom))
            }
        }
        return holds
    }
}

extension Period {
    /// Whether a close that revises both takes this period first.
    fileprivate func isRevised(before other: Period) -> Bool {
        last < other.last || (last == other.last && first > other.first)
    }
}
