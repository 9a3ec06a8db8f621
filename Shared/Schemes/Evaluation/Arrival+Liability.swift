import Domain
import FEEL

extension Arrival {
    /// One person's part of an amount.
    private struct Part {
        let holder: String
        let person: String
        var units: Int64
    }

    /// Shares an amount out exactly: what rounding and missing holders leave over goes to the residual holder.
    func liability(_ rule: LiabilityRule) -> [Effect] {
        guard sets(rule.head, rule.when),
            let band = rule.bands.first(where: { $0.when?.holds(fact, parameters: parameters) ?? true }),
            let whole = rule.amount.evaluate(fact, parameters: parameters).asNumber,
            let total = whole.units(scale: 2, rounding: .halfUp)
        else { return [] }
        var parts = band.shares.flatMap { shared($0.holder, $0.share, of: whole) }
        let left = total - parts.reduce(0) { $0 + $1.units }
        if left != 0 {
            if let index = parts.firstIndex(where: { $0.holder == band.residual }) {
                parts[index].units += left
            } else if let person = bearers(band.residual).first {
                parts.append(Part(holder: band.residual, person: person, units: left))
            }
        }
        return parts.filter { $0.units != 0 }.flatMap { effects(rule, $0) }
    }

    /// A share of a holder, equal for all whom the fact's attribute names.
    private func shared(_ holder: String, _ share: FactFormula, of whole: Decimal128) -> [Part] {
        let people = bearers(holder)
        guard !people.isEmpty else { return [] }
        let ratio = share.evaluate(fact, parameters: parameters).asNumber ?? .zero
        let units = (whole * ratio / Decimal128(people.count)).units(scale: 2, rounding: .halfUp) ?? 0
        return people.map { Part(holder: holder, person: $0, units: units) }
    }

    private func bearers(_ holder: String) -> [String] {
        guard case .text(let names)? = fact.attributes[holder] else { return [] }
        return names.split { $0 == " " || $0 == "," }.map(String.init)
    }

    private func effects(_ rule: LiabilityRule, _ part: Part) -> [Effect] {
        let id = id("liability", rule.head, part.holder, part.person)
        let subject = Subject(institution: fact.subject.institution, kind: .manager, id: part.person)
        if let approval = rule.approval { return proposal(approval, part, id, subject) }
        if isWithdrawal { return [.findingWithdrawn(id: id, rule: rule.head.clause.rule)] }
        let amount = Money(minorUnits: part.units, scheme.currency)
        return [
            .finding(
                Finding(
                    id: id, subject: subject, element: rule.head.name, rule: rule.head.clause.rule,
                    clause: rule.head.clause.text, date: fact.businessDate,
                    period: Period(scheme.basePeriod, containing: fact.businessDate),
                    amount: rule.head.state == .unpaid ? nil : amount, fund: rule.fund, fact: cause,
                    text: text(rule.head, part)))
        ]
    }

    private func text(_ head: RuleHead, _ part: Part) -> BilingualText {
        BilingualText(zh: "\(head.title.zh)（\(part.holder)）", en: "\(head.title.en) (\(part.holder))")
    }

    /// A share that somebody has to approve before it is charged.
    private func proposal(_ approval: TaskRule, _ part: Part, _ id: UUID128, _ subject: Subject) -> [Effect] {
        let number = approval.head.clause.rule
        if isWithdrawal {
            return scheme.tasks(from: id, approval.steps).map {
                .taskClosed(id: $0, rule: number, outcome: "withdrawn")
            } + [.findingWithdrawn(id: scheme.chargeID(approval.head.name, subject, id), rule: number)]
        }
        guard let step = approval.steps.first else { return [] }
        let amount = Decimal128(units: part.units, scale: 2).text
        return [
            .task(
                TaskRequest(
                    id: id, subject: subject, rule: number, clause: approval.head.clause.text,
                    task: approval.head.name, step: 0, role: step.role, unit: nil,
                    dueAt: step.within.moment(after: fact.businessDate, calendar),
                    options: step.options.map(\.name), text: text(approval.head, part), fact: cause,
                    context: [
                        "date": fact.businessDate.description, "amount": amount, "holder": part.holder,
                        "charge": id.description,
                    ]))
        ]
    }
}

extension Evaluator {
    /// Amounts borne by the persons whom an earlier fact of the same subject names, however long ago that was.
    func lifelongLiabilities(_ scheme: Scheme) -> [Effect] {
        guard !storage.lifelong.isEmpty, inputs.period.kind == scheme.basePeriod else { return [] }
        let facts = Self.net(inputs.facts)
        return facts.filter { inputs.period.contains($0.businessDate) }.flatMap { fact in
            storage.lifelong.filter { $0.type == fact.type }.flatMap { entry in
                lifelong(entry.rule, fact, among: facts, scheme)
            }
        }
    }

    private func lifelong(_ rule: LiabilityRule, _ fact: Fact, among facts: [Fact], _ scheme: Scheme) -> [Effect] {
        let named = facts.filter { $0.type == rule.persons && $0.businessDate <= fact.businessDate }.max {
            ($0.businessDate, $0.occurredAt, $0.id) < ($1.businessDate, $1.occurredAt, $1.id)
        }
        guard let named else { return [] }
        var merged = fact
        merged.attributes.merge(named.attributes) { own, _ in own }
        let arrival = Arrival(
            scheme: scheme, fact: merged, parameters: storage.parameters(on: fact.businessDate),
            calendar: inputs.calendar)
        return arrival.liability(rule)
    }
}
