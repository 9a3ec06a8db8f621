import Domain
import FEEL

/// A waiver in force for some time.
struct Grant: Sendable {
    /// The place of its rule.
    let rule: Int
    let fact: Fact
    let from: CalendarDate
    let until: CalendarDate
    let text: BilingualText
}

extension Evaluator {
    /// Finds the waivers that somebody granted for a reason and until a day; one that says less is reported and no waiver.
    mutating func readWaivers(_ scheme: Scheme) {
        guard !storage.waivers.isEmpty else { return }
        let facts = Self.net(inputs.facts.filter { $0.businessDate <= inputs.period.last })
        for (place, rule) in storage.waivers.enumerated() where rule.head.state != .shadow {
            for fact in facts where rule.factTypes.contains(fact.type) {
                let parameters = storage.parameters(on: fact.businessDate)
                guard rule.when?.holds(fact, parameters: parameters) ?? true else { continue }
                read(place, rule, fact, facts, scheme)
            }
        }
    }

    private mutating func read(_ place: Int, _ rule: WaiverRule, _ fact: Fact, _ facts: [Fact], _ scheme: Scheme) {
        // Never before the day it was granted: a waiver does not reach back into what is closed.
        let wanted = rule.from.flatMap { Self.word(fact, $0) }.flatMap { CalendarDate($0) }
        var from = max(wanted ?? fact.businessDate, fact.businessDate)
        var approver = Self.word(fact, rule.approver)
        var reason = Self.word(fact, rule.reason)
        if let approval = rule.approval {
            guard let granted = scheme.grant(of: approval, for: fact, among: facts, inputs.calendar) else { return }
            from = max(from, granted.decision.businessDate)
            approver = Self.word(granted.decision, "by") ?? granted.role
            reason = reason ?? Self.word(granted.decision, "opinion")
        }
        let until = Self.word(fact, rule.until).flatMap { CalendarDate($0) }
        guard let approver, let reason, let until else {
            if inputs.period.contains(fact.businessDate) { reportIncomplete(rule) }
            return
        }
        grants.append(
            Grant(
                rule: place, fact: fact, from: from, until: until,
                text: BilingualText(
                    zh: "经\(approver)批准豁免至\(until)：\(reason)", en: "waived by \(approver) until \(until): \(reason)")))
    }

    private mutating func reportIncomplete(_ rule: WaiverRule) {
        gaps.append(
            Gap(
                kind: .waiver, rule: rule.head.clause.rule, figure: rule.head.name,
                text: BilingualText(
                    zh: "\(rule.head.title.zh)：豁免缺少批准人、理由或期限，不生效",
                    en: "\(rule.head.title.en): without approver, reason or end, so it does not count")))
    }

    private static func word(_ fact: Fact, _ attribute: String) -> String? {
        if case .text(let text)? = fact.attributes[attribute], !text.isEmpty { text } else { nil }
    }

    /// The grants of a waiver that are in force on the period's last day.
    func granted(_ place: Int) -> [Grant] {
        grants.filter { $0.rule == place && $0.from <= inputs.period.last && inputs.period.last <= $0.until }
    }

    /// The finding, or, under a waiver, its report without an amount.
    ///
    /// - Parameter detail: what the finding is about, under the name of an attribute or `customer`.
    func waived(_ finding: Finding, _ detail: (String) -> String?) -> Finding {
        for grant in grants where grant.from <= finding.date && finding.date <= grant.until {
            let rule = storage.waivers[grant.rule]
            guard rule.of.contains(finding.element) else { continue }
            let isMeant = rule.same.allSatisfy { name in
                let own = name == "customer" ? grant.fact.customer : Self.word(grant.fact, name)
                return own != nil && own == detail(name)
            }
            guard isMeant else { continue }
            return Finding(
                id: DeterministicID.make("waived", finding.id.description, grant.fact.id.description),
                subject: finding.subject, element: finding.element, rule: finding.rule, clause: finding.clause,
                date: finding.date, period: finding.period, amount: nil, fund: nil, fact: grant.fact.id,
                text: BilingualText(
                    zh: "\(finding.text.zh)（\(grant.text.zh)）", en: "\(finding.text.en) (\(grant.text.en))"),
                waiver: rule.head.name)
        }
        return finding
    }

    /// Findings on single facts of the period that a waiver may cover.
    func closeFindings(_ scheme: Scheme) -> [Effect] {
        guard !storage.closeFindings.isEmpty, inputs.period.kind == scheme.basePeriod else { return [] }
        return Self.net(inputs.facts).filter { inputs.period.contains($0.businessDate) }.flatMap { fact in
            let rules = storage.closeFindings[fact.type] ?? []
            let arrival = Arrival(
                scheme: scheme, fact: fact, parameters: storage.parameters(on: fact.businessDate) + frame,
                calendar: inputs.calendar)
            return rules.flatMap { arrival.finding($0) }.map { effect -> Effect in
                guard case .finding(let finding) = effect else { return effect }
                return .finding(waived(finding) { $0 == "customer" ? fact.customer : Self.word(fact, $0) })
            }
        }
    }
}
