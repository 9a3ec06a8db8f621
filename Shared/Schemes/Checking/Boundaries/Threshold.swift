import Domain
import FEEL

/// A value with which a scheme compares something.
struct Threshold {
    /// What is compared.
    enum Variable {
        /// A figure or an attribute of the profile.
        case slot(Int)
        /// The number of earlier results there are.
        case history(Int)
        /// What a fact says.
        case fact([String], FactScope, name: String)
        /// The input of a table that is more than a figure's name.
        case column(Int)
    }

    /// Where the result is to be seen.
    enum Watch: Hashable {
        case figure(String)
        case task(String)
        case finding(rule: String)
        case notice(String)
        /// One line of the statement.
        case pay(String)
        /// Whether somebody is left out by the exclusion of a name.
        case exclusion(String)
        /// Whatever a fact brings about at once.
        case arrival
    }

    let head: RuleHead
    let kind: String
    let variable: Variable
    let value: Value
    /// What is known of the unit, from both sides of the comparison.
    let sort: Sort
    let watch: Watch
    /// The closes at which the result is to be seen.
    let every: Set<Period.Kind>
    var table: TablePlan?
    var formula: Formula?
    /// All conditions that a fact has to satisfy beside the one compared.
    var conditions: [FactFormula] = []
    /// What a fact says beside its conditions, such as who is liable.
    var attributes: [String: String] = [:]
    /// The measure that has to be given the value for the comparison to be one with it.
    var other: Int?
}

/// Finds every threshold of a scheme, in the order of the document.
struct ThresholdFinder {
    let storage: SchemeStorage
    let units: UnitAnalysis
    let checker: SchemeChecker
    private let frame: [Value]

    init(_ storage: SchemeStorage) {
        self.storage = storage
        let faults = FaultLog()
        units = UnitAnalysis(storage: storage, faults: faults)
        checker = SchemeChecker(storage: storage, faults: faults, units: units)
        frame = checker.frame(on: storage.header.effectiveFrom)
    }

    func all() -> [Threshold] {
        let found = storage.figures.flatMap(figure) + periodRules() + factRules()
        var seen: Set<String> = []
        return found.enumerated().sorted { left, right in
            (left.element.head.place.line, left.offset) < (right.element.head.place.line, right.offset)
        }.map(\.element).filter { seen.insert("\($0.head.name) \($0.name(in: storage)) \($0.value.rendered)").inserted }
    }

    // MARK: figures

    private func figure(_ figure: Figure) -> [Threshold] {
        let head = RuleHead(
            name: figure.name, title: figure.title, clause: figure.clause, state: figure.state, place: figure.place)
        func threshold(_ variable: Threshold.Variable, _ value: Value, _ sort: Sort) -> Threshold {
            Threshold(
                head: head, kind: figure.kind, variable: variable, value: value, sort: sort,
                watch: .figure(figure.name), every: figure.every)
        }
        switch figure.work {
        case .table(let plan, column: 0): return table(plan, threshold)
        case .formula(let formula):
            return atoms(formula).map { atom in
                var found = threshold(atom.variable, atom.value, atom.sort)
                found.formula = formula
                found.other = atom.other
                return found
            }
        case .indicator(let plan): return bounds(figure, [plan.floor, plan.cap], threshold)
        case .scorecard(let plan): return bounds(figure, [plan.floor, plan.cap], threshold)
        default: return []
        }
    }

    private func bounds(
        _ figure: Figure, _ limits: [Formula?], _ threshold: (Threshold.Variable, Value, Sort) -> Threshold
    ) -> [Threshold] {
        limits.compactMap { $0 }.compactMap { limit in
            constant(limit.form).map { threshold(.slot(figure.slot), $0, units.sort(of: figure.slot)) }
        }
    }

    private func table(
        _ plan: TablePlan, _ threshold: (Threshold.Variable, Value, Sort) -> Threshold
    ) -> [Threshold] {
        plan.inputs.enumerated().flatMap { column, input -> [Threshold] in
            var landmarks = Landmarks()
            for row in plan.rows {
                landmarks.add(row.tests[column].forms)
                for slot in row.tests[column].reads { landmarks.add(frame[slot]) }
            }
            var variable = Threshold.Variable.column(column)
            if case .name = input.form.shape, let slot = input.reads.first { variable = .slot(slot) }
            let numbers = Set(landmarks.numbers.map(\.text)).compactMap { Decimal128($0) }.sorted()
            let values = numbers.map(Value.number) + landmarks.days.sorted().map(Value.date)
            return values.map { value in
                var found = threshold(variable, value, units.sort(of: input))
                found.table = plan
                return found
            }
        }
    }

    // MARK: rules

