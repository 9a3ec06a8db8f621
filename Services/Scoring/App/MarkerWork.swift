import Contracts
import Domain
import Postgres
import SchemeLibrary
import Schemes
import ScoringCore
import ScoringStores

/// Evaluates a partition's subjects at a period marker, from exactly the facts before it.
struct MarkerWork {
    let marker: PeriodMarker
    let offset: Int64
    let partition: Int32
    let connection: Connection
    let library: SchemeLibrary
    let storesTraces: Bool
    /// The partition has gone on since the marker, so the aggregates know too much.
    let isBelated: Bool
    private(set) var report: CloseStore.Report
    private let calendar: WorkCalendar
    /// What this marker's own revisions have changed, for the periods that follow them.
    private var staged: [Int32: StagedChanges] = [:]
    /// The order of figures of the evaluations before.
    private var order: FigureOrder?

    /// Subjects that are read and evaluated together: enough to make queries cheap, few enough for any memory.
    private static let chunk: Int32 = 500

    init(
        _ place: MarkerStore.Waiting, _ connection: Connection, _ library: SchemeLibrary, storesTraces: Bool,
        isBelated: Bool
    ) throws {
        marker = place.marker
        offset = place.offset
        partition = place.partition
        self.isBelated = isBelated
        self.connection = connection
        self.library = library
        self.storesTraces = storesTraces
        report = CloseStore.Report(partition: partition, cutOffset: offset, cutAt: place.timestamp)
        calendar = try library.calendar(of: marker.institution, on: connection)
    }

    /// Writes the drafts of this partition and reports them.
    mutating func run() throws {
        let closes = CloseStore(connection)
        try ResultStore(connection).removeDrafts(of: marker.close, partition: partition)
        report.unsupported = try closes.unsupportedCredits(marker, partition: partition, before: offset)
        if report.unsupported == 0 {
            var work = self
            try EvaluationStore(connection).eachPage(
                of: marker.institution, partition: partition, size: Self.chunk
            ) { subjects in
                work.staged = [:]
                try work.revise(subjects)
                try work.judge(subjects)
            }
            report = work.report
        }
        try closes.report(report, close: marker.close, attempt: marker.attempt)
        try closes.clearObstacle(of: marker.close, partition: partition)
    }

    /// The marker's own period, for the first time.
    private mutating func judge(_ subjects: [EvaluationStore.Numbered]) throws {
        let profiles = try profiles(subjects)
        report.unprofiled += subjects.count { $0.subject.kind == .manager && profiles[$0.number] == nil }
        for reference in marker.schemes {
            let scheme = try library.required(reference.scheme, version: reference.version, on: connection)
            guard scheme.periodKinds.contains(marker.period.kind) else { continue }
            var entries: [ResultStore.Entry] = []
            for judged in try evaluate(scheme, marker.period, subjects, profiles) where judged.evaluation.applies {
                entries.append(try entry(judged, scheme, marker.period))
            }
            report.results += entries.count
            try ResultStore(connection).insert(entries)
        }
    }

    /// Closed periods whose facts have changed since, in chronological order.
    private mutating func revise(_ subjects: [EvaluationStore.Numbered]) throws {
        let store = EvaluationStore(connection)
        let late = try store.late(subjects.map(\.number))
        guard let earliest = late.values.min() else { return }
        for (period, references) in try store.closedPeriods(marker.institution, from: earliest)
        where period != marker.period {
            let due = subjects.filter { (late[$0.number] ?? .latest) <= period.last }
            guard !due.isEmpty else { continue }
            for reference in references {
                let scheme = try library.required(reference.scheme, version: reference.version, on: connection)
                guard scheme.periodKinds.contains(period.kind) else { continue }
                try revise(scheme, period, due)
            }
        }
    }

    private mutating func revise(
        _ scheme: Scheme, _ period: Period, _ subjects: [EvaluationStore.Numbered]
    ) throws {
        let known = try ResultStore(connection).latest(scheme.id, period, of: subjects.map(\.number))
        var entries: [ResultStore.Entry] = []
        for judged in try evaluate(scheme, period, subjects, try profiles(subjects, on: period.last)) {
            var entry = try entry(judged, scheme, period)
            let before = known[judged.number]
            guard before != nil || judged.evaluation.applies else { continue }
            if let before {
                guard !entry.draft.saysTheSame(as: before.draft) else { continue }
                entry.draft.revision = before.draft.revision + 1
                entry.draft.across = before.draft.across
            }
            entry.draft.causes = try EvaluationStore(connection).causes(
                judged.number, in: min(before?.cutOffset ?? 0, offset)..<offset, through: period.last)
            staged[judged.number, default: StagedChanges()].note(entry.draft, before: before?.draft)
            entries.append(entry)
        }
        report.revisions += entries.count
        try ResultStore(connection).insert(entries)
    }
}

