import Domain
import FEEL

/// One thing due: the span it is for, and for which customer.
private struct Instance {
    let first: CalendarDate
    let last: CalendarDate
    let key: String
    /// How a finding names what it is about, beside the span.
    let about: String?
    /// What the item or the fact says under a name.
    let word: (String) -> String?
}

extension Evaluator {
    /// Findings for everything whose deadline passed in the period and that was not done in time.
    mutating func obligationFindings(_ scheme: Scheme) -> [Effect] {
        let rules = storage.obligations.filter {
            $0.every.contains(inputs.period.kind) && $0.head.state != .shadow
        }
        guard !rules.isEmpty else { return [] }
        let facts = Self.net(inputs.facts)
        var effects: [Effect] = []
        for rule in rules {
            let parameters = storage.parameters(on: inputs.period.last)
            let done = facts.filter {
                $0.type == rule.factType && rule.filter?.holds($0, parameters: parameters) ?? true
            }
            for instance in instances(rule, facts, scheme) {
                let missing = required(rule, instance) - inTime(rule, instance, done, parameters)
                for number in 0..<max(0, missing) {
                    let finding = finding(rule, instance, number, scheme)
                    effects.append(.finding(waived(finding, instance.word)))
                }
            }
        }
        return effects
    }

    /// Facts without reversals and what they undo.
    static func net(_ facts: [Fact]) -> [Fact] {
        let undone = Set(facts.compactMap(\.reverses))
        return facts.filter { $0.sign > 0 && !undone.contains($0.id) }.sorted { $0.id < $1.id }
    }

    private mutating func instances(_ rule: ObligationRule, _ facts: [Fact], _ scheme: Scheme) -> [Instance] {
        switch rule.due {
        case .on(let day):
            guard falls(rule.deadline, after: day) else { return [] }
            return [Instance(first: scheme.effectiveFrom, last: day, key: day.description, about: nil) { _ in nil }]
        case .every(let rhythm):
            guard let items = rule.items else {
                return spans(rhythm, rule, scheme).map {
                    Instance(first: $0, last: $1, key: $0.description, about: nil) { _ in nil }
                }
            }
            return itemInstances(rule, items, scheme) { _ in rhythm }
        case .fact(let type):
            return facts.filter { $0.type == type && falls(rule.deadline, after: rule.day(of: $0)) }.map { fact in
                Instance(
                    first: rule.day(of: fact), last: rule.day(of: fact), key: fact.id.description, about: fact.customer,
                    word: fact.word)
            }
        case .chosen(let slot):
            guard let items = rule.items else { return [] }
            return itemInstances(rule, items, scheme) { evaluator in
                evaluator.frame[slot].asString.flatMap { Rhythm($0) }
            }
        }
    }

    private mutating func itemInstances(
        _ rule: ObligationRule, _ items: ItemList, _ scheme: Scheme, _ rhythm: (Evaluator) -> Rhythm?
    ) -> [Instance] {
        var found: [Instance] = []
        forEach(items) { evaluator, item in
            guard let rhythm = rhythm(evaluator) else { return }
            let since = item.context["since"]?.asDate.map { CalendarDate(dayNumber: Int32(clamping: $0.daysSince1970)) }
            for (first, last) in evaluator.spans(rhythm, rule, scheme, since: since) where (since ?? first) <= first {
                found.append(
                    Instance(
                        first: first, last: last, key: "\(first)#\(item.key)", about: item.key, word: item.word))
            }
        }
        return found
    }

    private func falls(_ deadline: Deadline, after day: CalendarDate) -> Bool {
        let date = deadline.date(after: day, inputs.calendar)
        return dueSpan.map { $0.contains(date) } ?? inputs.period.contains(date)
    }