    private func periodRules() -> [Threshold] {
        var found: [Threshold] = []
        func add(
            _ formula: Formula?, _ head: RuleHead, _ kind: String, _ watch: Threshold.Watch, _ every: Set<Period.Kind>
        ) {
            guard let formula else { return }
            for atom in atoms(formula) {
                var threshold = Threshold(
                    head: head, kind: kind, variable: atom.variable, value: atom.value, sort: atom.sort, watch: watch,
                    every: every)
                threshold.formula = formula
                threshold.other = atom.other
                found.append(threshold)
            }
        }
        for rule in storage.tasks {
            guard case .period(let every, let when, let times) = rule.trigger else { continue }
            add(when, rule.head, "task", .task(rule.head.name), every)
            add(times, rule.head, "task", .task(rule.head.name), every)
        }
        for rule in storage.periodFindings {
            add(rule.when, rule.head, "finding", .finding(rule: rule.head.clause.rule), rule.every)
        }
        for rule in storage.gradings {
            add(rule.grade, rule.head, "grading", .task(rule.head.name), rule.every)
        }
        for component in storage.pay {
            add(
                component.formula, component.head, "pay", .pay(component.head.name), [storage.header.basePeriod])
        }
        for rule in storage.exclusions {
            add(rule.when, rule.head, "exclusion", .exclusion(rule.head.name), [storage.header.basePeriod])
        }
        for plan in storage.notices {
            guard case .period(let kind) = plan.notice.trigger,
                let written = storage.elements.first(where: { $0.kind == "notice" && $0.name == plan.notice.name })
            else { continue }
            let head = RuleHead(
                name: written.name, title: plan.notice.subject, clause: written.clause, state: plan.state,
                place: written.place)
            add(plan.condition, head, "notice", .notice(plan.notice.name), [kind])
        }
        return found
    }

    private func factRules() -> [Threshold] {
        var found: [Threshold] = []
        func add(
            _ condition: FactFormula?, _ all: [FactFormula?], _ types: [String], _ head: RuleHead, _ kind: String,
            _ attributes: [String: String] = [:]
        ) {
            guard let condition else { return }
            for atom in atoms(condition.formula.form, in: condition.scope) {
                var threshold = Threshold(
                    head: head, kind: kind, variable: .fact(types.sorted(), condition.scope, name: atom.name),
                    value: atom.value, sort: atom.sort, watch: .arrival, every: [storage.header.basePeriod])
                threshold.conditions = all.compactMap { $0 }
                threshold.attributes = attributes
                found.append(threshold)
            }
        }
        for findings in [storage.findings, storage.closeFindings] {
            for rule in units.once(findings, \.head) {
                add(rule.when, [rule.when], types(findings, rule.head, \.head), rule.head, "finding")
            }
        }
        for rule in units.once(storage.statuses, \.head) {
            add(rule.when, [rule.when], types(storage.statuses, rule.head, \.head), rule.head, "status")
        }
        for rule in units.once(storage.factTasks, \.head) {
            guard case .fact(let when) = rule.trigger else { continue }
            add(when, [when], types(storage.factTasks, rule.head, \.head), rule.head, "task")
        }
        for rule in units.once(storage.liabilities, \.head) {
            let types = types(storage.liabilities, rule.head, \.head)
            let people = attributes(of: rule)
            add(rule.when, [rule.when], types, rule.head, "liability", people)
            for band in rule.bands { add(band.when, [rule.when, band.when], types, rule.head, "liability", people) }
        }
        for (type, plans) in storage.factNotices.sorted(by: { $0.key < $1.key }) {
            for plan in plans {
                guard
                    let written = storage.elements.first(where: { $0.kind == "notice" && $0.name == plan.notice.name })
                else { continue }
                let head = RuleHead(
                    name: written.name, title: plan.notice.subject, clause: written.clause, state: plan.state,
                    place: written.place)
                add(plan.when, [plan.when], [type], head, "notice")
            }
        }
        return found
    }

    /// A name for everybody who may be liable, and amounts to share out.
    private func attributes(of rule: LiabilityRule) -> [String: String] {
        var attributes: [String: String] = [:]
        for holder in rule.bands.flatMap({ $0.shares.map(\.holder) + [$0.residual] }) {
            attributes[holder] = "u-" + holder.replacing(" ", with: "-")
        }
        let scope = rule.amount.scope
        var amount = 100_000
        for slot in rule.amount.formula.reads where slot >= FactScope.ownNames.count && slot < scope.parameterStart {
            attributes[scope.names.all[slot]] = String(amount)
            amount /= 10
        }
        return attributes
    }

    private func types<Rule>(_ rules: [String: [Rule]], _ head: RuleHead, _ path: KeyPath<Rule, RuleHead>) -> [String] {
        rules.filter { $0.value.contains { $0[keyPath: path].place == head.place } }.keys.sorted()
    }
}

extension Threshold {
    /// How the report names what is varied.
    func name(in storage: SchemeStorage) -> String {
        switch variable {
        case .slot(let slot): storage.names.all[slot]
        case .history(let slot): "number of \(storage.names.all[slot])"
        case .fact(let types, _, let name): "\(name) of \(types.joined(separator: ", "))"
        case .column(let column): table?.inputs[column].text ?? ""
        }
    }
}
