import Contracts
import Domain
import Messaging
import Postgres
import Schemes
import ScoringCore
import ScoringStores

/// The second phase of a close: compares subjects, makes drafts final and publishes what they say.
struct CloseWork {
    let connection: Connection
    let library: SchemeLibrary
    private(set) var events: [OutgoingEvent] = []
    private var finalised = 0
    private var revised = 0

    init(_ connection: Connection, _ library: SchemeLibrary) {
        self.connection = connection
        self.library = library
    }

    /// Stores the events so far, so that a large close does not hold them all.
    private mutating func write(in transaction: borrowing Transaction) throws {
        try OutboxStore(schema: "scoring").append(events.map { OutboxRow($0) }, in: transaction)
        events.removeAll()
    }

    /// Finishes one close on which all partitions have reported; `false` when there is none.
    mutating func finishNext(in transaction: borrowing Transaction) throws -> Bool {
        let closes = CloseStore(connection)
        guard let close = try closes.takeComplete() else { return false }
        guard close.reports.allSatisfy({ $0.unsupported == 0 }) else {
            // Another period may be closed before the next attempt; it must not meet these drafts.
            try ResultStore(connection).removeDrafts(of: close.id)
            try closes.finish(close.id, .recredit, finalised: 0, revised: 0)
            return true
        }
        for (scheme, version, period) in try ResultStore(connection).judged(by: close.id) {
            try publish(try library.scheme(scheme, version: version, on: connection), period, close, transaction)
        }
        for report in close.reports {
            try EvaluationStore(connection).forgetLate(
                close.institution, partition: report.partition, before: report.cutOffset)
        }
        try closes.finish(close.id, .closed, finalised: finalised, revised: revised)
        let event = PeriodClosed(
            id: DeterministicID.make("period-closed", close.id.description), institution: close.institution,
            period: close.period, close: close.id, attempt: close.attempt, finalised: finalised, revised: revised,
            cuts: close.reports.map { Cut(topic: Topic.facts.name, partition: $0.partition, offset: $0.cutOffset) })
        events.append(
            try OutgoingEvent(.periodClosed, about: event.id, key: close.institution, occasion: "", event))
        try write(in: transaction)
        return true
    }

    private mutating func publish(
        _ scheme: Scheme, _ period: Period, _ close: CloseStore.Attempt,
        _ transaction: borrowing Transaction
    ) throws {
        let store = ResultStore(connection)
        var drafts = try store.drafts(of: close.id, scheme.id, period)
        let before = try store.latest(scheme.id, period, of: drafts.map(\.number))
        if scheme.comparesSubjects {
            let across = try compare(&drafts, scheme, period, close)
            // A bulletin is sent once; a revision of the figures behind it does not send it again.
            if period == close.period, let first = drafts.first {
                let tasks = TaskStore(connection)
                let closes = CloseStore(connection)
                try apply(
                    across.map { effect in
                        let own = try Self.subject(of: effect).flatMap { try tasks.number(of: $0) }
                        let number = own ?? first.number
                        return Self.entry(
                            EffectRecord(effect, of: scheme), number, close, period,
                            at: try closes.cut(of: number, close))
                    })
            }
        }
        var entries: [EffectStore.Entry] = []
        for draft in drafts {
            let changes = EffectChanges(from: before[draft.number]?.draft.effects ?? [], to: draft.draft.effects)
            entries += changes.changes.map {
                Self.entry($0, draft.number, close, period, at: draft.cutOffset)
            }
        }
        try apply(entries)
        for draft in drafts {
            if draft.draft.revision == 1 { finalised += 1 } else { revised += 1 }
            if events.count >= 2_000 { try write(in: transaction) }
            events.append(
                draft.draft.event(
                    close: close.id,
                    cut: Cut(topic: Topic.facts.name, partition: draft.partition, offset: draft.cutOffset)))
        }
    }

    /// Adds the figures across subjects to the drafts, and a revision for everybody else whose figures they change.
    private mutating func compare(
        _ drafts: inout [ResultStore.Entry], _ scheme: Scheme, _ period: Period, _ close: CloseStore.Attempt
    ) throws -> [Effect] {
        let store = ResultStore(connection)
        let own = Set(drafts.map(\.number))
        let others = try store.population(scheme.id, period).filter { !own.contains($0.number) }
        let members = (drafts + others).filter { $0.draft.subject.kind == scheme.subjectKind }.map(\.draft.member)
        let across = scheme.evaluateAcross(
            period, members, calendar: try library.calendar(of: scheme.institution, on: connection))
        for index in drafts.indices { drafts[index].draft.across = Self.figures(across, drafts[index].draft.subject) }
        try store.setAcross(drafts, close: close.id)
        let causes = Set(drafts.flatMap(\.draft.causes)).sorted()
        var further: [ResultStore.Entry] = []
        for other in others {
            let figures = Self.figures(across, other.draft.subject)
            guard figures != other.draft.across else { continue }
            var entry = other
            entry.draft.across = figures
            entry.draft.revision += 1
            entry.draft.causes = causes
            entry.close = close.id
            further.append(entry)
        }
        try store.insert(further)
        drafts += further
        return across.effects
    }

    private static func figures(_ across: CrossEvaluation, _ subject: Subject) -> [String: String] {
        var figures: [String: String] = [:]
        for figure in across.figures[subject] ?? [] { figures[figure.name] = figure.text }
        return figures
    }

    /// Whose grade or decision it is; a bulletin is about everybody.
    private static func subject(of effect: Effect) -> Subject? {
        switch effect {
        case .grade(let change): change.subject
        case .task(let request): request.subject
        case .finding(let finding): finding.subject
        case .status(let change): change.subject
        case .notice, .findingWithdrawn, .taskClosed, .statusWithdrawn: nil
        }
    }

    private mutating func apply(_ entries: [EffectStore.Entry]) throws {
        var work = ArrivalWork(connection, library)
        try work.apply(entries)
        events += work.events
    }

    private static func entry(
        _ record: EffectRecord, _ subject: Int32, _ close: CloseStore.Attempt, _ period: Period, at cut: Int64?
    ) -> EffectStore.Entry {
        EffectStore.Entry(
            subject: subject, record: record, occasion: close.id.description, day: period.last, isArrival: false,
            offset: cut)
    }
}
