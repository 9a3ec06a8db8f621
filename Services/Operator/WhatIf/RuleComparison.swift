import Domain
import Postgres
import SchemeLibrary
import Schemes
import ScoringStores

/// Tries two versions of a scheme on everything that is recorded, a few hundred subjects at a time.
///
/// Figures across subjects need everybody before anybody: for each period that has some, all subjects are gone through
/// before, as often as its comparisons need, and only what is compared and what came of it are kept of them.
struct RuleComparison {
    let old: Scheme
    let new: Scheme
    let institution: String
    /// Chronological.
    let periods: [Period]
    private let store: CurrentInputs
    private let edits: [SchemeDifference]
    private var compared: (old: SimulatedSubject.Compared, new: SimulatedSubject.Compared) = ([:], [:])
    private var foreign:
        (old: [Subject: [(fact: Fact, effect: Effect)]], new: [Subject: [(fact: Fact, effect: Effect)]])

    /// Subjects that are read and judged together.
    private static let chunk = 500

    init(
        _ old: Scheme, _ new: Scheme, institution: String, period: Period, on connection: Connection,
        _ library: SchemeLibrary
    ) throws {
        self.old = old
        self.new = new
        self.institution = institution
        store = try CurrentInputs(connection, library, institution: institution)
        edits = SchemeDifference.between(old, new)
        let kinds = old.periodKinds.union(new.periodKinds)
        var inside = try store.closedPeriods(institution, in: period.first...period.last)
        if !inside.contains(period) { inside.append(period) }
        periods = inside.filter { kinds.contains($0.kind) && $0.first >= period.first }
        foreign = ([:], [:])
    }

    private var days: ClosedRange<CalendarDate> {
        let last = periods.last?.last ?? .earliest
        return min(periods.map(\.first).min() ?? last, last)...last
    }

    /// Goes through everybody; `found` is given each subject's period that comes out otherwise.
    ///
    /// - Returns: how many subjects were judged.
    mutating func run(_ found: (OutcomeChange) -> Void, total: (SubjectOutcome, SubjectOutcome) -> Void) throws -> Int {
        try readForeign()
        for (index, period) in periods.enumerated()
        where old.comparesFigures(at: period.kind) || new.comparesFigures(at: period.kind) {
            try compare(through: index)
        }
        var judged = 0
        try forEachChunk { pairs in
            for var (before, after) in pairs {
                before.settle()
                after.settle()
                if !before.outcomes.isEmpty || !after.outcomes.isEmpty { judged += 1 }
                for period in Set(before.outcomes.keys).union(after.outcomes.keys).sorted() {
                    let outcomes = (before.outcomes[period] ?? .init(), after.outcomes[period] ?? .init())
                    total(outcomes.0, outcomes.1)
                    guard outcomes.0 != outcomes.1 else { continue }
                    found(
                        OutcomeChange(
                            subject: before.subject, period: period, before: outcomes.0, after: outcomes.1,
                            causes: OutcomeCause.causes(
                                (old, outcomes.0, before.nodes(period)), (new, outcomes.1, after.nodes(period)),
                                edits: edits)))
                }
            }
        }
        return judged
    }

    /// What facts about other subjects, such as loans, bring about for persons.
    private mutating func readForeign() throws {
        let types = old.liabilityFactTypes.union(new.liabilityFactTypes)
        guard !types.isEmpty else { return }
        try forEachSubject(Set(SubjectKind.allCases)) { subjects in
            for facts in try store.facts(types, days, subjects.map(\.number)).values {
                for fact in facts {
                    for effect in old.arrivals(of: fact, calendar: store.workCalendar) {
                        guard let subject = effect.subject, subject != fact.subject else { continue }
                        foreign.old[subject, default: []].append((fact, effect))
                    }
                    for effect in new.arrivals(of: fact, calendar: store.workCalendar) {
                        guard let subject = effect.subject, subject != fact.subject else { continue }
                        foreign.new[subject, default: []].append((fact, effect))
                    }
                }
            }
        }
    }

    /// The second phase of one period: passes over everybody, of which only the compared numbers are kept.
    private mutating func compare(through index: Int) throws {
        let period = periods[index]
        var sides = (
            old: PopulationComparison(old, period, calendar: store.workCalendar),
            new: PopulationComparison(new, period, calendar: store.workCalendar)
        )
        while sides.old.isLearning || sides.new.isLearning {
            let learns = (old: sides.old.isLearning, new: sides.new.isLearning)
            try forEachMember(through: index) { member, isNew in
                if isNew, learns.new { sides.new.learn(member) }
                if !isNew, learns.old { sides.old.learn(member) }
            }
            if learns.old { sides.old.endRound() }
            if learns.new { sides.new.endRound() }
        }
        var found = (old: SimulatedSubject.ComparedFigures(), new: SimulatedSubject.ComparedFigures())
        try forEachMember(through: index) { member, isNew in
            let figures = isNew ? sides.new.conclude(member) : sides.old.conclude(member)
            for figure in figures {
                guard let text = figure.text else { continue }
                if isNew {
                    found.new.figures[member.subject, default: [:]][figure.name] = text
                } else {
                    found.old.figures[member.subject, default: [:]][figure.name] = text
                }
            }
        }
        for effect in sides.old.effects() {
            if let subject = effect.subject { found.old.effects[subject, default: []].append(effect) }
        }
        for effect in sides.new.effects() {
            if let subject = effect.subject { found.new.effects[subject, default: []].append(effect) }
        }
        compared.old[period] = found.old
        compared.new[period] = found.new
    }

