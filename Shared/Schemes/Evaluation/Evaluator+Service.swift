import Domain
import FEEL

extension Evaluator {
    /// The days in office: from the profile's `appointed` to its `left`, both included.
    var service: (from: CalendarDate, through: CalendarDate) {
        func day(_ name: String) -> CalendarDate? {
            if case .text(let text)? = inputs.profile[name] { CalendarDate(text) } else { nil }
        }
        return (day("appointed") ?? .earliest, day("left") ?? .latest)
    }

    /// The part of the evaluated period that the person served.
    func served(_ proration: Proration) -> (share: Decimal128, text: String) {
        served(proration, inputs.period.first, inputs.period.last)
    }

    /// The part of a span that the person served, with how it was counted.
    func served(
        _ proration: Proration, _ first: CalendarDate, _ last: CalendarDate
    ) -> (share: Decimal128, text: String) {
        let (from, through) = (max(service.from, first), min(service.through, last))
        let whole = units(proration, first, last, first, last)
        let part = from <= through ? units(proration, from, through, first, last) : 0
        guard whole > 0 else { return (.zero, "") }
        return (Decimal128(part) / Decimal128(whole), "\(part) / \(whole) (\(max(from, first))–\(through))")
    }

    private func units(
        _ proration: Proration, _ from: CalendarDate, _ through: CalendarDate, _ first: CalendarDate,
        _ last: CalendarDate
    ) -> Int {
        switch proration {
        case .calendarDays: return through.days(since: from) + 1
        case .workingDays: return inputs.calendar.workingDays(from: from, through: through).count
        case .wholeMonths, .monthsBegun:
            var months = 0
            var month = Period(.month, containing: first)
            while month.first <= last {
                let (start, end) = (max(month.first, first), min(month.last, last))
                let isWhole = from <= start && end <= through
                let isBegun = from <= end && start <= through
                if proration == .wholeMonths ? isWhole : isBegun { months += 1 }
                month = month.next
            }
            return months
        }
    }

    /// The first rule that leaves the person out; the figures it needs are computed on the way.
    mutating func exclusion() -> ExclusionRule? {
        for rule in storage.exclusions {
            compute(rule.steps)
            if rule.when.evaluate(frame).asBoolean == true { return rule }
        }
        return nil
    }

    /// The result of a person whom a rule leaves out: no figure but the reason, which is reported.
    func excluded(by rule: ExclusionRule, _ scheme: Scheme) -> Schemes.Evaluation {
        let gap = Gap(kind: .excluded, rule: rule.head.clause.rule, figure: rule.head.name, text: rule.head.title)
        var node = TraceNode(
            figure: "excluded", title: rule.head.title, kind: "exclusion", formula: rule.when.text,
            filled: rule.when.filled(frame), value: rule.head.name, unit: "text", rule: rule.head.clause.rule,
            clause: rule.head.clause.text, inputs: [], sources: [])
        node.inputs = rule.when.reads.map { slot in
            TraceInput(name: storage.names.all[slot], value: frame[slot].isNull ? "" : frame[slot].text)
        }
        return Evaluation(
            period: inputs.period, applies: true,
            figures: [FigureValue(name: "excluded", value: .string(rule.head.name), unit: "text")], score: nil,
            grade: nil, effects: [], gaps: [gap],
            trace: tracing
                ? scheme.trace(inputs.subject, inputs.period, inputs.cut, nodes + [node]) : nil)
    }
}