    /// The spans of a rhythm whose deadline lies in the period and that begin when the rule was in force.
    private func spans(
        _ rhythm: Rhythm, _ rule: ObligationRule, _ scheme: Scheme, since: CalendarDate? = nil
    ) -> [(first: CalendarDate, last: CalendarDate)] {
        let from = (dueSpan?.lowerBound ?? inputs.period.first).adding(days: -rule.deadline.reach)
        let through = dueSpan?.upperBound ?? inputs.period.last
        let start = max(scheme.effectiveFrom, service.from, since ?? .earliest)
        let spans = rhythm.spans(from: from, through: through, counting: start, inputs.calendar)
        return spans.filter { span in
            guard span.first >= scheme.effectiveFrom, falls(rule.deadline, after: span.last) else { return false }
            if rule.proration != nil { return service.from <= span.last && span.first <= service.through }
            return service.from <= span.first && span.last <= service.through
        }
    }

    /// How many are due: all of them, or as many as belong to the part of the span that was served, rounded half up.
    private func required(_ rule: ObligationRule, _ instance: Instance) -> Int {
        guard let proration = rule.proration else { return rule.atLeast }
        let share = served(proration, instance.first, instance.last).share
        return Int((Decimal128(rule.atLeast) * share).units(scale: 0, rounding: .halfUp) ?? 0)
    }

    /// How many were done in time; all that are due when one of them is waived.
    private func inTime(
        _ rule: ObligationRule, _ instance: Instance, _ facts: [Fact], _ parameters: [Value]
    ) -> Int {
        let deadline = rule.deadline.moment(after: instance.last, inputs.calendar)
        let own = facts.filter { fact in
            guard rule.same.allSatisfy({ fact.word($0) == instance.word($0) }) else { return false }
            if let attribute = rule.instance {
                guard case .text(let text)? = fact.attributes[attribute], let period = Period(text),
                    instance.first <= period.first, period.first <= instance.last
                else { return false }
            } else if !rule.isDuePerFact, !(instance.first...instance.last).contains(fact.businessDate) {
                return false
            }
            return true
        }
        if own.contains(where: { rule.waived?.holds($0, parameters: parameters) == true }) { return rule.atLeast }
        return own.count { $0.occurredAt <= deadline }
    }

    private func finding(
        _ rule: ObligationRule, _ instance: Instance, _ number: Int, _ scheme: Scheme
    ) -> Finding {
        let amount = rule.head.state == .unpaid ? nil : rule.amount?.evaluate(frame).asNumber
        let date = rule.deadline.date(after: instance.last, inputs.calendar)
        let span = instance.first == instance.last ? "\(instance.first)" : "\(instance.first)–\(instance.last)"
        let about = [span, instance.about].compactMap { $0 }.joined(separator: ", ")
        let title = rule.head.title
        return Finding(
            id: DeterministicID.make(
                "finding", scheme.id, rule.head.name, inputs.subject.description,
                number == 0 ? instance.key : "\(instance.key)#\(number + 1)"),
            subject: inputs.subject, element: rule.head.name, rule: rule.head.clause.rule,
            clause: rule.head.clause.text, date: date, period: Period(scheme.basePeriod, containing: date),
            amount: amount.flatMap { Money(exact: $0, scheme.currency) }, fund: rule.fund, fact: nil,
            text: BilingualText(zh: "\(title.zh)（\(about)）", en: "\(title.en) (\(about))"))
    }
}

extension Evaluator {
    /// Reminders of what is due and not met yet, sent on the days that lie in the period after this one.
    mutating func reminders(_ scheme: Scheme) -> [Effect] {
        let plans = storage.notices.filter { plan in
            guard case .period(inputs.period.kind) = plan.notice.trigger else { return false }
            return plan.reminder != nil && plan.state != .shadow
        }
        guard !plans.isEmpty else { return [] }
        let facts = Self.net(inputs.facts.filter { $0.businessDate <= inputs.period.last })
        dueSpan = inputs.period.last.adding(days: -100)...inputs.period.last.adding(days: 130)
        defer { dueSpan = nil }
        return plans.flatMap { reminders($0, facts, scheme) }
    }

