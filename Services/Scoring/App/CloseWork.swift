import Contracts
import Domain
import Messaging
import Postgres
import SchemeLibrary
import Schemes
import ScoringCore
import ScoringStores

/// The second phase of a close in recorded steps: compares subjects, publishes each partition's results, ends the close.
///
/// Each step is one transaction, and goes through its subjects page by page.
struct CloseWork {
    let connection: Connection
    let library: SchemeLibrary
    private var events: [OutgoingEvent] = []
    private var effects = EffectReader()
    /// The step under way: of one partition, or of the close as a whole.
    private(set) var step: (close: CloseStore.Attempt, partition: Int32?)?

    private static let page: Int32 = 1_000

    init(_ connection: Connection, _ library: SchemeLibrary) {
        self.connection = connection
        self.library = library
    }

    /// Does the next step there is; `false` when there is none that nobody else works on.
    mutating func advance(in transaction: borrowing Transaction) throws -> Bool {
        let closes = CloseStore(connection)
        if let close = try closes.takeReported() {
            step = (close, nil)
            try begin(close, transaction)
            return true
        }
        if try publishNext(in: transaction) { return true }
        guard let close = try closes.takePublished() else { return false }
        step = (close, nil)
        try finish(close, transaction)
        return true
    }

    private mutating func publishNext(in transaction: borrowing Transaction) throws -> Bool {
        guard let unit = try CloseStore(connection).takeUnpublished() else { return false }
        step = (unit.close, unit.report.partition)
        try publish(unit, transaction)
        return true
    }

    /// Stores the events so far, so that a large close does not hold them all.
    private mutating func write(in transaction: borrowing Transaction) throws {
        try OutboxStore(schema: "scoring").append(events.map { OutboxRow($0) }, in: transaction)
        events.removeAll(keepingCapacity: true)
    }

    private func finish(_ close: CloseStore.Attempt, _ transaction: borrowing Transaction) throws {
        let closes = CloseStore(connection)
        let counts = try closes.finish(close)
        let event = PeriodClosed(
            id: DeterministicID.make("period-closed", close.id.description), institution: close.institution,
            period: close.period, close: close.id, attempt: close.attempt, finalised: counts.finalised,
            revised: counts.revised,
            cuts: close.reports.map { Cut(topic: Topic.facts.name, partition: $0.partition, offset: $0.cutOffset) })
        let outgoing = try OutgoingEvent(.periodClosed, about: event.id, key: close.institution, occasion: "", event)
        try OutboxStore(schema: "scoring").append([OutboxRow(outgoing)], in: transaction)
        try closes.clearObstacle(of: close.id, partition: nil)
    }
}

// The results of one partition.
extension CloseWork {
    private mutating func publish(_ unit: CloseStore.Unpublished, _ transaction: borrowing Transaction) throws {
        let store = ResultStore(connection)
        let partition = unit.report.partition
        var finalised = 0
        var revised = 0
        for (scheme, _, period) in try store.judged(by: unit.close.id, partition: partition) {
            var last = Int32.min
            while true {
                let page = try store.drafts(
                    of: unit.close.id, partition: partition, scheme, period, after: last, limit: Self.page)
                guard let end = page.last else { break }
                try publish(page, period, unit.close, transaction)
                finalised += page.count { $0.revision == 1 }
                revised += page.count { $0.revision > 1 }
                last = end.number
            }
        }
        try EvaluationStore(connection).forgetLate(
            unit.close.institution, partition: partition, before: unit.report.cutOffset)
        try CloseStore(connection).notePublished(unit, finalised: finalised, revised: revised)
        try CloseStore(connection).clearObstacle(of: unit.close.id, partition: partition)
    }

    /// What the results bring about, then the results themselves, so that in each subject's order they come last.
    private mutating func publish(
        _ page: [StoredResult], _ period: Period, _ close: CloseStore.Attempt, _ transaction: borrowing Transaction
    ) throws {
        var findings: [EffectStore.Raise] = []
        var entries: [EffectStore.Entry] = []
        for result in page where result.revision == 1 && result.effects.count > 2 {
            let (raised, others) = try effects.read(result.effects)
            findings += raised.map { EffectStore.Raise(subject: result.number, finding: $0) }
            entries += others.map { Self.entry($0, result.number, close, period, at: result.cutOffset) }
        }
        entries += try changes(page.filter { $0.revision > 1 }, period, close)
        let store = EffectStore(connection)
        for start in stride(from: 0, to: findings.count, by: 2 * Int(Self.page)) {
            events += try store.raise(
                findings[start..<min(start + 2 * Int(Self.page), findings.count)], occasion: close.id.description)
            try write(in: transaction)
        }
        try apply(entries)
        for result in page { events.append(try result.event(close: close.id)) }
        try write(in: transaction)
    }

