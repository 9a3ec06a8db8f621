import Domain
import Schemes
import ScoringCore

/// One subject under one version of the rules, period after period: facts act, periods are judged, recorded decisions
/// answer the tasks that are open.
struct SimulatedSubject {
    /// Figures and effects of the comparison with others, by period.
    typealias Compared = [Period: ComparedFigures]

    /// What the comparison with others gave one version, for one period.
    struct ComparedFigures {
        var figures: [Subject: [String: String]] = [:]
        var effects: [Subject: [Effect]] = [:]
    }

    let scheme: Scheme
    let subject: Subject
    private let calendar: WorkCalendar
    private let holds: [GradeHold]
    private let decisions: [Fact]
    /// The same with those that were taken back, as panels count them.
    private let allDecisions: [Fact]
    private var answered: Set<UUID128> = []
    private var openTasks: [UUID128: TaskRequest]
    private var closedTasks: Set<UUID128> = []
    private var findings: [UUID128: Finding] = [:]
    private var withdrawn: Set<UUID128> = []
    private var moved: [GradeHold] = []
    private var prior: [Period: [String: String]] = [:]
    private var judged: [Period: SubjectInputs] = [:]
    private(set) var outcomes: [Period: SubjectOutcome] = [:]

    init(
        _ scheme: Scheme, _ subject: Subject, grades: [GradeHold], tasks: [TaskRequest], facts: [Fact],
        foreign: [(fact: Fact, effect: Effect)], calendar: WorkCalendar
    ) {
        self.scheme = scheme
        self.subject = subject
        self.calendar = calendar
        holds = grades
        openTasks = Dictionary(tasks.map { ($0.id, $0) }) { first, _ in first }
        allDecisions = facts.filter { $0.type == "decision.made" }
        let undone = Set(allDecisions.compactMap(\.reverses))
        decisions = allDecisions.filter { $0.sign > 0 && !undone.contains($0.id) }
        let types = scheme.arrivalFactTypes
        for fact in facts where types.contains(fact.type) {
            let effects = scheme.arrivals(of: fact, calendar: calendar).filter { ($0.subject ?? subject) == subject }
            apply(effects, in: reported(on: fact.businessDate))
        }
        for (fact, effect) in foreign { apply([effect], in: reported(on: fact.businessDate)) }
        decide()
    }

    /// Judges one period; gives the figures that are published.
    mutating func judge(_ period: Period, _ given: SubjectInputs, _ compared: ComparedFigures?) -> PopulationMember? {
        var inputs = given
        inputs.prior.removeAll { prior[$0.period] != nil }
        inputs.prior += prior.filter { $0.key.last <= period.last && $0.key != period }
            .map { PriorResult(period: $0.key, figures: $0.value) }
        inputs.prior.sort { $0.period < $1.period }
        inputs.grades = holds + moved
        inputs.openTasks = openTasks.values.sorted { $0.id < $1.id }
        let evaluation = scheme.evaluate(inputs)
        guard evaluation.applies else { return nil }
        judged[period] = inputs
        var figures = published(evaluation)
        let own = figures
        figures.merge(compared?.figures[subject] ?? [:]) { first, _ in first }
        prior[period] = figures
        let key = reported(period)
        if period.kind == scheme.basePeriod || outcomes[key]?.grade == nil {
            outcomes[key, default: SubjectOutcome()].grade = evaluation.grade
        }
        if let score = evaluation.score { outcomes[key, default: SubjectOutcome()].score = score.description }
        apply(evaluation.effects + (compared?.effects[subject] ?? []), in: key)
        decide()
        return PopulationMember(subject: subject, unit: inputs.profileUnit, figures: own)
    }

    private func published(_ evaluation: Schemes.Evaluation) -> [String: String] {
        let names = Set(scheme.publishedFigures)
        var figures: [String: String] = [:]
        for figure in evaluation.figures where names.contains(figure.name) { figures[figure.name] = figure.text }
        return figures
    }

    /// Days and weeks are told with the base period that they end in.
    private func reported(_ period: Period) -> Period {
        let base = Period(scheme.basePeriod, containing: period.last)
        return base.contains(period) ? base : period
    }