// One scheme, one period, some subjects.
extension MarkerWork {
    private struct Judged {
        let number: Int32
        let subject: Subject
        let unit: String?
        let evaluation: Evaluation
    }

    private func evaluate(
        _ scheme: Scheme, _ period: Period, _ subjects: [EvaluationStore.Numbered],
        _ profiles: [Int32: [String: AttributeValue]]
    ) throws -> [Judged] {
        let kinds = scheme.subjectKinds
        let judged = subjects.filter { kinds.contains($0.subject.kind) }
        let numbers = judged.map(\.number)
        let store = EvaluationStore(connection)
        let series =
            isBelated
            ? try store.series(of: scheme, through: period, numbers, before: offset).inOrder(of: numbers)
            : try store.series(of: scheme, through: period, numbers)
        let facts = try store.facts(for: scheme, period, numbers, before: offset)
        let prior = try store.prior(scheme, before: period, numbers)
        let grades = try store.grades(numbers, before: offset)
        let tasks = try store.openTasks(at: period.last, numbers, before: offset)
        return judged.enumerated().map { place, numbered in
            let number = numbered.number
            var inputs = SubjectInputs(subject: numbered.subject, period: period)
            inputs.profile = profiles[number] ?? [:]
            inputs.series = series[place]
            inputs.facts = facts[number] ?? []
            inputs.prior = prior[number] ?? []
            inputs.grades = grades[number] ?? []
            inputs.openTasks = tasks[number] ?? []
            inputs.calendar = calendar
            inputs.cut = "\(Topic.facts.name)/\(partition)@\(offset)"
            staged[number]?.apply(to: &inputs, scheme: scheme.id)
            var unit: String?
            if case .text(let name)? = inputs.profile["unit"] { unit = name }
            return Judged(
                number: number, subject: numbered.subject, unit: unit,
                evaluation: scheme.evaluate(inputs, tracing: storesTraces))
        }
    }

    private mutating func entry(
        _ judged: Judged, _ scheme: Scheme, _ period: Period
    ) throws -> ResultStore.Entry {
        let gaps = judged.evaluation.gaps.map(GapRecord.init)
        report.gaps += gaps.count
        let known = order.flatMap { $0.fits(judged.evaluation) ? $0 : nil }
        let order = known ?? FigureOrder(judged.evaluation, of: scheme)
        self.order = order
        return ResultStore.Entry(
            number: judged.number,
            draft: ResultDraft(judged.evaluation, judged.subject, of: scheme, unit: judged.unit, order),
            close: marker.close,
            partition: partition, cutOffset: offset, gaps: gaps.isEmpty ? "[]" : try JSONText.text(gaps),
            trace: judged.evaluation.trace?.json)
    }

    /// The profiles in force on the last day of the period; a subject without one is missing.
    private func profiles(
        _ subjects: [EvaluationStore.Numbered], on day: CalendarDate? = nil
    ) throws -> [Int32: [String: AttributeValue]] {
        let day = day ?? marker.period.last
        let facts = try EvaluationStore(connection).facts(
            PlanStore.profileTypes, CalendarDate.earliest...day, subjects.map(\.number), before: offset)
        return facts.compactMapValues { facts in
            let profile = FactNetting.profile(facts, on: day)
            return profile.isEmpty ? nil : profile
        }
    }
}

extension [Int32: [[SeriesRow]]] {
    /// The rows of each subject beside the subjects.
    fileprivate func inOrder(of subjects: [Int32]) -> [[[SeriesRow]]] { subjects.map { self[$0] ?? [] } }
}

/// What revisions that are not final yet change for later periods of the same subject.
struct StagedChanges {
    private var grades: [GradeHold] = []
    private var figures: [String: [Period: [String: String]]] = [:]

    mutating func note(_ draft: ResultDraft, before: ResultDraft?) {
        figures[draft.scheme, default: [:]][draft.period] = draft.allFigures
        for change in EffectChanges(from: before?.effects ?? [], to: draft.effects).changes {
            guard case .grade(let event, true) = change else { continue }
            grades.append(GradeHold(ladder: event.ladder, grade: event.to, from: event.effectiveFrom))
        }
    }

    func apply(to inputs: inout SubjectInputs, scheme: String) {
        inputs.grades += grades
        for (period, values) in figures[scheme] ?? [:] where period.isKnown(to: inputs.period) {
            inputs.prior.removeAll { $0.period == period }
            inputs.prior.append(PriorResult(period: period, figures: values))
        }
        inputs.prior.sort { $0.period < $1.period }
    }
}