    /// What revisions change among the effects of the results before them.
    private func changes(
        _ revisions: [StoredResult], _ period: Period, _ close: CloseStore.Attempt
    ) throws -> [EffectStore.Entry] {
        guard let first = revisions.first else { return [] }
        let before = try ResultStore(connection).latest(first.scheme, period, of: revisions.map(\.number))
        return try revisions.flatMap { revision in
            let after = try JSONText.decode([EffectRecord].self, String(decoding: revision.effects, as: UTF8.self))
            let changes = EffectChanges(from: before[revision.number]?.draft.effects ?? [], to: after)
            return changes.changes.map { Self.entry($0, revision.number, close, period, at: revision.cutOffset) }
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

// Everybody together.
extension CloseWork {
    private mutating func begin(_ close: CloseStore.Attempt, _ transaction: borrowing Transaction) throws {
        let closes = CloseStore(connection)
        guard close.reports.allSatisfy({ $0.unsupported == 0 }) else {
            // Another period may be closed before the next attempt; it must not meet these drafts.
            try ResultStore(connection).removeDrafts(of: close.id)
            return try closes.recredit(close)
        }
        for (scheme, version, period) in try ResultStore(connection).judged(by: close.id) {
            let scheme = try library.required(scheme, version: version, on: connection)
            var comparison = PopulationComparison(
                scheme, period, calendar: try library.calendar(of: scheme.institution, on: connection))
            guard comparison.isNeeded else { continue }
            try compare(&comparison, scheme, period, close)
            // A bulletin is sent once; a revision of the figures behind it does not send it again.
            if period == close.period { try announce(comparison.effects(), scheme, period, close) }
            try write(in: transaction)
        }
        try closes.noteCompared(close)
    }

    private mutating func announce(
        _ effects: [Effect], _ scheme: Scheme, _ period: Period, _ close: CloseStore.Attempt
    ) throws {
        guard !effects.isEmpty else { return }
        let tasks = TaskStore(connection)
        let closes = CloseStore(connection)
        let anybody = try firstSubject(of: close)
        try apply(
            effects.map { effect in
                let own = try Self.subject(of: effect).flatMap { try tasks.number(of: $0) }
                let number = own ?? anybody
                return Self.entry(
                    EffectRecord(effect, of: scheme), number, close, period, at: try closes.cut(of: number, close))
            })
    }

    /// Adds the figures across subjects to the drafts, and a revision for everybody else whose figures they change.
    private func compare(
        _ comparison: inout PopulationComparison, _ scheme: Scheme, _ period: Period, _ close: CloseStore.Attempt
    ) throws {
        while comparison.isLearning {
            try eachPage(scheme, period, close) { page in
                for (result, _) in page { comparison.learn(try Self.member(result)) }
            }
            comparison.endRound()
        }
        let store = ResultStore(connection)
        let causes = period == close.period ? [] : try store.causes(of: close.id, scheme.id, period)
        try eachPage(scheme, period, close) { page in
            var drafts: [(number: Int32, across: String)] = []
            var further: [(result: StoredResult, across: String)] = []
            for (result, isDraft) in page {
                let figures = comparison.conclude(try Self.member(result))
                guard comparison.hasFigures else { continue }
                let texts = figures.map { ($0.name, $0.text) }.reduce(into: [:]) { $0[$1.0] = $1.1 }
                let across = JSONText.object(texts)
                if isDraft {
                    drafts.append((result.number, across))
                } else if across.utf8.elementsEqual(result.across) == false {
                    further.append((result, across))
                }
            }
            try store.setAcross(drafts.map(\.number), drafts.map(\.across), close: close.id, scheme.id, period)
            try store.revise(further.map(\.result), further.map(\.across), close: close.id, causes: causes)
        }
    }

    /// Everybody who is compared, page by page: the subjects with a draft or a final result.
    private func eachPage(
        _ scheme: Scheme, _ period: Period, _ close: CloseStore.Attempt,
        _ body: ([(result: StoredResult, isDraft: Bool)]) throws -> Void
    ) throws {
        for report in close.reports {
            try EvaluationStore(connection).eachPage(
                of: close.institution, partition: report.partition, size: Self.page
            ) { subjects in
                let numbers = subjects.filter { $0.subject.kind == scheme.subjectKind }.map(\.number)
                try body(try ResultStore(connection).standing(scheme.id, period, of: numbers, with: close.id))
            }
        }
    }

    private static func member(_ result: StoredResult) throws -> PopulationMember {
        PopulationMember(subject: result.subject, unit: result.unit, figures: try JSONText.texts(result.figures))
    }

    /// Under whom that is kept which concerns everybody.
    private func firstSubject(of close: CloseStore.Attempt) throws -> Int32 {
        for report in close.reports {
            let first = try EvaluationStore(connection).subjects(
                close.institution, partition: report.partition, after: .min, limit: 1)
            if let first = first.first { return first.number }
        }
        return 0
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
}
