public import Domain
import FEEL

extension Scheme {
    /// What one fact brings about at once: findings, status changes, tasks and notices that depend on nothing else.
    ///
    /// A fact with sign −1 withdraws what the fact it undoes brought about. A notice that was sent stays sent.
    public func arrivals(of fact: Fact, calendar: WorkCalendar = WorkCalendar()) -> [Effect] {
        let findings = storage.findings[fact.type] ?? []
        let statuses = storage.statuses[fact.type] ?? []
        let tasks = storage.factTasks[fact.type] ?? []
        let notices = storage.factNotices[fact.type] ?? []
        let liabilities = storage.liabilities[fact.type] ?? []
        guard !liabilities.isEmpty || !findings.isEmpty || !statuses.isEmpty || !tasks.isEmpty || !notices.isEmpty
        else { return [] }
        guard isInForce(on: fact.businessDate) else { return [] }
        let arrival = Arrival(
            scheme: self, fact: fact, parameters: storage.parameters(on: fact.businessDate), calendar: calendar)
        var effects: [Effect] = []
        for rule in findings { effects += arrival.finding(rule) }
        for rule in liabilities { effects += arrival.liability(rule) }
        for rule in statuses { effects += arrival.status(rule) }
        for rule in tasks { effects += arrival.task(rule) }
        if fact.sign > 0 { for plan in notices { effects += arrival.notice(plan) } }
        return effects
    }

    /// Whether this version applies to what happened on a day.
    public func isInForce(on date: CalendarDate) -> Bool {
        effectiveFrom <= date && effectiveTo.map { date <= $0 } ?? true
    }
}

/// One fact in front of the rules it may set off.
struct Arrival {
    let scheme: Scheme
    let fact: Fact
    let parameters: [Value]
    let calendar: WorkCalendar

    /// The fact whose effects are meant: the one undone, or this one.
    var cause: UUID128 { fact.sign < 0 ? fact.reverses ?? fact.id : fact.id }
    var isWithdrawal: Bool { fact.sign < 0 }

    func id(_ kind: String, _ head: RuleHead, _ more: String...) -> UUID128 {
        DeterministicID.make(
            kind, [scheme.id, head.name, fact.subject.description, cause.description] + more)
    }

    func sets(_ head: RuleHead, _ when: FactFormula?) -> Bool {
        head.state != .shadow && when?.holds(fact, parameters: parameters) ?? true
    }

    func finding(_ rule: FindingRule) -> [Effect] {
        guard sets(rule.head, rule.when) else { return [] }
        let id = id("finding", rule.head)
        if isWithdrawal { return [.findingWithdrawn(id: id, rule: rule.head.clause.rule)] }
        let amount = rule.amount?.evaluate(fact, parameters: parameters).asNumber
        return [
            .finding(
                Finding(
                    id: id, subject: fact.subject, element: rule.head.name, rule: rule.head.clause.rule,
                    clause: rule.head.clause.text, date: fact.businessDate,
                    period: Period(scheme.basePeriod, containing: fact.businessDate),
                    amount: rule.head.state == .unpaid ? nil : amount.flatMap { Money(exact: $0, scheme.currency) },
                    fund: rule.fund, fact: cause, text: rule.head.title))
        ]
    }

    func status(_ rule: StatusRule) -> [Effect] {
        guard sets(rule.head, rule.when) else { return [] }
        let id = id("status", rule.head)
        if isWithdrawal { return [.statusWithdrawn(id: id, rule: rule.head.clause.rule)] }
        return [
            .status(
                StatusChange(
                    id: id, subject: fact.subject, status: rule.head.name, from: fact.businessDate,
                    rule: rule.head.clause.rule, clause: rule.head.clause.text, fact: cause))
        ]
    }

    func task(_ rule: TaskRule) -> [Effect] {
        guard case .fact(let when) = rule.trigger, sets(rule.head, when),
            let route = rule.route({ $0.value(fact, parameters) }), let start = route.places.first
        else { return [] }
        let step = rule.steps[start.step]
        let id = id("task", rule.head, "0")
        let number = rule.head.clause.rule
        if isWithdrawal {
            let closed = scheme.tasks(from: id, rule.steps).map { task in
                Effect.taskClosed(id: task, rule: number, outcome: "withdrawn")
            }
            guard rule.charges else { return closed }
            return closed + [
                .findingWithdrawn(id: scheme.chargeID(rule.head.name, fact.subject, cause), rule: number)
            ]
        }
        let amount = rule.amount?.evaluate(fact, parameters: parameters).asNumber
        return [
            .task(
                TaskRequest(
                    id: id, subject: fact.subject, rule: rule.head.clause.rule, clause: rule.head.clause.text,
                    task: rule.head.name, step: start.step, role: start.role, unit: nil,
                    dueAt: step.within.moment(after: fact.businessDate, calendar),
                    options: step.options.map(\.name), text: rule.head.title, fact: cause,
                    context: context(rule, step, amount).merging(route.context) { own, _ in own }))
        ]
    }

    func context(_ rule: TaskRule, _ step: TaskStep, _ amount: Decimal128?) -> [String: String] {
        var context = ["date": fact.businessDate.description]
        if let amount { context["amount"] = amount.text }
        for case .grade(_, let attribute) in rule.steps.flatMap(\.options).map(\.outcome) {
            if case .text(let text)? = fact.attributes[attribute] { context[attribute] = text }
        }
        return context
    }

    func notice(_ plan: NoticePlan) -> [Effect] {
        guard plan.state != .shadow, plan.when?.holds(fact, parameters: parameters) ?? true else { return [] }
        var values = ["manager": fact.subject.id, "date": fact.businessDate.description]
        if let amount = fact.amount { values["amount"] = amount.description }
        if let customer = fact.customer { values["customer"] = customer }
        for (name, attribute) in fact.attributes {
            switch attribute {
            case .text(let text), .number(let text): values[name] = text
            case .flag(let flag): values[name] = flag ? "yes" : "no"
            }
        }
        let rule = plan.notice
        return [
            .notice(
                NoticeRequest(
                    id: DeterministicID.make(
                        "notice", scheme.id, rule.name, fact.subject.description, cause.description),
                    subject: fact.subject, notice: rule.name, rule: rule.rule, clause: rule.clause,
                    audience: rule.audience, channels: rule.channels, values: values, rows: [],
                    dueAt: Timestamp(startOf: fact.businessDate).adding(seconds: plan.by.seconds)))
        ]
    }
}

extension Money {
    /// An exact amount rounded half up to hundredths; `nil` when it is out of range.
    init?(exact: Decimal128, _ currency: Currency) {
        guard let units = exact.units(scale: 2, rounding: .halfUp) else { return nil }
        self.init(minorUnits: units, currency)
    }
}