    private mutating func reminders(_ plan: NoticePlan, _ facts: [Fact], _ scheme: Scheme) -> [Effect] {
        guard let reminder = plan.reminder,
            let rule = storage.obligations.first(where: { $0.head.name == reminder.obligation })
        else { return [] }
        let parameters = storage.parameters(on: inputs.period.last)
        let done = facts.filter {
            $0.type == rule.factType && rule.filter?.holds($0, parameters: parameters) ?? true
        }
        let next = inputs.period.next
        return instances(rule, facts, scheme).flatMap { instance -> [Effect] in
            guard inTime(rule, instance, done, parameters) < required(rule, instance) else { return [] }
            let deadline = rule.deadline.date(after: instance.last, inputs.calendar)
            return reminder.offsets.compactMap { offset in
                let day = Deadline(after: offset, at: plan.by, rolls: false).date(after: deadline, inputs.calendar)
                guard next.contains(day) else { return nil }
                return .notice(notice(plan, instance, deadline, on: day, scheme))
            }
        }
    }

    private func notice(
        _ plan: NoticePlan, _ instance: Instance, _ deadline: CalendarDate, on day: CalendarDate, _ scheme: Scheme
    ) -> NoticeRequest {
        let rule = plan.notice
        var values = [
            "manager": inputs.subject.id, "period": inputs.period.description, "deadline": deadline.description,
        ]
        values["item"] = instance.about
        return NoticeRequest(
            id: DeterministicID.make(
                "reminder", scheme.id, rule.name, inputs.subject.description, instance.key, day.description),
            subject: inputs.subject, notice: rule.name, rule: rule.rule, clause: rule.clause, audience: rule.audience,
            channels: rule.channels, values: values, rows: [],
            dueAt: Timestamp(startOf: day).adding(seconds: plan.by.seconds))
    }
}

extension ObligationRule {
    /// The day from which the deadline of what is due for a fact is counted.
    func day(of fact: Fact) -> CalendarDate {
        anchor.flatMap { fact.word($0) }.flatMap { CalendarDate($0) } ?? fact.businessDate
    }

    var isDuePerFact: Bool {
        if case .fact = due { true } else { false }
    }
}

extension Cadence {
    /// The spans that end between two days, in order.
    func spans(
        from first: CalendarDate, through last: CalendarDate, _ calendar: WorkCalendar
    ) -> [(first: CalendarDate, last: CalendarDate)] {
        switch self {
        case .workingDay: calendar.workingDays(from: first, through: last).map { ($0, $0) }
        case .day: Self.periods(.day, first, last)
        case .week: Self.periods(.week, first, last)
        case .month: Self.periods(.month, first, last)
        case .quarter: Self.periods(.quarter, first, last)
        case .year: Self.periods(.year, first, last)
        case .halfMonth: Self.parts([1, 16], closing: nil, first, last)
        case .quarterOfMonth: Self.parts([1, 8, 15, 22], closing: 28, first, last)
        }
    }

    private static func periods(
        _ kind: Period.Kind, _ first: CalendarDate, _ last: CalendarDate
    ) -> [(first: CalendarDate, last: CalendarDate)] {
        var spans: [(first: CalendarDate, last: CalendarDate)] = []
        var period = Period(kind, containing: first)
        while period.last <= last {
            if period.last >= first { spans.append((period.first, period.last)) }
            period = period.next
        }
        return spans
    }

    /// Parts of each month that begin on given days; the last ends on `closing` or with the month.
    private static func parts(
        _ starts: [Int], closing: Int?, _ first: CalendarDate, _ last: CalendarDate
    ) -> [(first: CalendarDate, last: CalendarDate)] {
        var spans: [(first: CalendarDate, last: CalendarDate)] = []
        var month = Period(.month, containing: first)
        while month.first <= last {
            for (index, start) in starts.enumerated() {
                let begin = month.first.adding(days: start - 1)
                let next = index + 1 < starts.count ? month.first.adding(days: starts[index + 1] - 2) : nil
                let end = next ?? closing.map { month.first.adding(days: $0 - 1) } ?? month.last
                if first <= end, end <= last { spans.append((begin, end)) }
            }
            month = month.next
        }
        return spans
    }
}