    private func reported(on day: CalendarDate) -> Period { Period(scheme.basePeriod, containing: day) }

    private mutating func apply(_ effects: [Effect], in period: Period) {
        for effect in effects {
            switch effect {
            case .finding(let finding): if !withdrawn.contains(finding.id) { findings[finding.id] = finding }
            case .findingWithdrawn(let id, _):
                findings[id] = nil
                withdrawn.insert(id)
            case .task(let task):
                guard !closedTasks.contains(task.id), openTasks.updateValue(task, forKey: task.id) == nil else {
                    continue
                }
                outcomes[period, default: SubjectOutcome()].add(effect, of: scheme)
            case .taskClosed(let id, _, _):
                openTasks[id] = nil
                closedTasks.insert(id)
            case .grade(let change):
                outcomes[period, default: SubjectOutcome()].add(effect, of: scheme)
                guard change.decided else { continue }
                moved.append(GradeHold(ladder: change.ladder, grade: change.to, from: change.effectiveFrom))
            case .status, .statusWithdrawn, .notice: continue
            }
        }
    }

    private func votes(through decision: Fact) -> [Fact] {
        Array(allDecisions.prefix { $0.id != decision.id }) + [decision]
    }

    /// Lets the recorded decisions answer what is open, step by step.
    private mutating func decide() {
        var goesOn = true
        while goesOn {
            goesOn = false
            for decision in decisions where !answered.contains(decision.id) {
                guard case .text(let text)? = decision.attributes["task"], let id = UUID128(text),
                    let task = openTasks[id]
                else { continue }
                answered.insert(decision.id)
                let answer = scheme.answer(
                    decision, to: task, openTasks: openTasks.values.sorted { $0.id < $1.id }, grades: holds + moved,
                    decisions: votes(through: decision), calendar: calendar)
                guard case .effects(let effects) = answer else { continue }
                apply(effects, in: reported(on: decision.businessDate))
                goesOn = true
            }
        }
    }
}

// What it comes to.
extension SimulatedSubject {
    /// Adds pay and fines to the outcomes, when all periods have been judged.
    mutating func settle() {
        for finding in findings.values {
            outcomes[finding.period, default: SubjectOutcome()].add(.finding(finding), of: scheme)
        }
        for period in judged.keys where period.kind == scheme.basePeriod && subject.kind == scheme.subjectKind {
            outcomes[period, default: SubjectOutcome()].add(scheme.pay(payInputs(period), tracing: false))
        }
    }

    private func payInputs(_ period: Period) -> PayInputs {
        let wanted = Set(scheme.payFigures)
        let fines = findings.values.filter { $0.period == period }.compactMap { finding in
            finding.amount.map {
                PayFinding(
                    id: finding.id, rule: finding.rule, clause: finding.clause, date: finding.date, amount: $0,
                    fund: finding.fund, text: finding.text)
            }
        }
        return PayInputs(
            subject: subject, period: period, figures: (prior[period] ?? [:]).filter { wanted.contains($0.key) },
            findings: fines, carryIn: .zero(scheme.currency))
    }

    /// Every figure of the periods behind an outcome, with what went in.
    func nodes(_ period: Period) -> [TraceNode] {
        var nodes: [TraceNode] = []
        for (other, inputs) in judged.sorted(by: { $0.key < $1.key }) where reported(other) == period {
            nodes += scheme.evaluate(inputs, tracing: true).trace?.nodes ?? []
            let member = PopulationMember(
                subject: subject, unit: inputs.profileUnit, figures: prior[other] ?? [:])
            nodes += scheme.acrossNodes(other, of: member)
        }
        if judged[period] != nil, period.kind == scheme.basePeriod {
            nodes += scheme.pay(payInputs(period), tracing: true).trace?.nodes ?? []
        }
        return nodes
    }
}

extension SubjectInputs {
    fileprivate var profileUnit: String? {
        if case .text(let text)? = profile["unit"] { text } else { nil }
    }
}
