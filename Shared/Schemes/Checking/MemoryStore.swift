public import Domain

/// Facts, series, results, grades and tasks of one scheme in memory, kept exactly as Scoring keeps them in its store.
///
/// Scheme tests and simulations run on it; it is also the model that Scoring's own store is tested against.
public struct MemoryStore: Sendable {
    private struct RowKey: Hashable {
        let bucket: Int32
        let group: String
    }

    private struct Account {
        var facts: [UUID128: Fact] = [:]
        var series: [[RowKey: SeriesRow]] = []
    }

    public let scheme: Scheme
    public var calendar: WorkCalendar
    private var accounts: [Subject: Account] = [:]
    public private(set) var prior: [Subject: [PriorResult]] = [:]
    /// Grades that closes and answers decided; those of appointments stand in the facts.
    private var decided: [Subject: [GradeHold]] = [:]
    public private(set) var openTasks: [UUID128: TaskRequest] = [:]
    /// Findings that stand, by identifier.
    public private(set) var findings: [UUID128: Finding] = [:]
    public private(set) var statuses: [UUID128: StatusChange] = [:]
    public private(set) var carry: [Subject: Money] = [:]
    private var closedTasks: Set<UUID128> = []
    /// What was withdrawn, so that a reversal that arrives before its original still undoes it.
    private var withdrawn: Set<UUID128> = []

    public init(_ scheme: Scheme, calendar: WorkCalendar = WorkCalendar()) {
        self.scheme = scheme
        self.calendar = calendar
    }

    /// The subjects that have facts, in order.
    public var subjects: [Subject] { accounts.keys.sorted() }

    /// Takes a fact in; one with a known identifier is ignored.
    ///
    /// - Returns: what the fact brings about at once, already applied to the store.
    @discardableResult
    public mutating func add(_ fact: Fact) -> [Effect] {
        var account = accounts[fact.subject] ?? Account()
        guard account.facts[fact.id] == nil else { return [] }
        account.facts[fact.id] = fact
        if account.series.isEmpty { account.series = scheme.series.map { _ in [:] } }
        for series in scheme.series { Self.keep(fact, series, &account) }
        accounts[fact.subject] = account
        let effects = scheme.arrivals(of: fact, calendar: calendar)
        apply(effects)
        return effects
    }

    private static func keep(_ fact: Fact, _ series: SeriesDefinition, _ account: inout Account) {
        guard let part = series.contribution(of: fact) else { return }
        let key = RowKey(bucket: series.bucketNumber(of: fact.businessDate), group: part.group)
        var row =
            account.series[series.index][key] ?? SeriesRow(bucket: key.bucket, group: key.group, count: 0, sum: 0)
        let sign = Int64(fact.sign)
        row.count += sign
        row.sum += sign * part.amount
        row.weighted += sign * part.amount * Int64(fact.businessDate.day)
        if series.needsOrder { order(&row, series, account.facts) }
        account.series[series.index][key] = row
    }

    /// Last, least and greatest again from the facts, because a reversal cannot be subtracted from them.
    private static func order(_ row: inout SeriesRow, _ series: SeriesDefinition, _ facts: [UUID128: Fact]) {
        let parts = Evaluator.net(Array(facts.values)).compactMap { fact -> (fact: Fact, amount: Int64)? in
            guard series.bucketNumber(of: fact.businessDate) == row.bucket,
                let part = series.contribution(of: fact), part.group == row.group
            else { return nil }
            return (fact, part.amount)
        }
        row.last =
            parts.max {
                ($0.fact.businessDate, $0.fact.occurredAt, $0.fact.id)
                    < ($1.fact.businessDate, $1.fact.occurredAt, $1.fact.id)
            }?.amount
        row.min = parts.map(\.amount).min()
        row.max = parts.map(\.amount).max()
    }

    /// The grades that facts gave and closes decided, in the order of the days from which they hold.
    public func grades(of subject: Subject) -> [GradeHold] {
        let facts = accounts[subject]?.facts.values.filter { $0.type == "manager.appointed" } ?? []
        let appointed = Evaluator.net(Array(facts)).compactMap(Self.appointment)
        return (appointed + (decided[subject] ?? [])).sorted { ($0.from, $0.ladder) < ($1.from, $1.ladder) }
    }

    private static func appointment(_ fact: Fact) -> GradeHold? {
        guard case .text(let ladder)? = fact.attributes["ladder"], case .text(let grade)? = fact.attributes["grade"]
        else { return nil }
        var from = fact.businessDate
        if case .text(let text)? = fact.attributes["from"], let date = CalendarDate(text) { from = date }
        return GradeHold(ladder: ladder, grade: grade, from: from)
    }