    private func forEachMember(through index: Int, _ body: (PopulationMember, Bool) -> Void) throws {
        let kinds = (old.subjectKind, new.subjectKind)
        try forEachChunk(through: index) { _ in
        } judged: { member, isNew in
            guard member.subject.kind == (isNew ? kinds.1 : kinds.0) else { return }
            body(member, isNew)
        }
    }

    /// Judges everybody for the periods up to a place; `judged` is told what the last of them published.
    private func forEachChunk(
        through index: Int? = nil, _ body: ([(SimulatedSubject, SimulatedSubject)]) throws -> Void,
        judged: (PopulationMember, Bool) -> Void = { _, _ in }
    ) throws {
        let due = index.map { Array(periods[...$0]) } ?? periods
        try forEachSubject(old.subjectKinds.union(new.subjectKinds)) { subjects in
            var before = try begin(old, subjects, foreign.old)
            var after = try begin(new, subjects, foreign.new)
            for period in due {
                let inputs = (try inputs(old, period, subjects), try inputs(new, period, subjects))
                for (place, numbered) in subjects.enumerated() {
                    if let given = inputs.0[numbered.number],
                        let member = before[place].judge(period, given, compared.old[period]), period == due.last
                    {
                        judged(member, false)
                    }
                    if let given = inputs.1[numbered.number],
                        let member = after[place].judge(period, given, compared.new[period]), period == due.last
                    {
                        judged(member, true)
                    }
                }
            }
            try body(Array(zip(before, after)))
        }
    }

    private func inputs(
        _ scheme: Scheme, _ period: Period, _ subjects: [EvaluationStore.Numbered]
    ) throws -> [Int32: SubjectInputs] {
        guard scheme.periodKinds.contains(period.kind) else { return [:] }
        let kinds = scheme.subjectKinds
        return try store.inputs(scheme, period, subjects.filter { kinds.contains($0.subject.kind) })
    }

    private func begin(
        _ scheme: Scheme, _ subjects: [EvaluationStore.Numbered], _ foreign: [Subject: [(fact: Fact, effect: Effect)]]
    ) throws -> [SimulatedSubject] {
        let numbers = subjects.map(\.number)
        let grades = try store.grades(numbers, of: scheme.id, through: days.lowerBound)
        let tasks = try store.openTasks(numbers, of: scheme.id, on: days.lowerBound)
        let facts = try store.facts(scheme.arrivalFactTypes.union(["decision.made"]), days, numbers)
        return subjects.map { numbered in
            let number = numbered.number
            return SimulatedSubject(
                scheme, numbered.subject, grades: grades[number] ?? [], tasks: tasks[number] ?? [],
                facts: facts[number] ?? [], foreign: foreign[numbered.subject] ?? [], calendar: store.workCalendar)
        }
    }

    private func forEachSubject(
        _ kinds: Set<SubjectKind>, _ body: ([EvaluationStore.Numbered]) throws -> Void
    ) throws {
        var last = Int32.min
        while true {
            let subjects = try store.subjects(institution, kinds, after: last, limit: Self.chunk)
            guard let final = subjects.last else { return }
            try body(subjects)
            last = final.number
        }
    }
}

/// A subject's period that comes out otherwise, and why.
struct OutcomeChange {
    let subject: Subject
    let period: Period
    let before: SubjectOutcome
    let after: SubjectOutcome
    let causes: [OutcomeCause]

    var paid: Int64 { after.paid - before.paid }
    var fined: Int64 { after.fined - before.fined }

    /// Whether it matters more to people than another: by pay, fines, grade, decisions, score.
    func outweighs(_ other: OutcomeChange) -> Bool {
        let (own, others) = (weight, other.weight)
        return own == others
            ? (period, subject) < (other.period, other.subject) : others.lexicographicallyPrecedes(own)
    }

    private var weight: [Int64] {
        [
            abs(paid), abs(fined), before.grade == after.grade && before.moves == after.moves ? 0 : 1,
            Int64(before.asks.symmetricDifference(after.asks).count), before.score == after.score ? 0 : 1,
        ]
    }
}