    /// Everything the evaluation of a subject for a period needs.
    public func inputs(for subject: Subject, _ period: Period) -> SubjectInputs {
        var inputs = SubjectInputs(subject: subject, period: period)
        let account = accounts[subject] ?? Account()
        let facts = account.facts.values
        inputs.profile = Self.profile(
            facts.filter { $0.type == subject.kind.profileType && $0.businessDate <= period.last })
        inputs.series = account.series.map { rows in
            rows.values.sorted { ($0.bucket, $0.group) < ($1.bucket, $1.group) }
        }
        let window = scheme.keptWindow(for: period)
        let kept = scheme.keptFactTypes
        let lasting = scheme.lastingFactTypes
        inputs.facts = facts.filter {
            lasting.contains($0.type) || (kept.contains($0.type) && window.contains($0.businessDate))
        }
        inputs.prior = prior[subject] ?? []
        inputs.grades = grades(of: subject)
        inputs.openTasks = openTasks.values.filter { $0.subject == subject }.sorted { $0.id < $1.id }
        inputs.calendar = calendar
        inputs.cut = "memory"
        return inputs
    }

    private static func profile(_ facts: [Fact]) -> [String: AttributeValue] {
        Evaluator.net(facts).max {
            ($0.businessDate, $0.occurredAt, $0.id) < ($1.businessDate, $1.occurredAt, $1.id)
        }?.attributes ?? [:]
    }
}

extension MemoryStore {
    /// What a close of one period comes to.
    public struct Close: Sendable {
        public var evaluations: [Subject: Evaluation] = [:]
        public var across: CrossEvaluation?
        public var pay: [Subject: PayEvaluation] = [:]
    }

    /// Evaluates every subject for a period, compares them, and pays when it is the scheme's base period.
    public mutating func close(_ period: Period) -> Close {
        var close = Close()
        let kinds = scheme.subjectKinds
        for subject in subjects where kinds.contains(subject.kind) {
            let evaluation = scheme.evaluate(inputs(for: subject, period), tracing: true)
            guard evaluation.applies else { continue }
            close.evaluations[subject] = evaluation
            apply(evaluation.effects)
        }
        let members = close.evaluations.filter { $0.key.kind == scheme.subjectKind }.map { subject, evaluation in
            PopulationMember(
                subject: subject, unit: inputs(for: subject, period).unitName, figures: published(evaluation))
        }
        let across = scheme.evaluateAcross(period, members, calendar: calendar)
        close.across = across
        apply(across.effects)
        for member in members {
            var figures = member.figures
            for figure in across.figures[member.subject] ?? [] { figures[figure.name] = figure.text }
            record(figures, member.subject, period)
            if period.kind == scheme.basePeriod { close.pay[member.subject] = pay(member.subject, period, figures) }
        }
        return close
    }

    private func published(_ evaluation: Evaluation) -> [String: String] {
        let names = Set(scheme.publishedFigures)
        var figures: [String: String] = [:]
        for figure in evaluation.figures where names.contains(figure.name) { figures[figure.name] = figure.text }
        return figures
    }

    private mutating func record(_ figures: [String: String], _ subject: Subject, _ period: Period) {
        prior[subject, default: []].removeAll { $0.period == period }
        prior[subject, default: []].append(PriorResult(period: period, figures: figures))
    }

    private mutating func pay(_ subject: Subject, _ period: Period, _ figures: [String: String]) -> PayEvaluation {
        let fines = findings.values.filter { $0.subject == subject && $0.period == period }.compactMap { finding in
            finding.amount.map {
                PayFinding(
                    id: finding.id, rule: finding.rule, clause: finding.clause, date: finding.date, amount: $0,
                    fund: finding.fund, text: finding.text)
            }
        }
        let result = scheme.pay(
            PayInputs(
                subject: subject, period: period, figures: figures, findings: fines,
                carryIn: carry[subject] ?? .zero(scheme.currency)))
        carry[subject] = result.carryOut
        return result
    }

    /// Answers the open task of a name; `nil` when there is none.
    public mutating func answer(_ task: String, with decision: Fact) -> Answer? {
        let open = openTasks.values.filter { $0.subject == decision.subject }.sorted { $0.id < $1.id }
        guard let request = open.first(where: { $0.task == task }) else { return nil }
        var decision = decision
        decision.attributes["task"] = .text(request.id.description)
        add(decision)
        let answer = scheme.answer(
            decision, to: request, openTasks: open, grades: grades(of: decision.subject),
            decisions: Array(accounts[decision.subject]?.facts.values.filter { $0.type == "decision.made" } ?? []),
            calendar: calendar)
        if case .effects(let effects) = answer { apply(effects) }
        return answer
    }

    private mutating func apply(_ effects: [Effect]) {
        for effect in effects {
            switch effect {
            case .finding(let finding): if !withdrawn.contains(finding.id) { findings[finding.id] = finding }
            case .findingWithdrawn(let id, _):
                findings[id] = nil
                withdrawn.insert(id)
            case .task(let task): if !closedTasks.contains(task.id) { openTasks[task.id] = task }
            case .taskClosed(let id, _, _):
                openTasks[id] = nil
                closedTasks.insert(id)
            case .grade(let change):
                guard change.decided else { continue }
                decided[change.subject, default: []].append(
                    GradeHold(ladder: change.ladder, grade: change.to, from: change.effectiveFrom))
            case .status(let change): if !withdrawn.contains(change.id) { statuses[change.id] = change }
            case .statusWithdrawn(let id, _):
                statuses[id] = nil
                withdrawn.insert(id)
            case .notice: break
            }
        }
    }
}

extension SubjectInputs {
    var unitName: String? {
        if case .text(let text)? = profile["unit"] { text } else { nil }
    }
}
