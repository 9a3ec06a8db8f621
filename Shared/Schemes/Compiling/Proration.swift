import Domain

/// How the part of a period that a person served is counted.
enum Proration: String, CaseIterable, Sendable {
    case calendarDays = "calendar days"
    case workingDays = "working days"
    /// Only months that were served from the first day to the last.
    case wholeMonths = "whole months"
    /// Every month in which at least one day was served.
    case monthsBegun = "months begun"

    /// The name of the figure that holds the share.
    var figure: String { "share served in \(rawValue)" }

    var title: BilingualText {
        let zh =
            switch self {
            case .calendarDays: "在岗比例（按日历天数）"
            case .workingDays: "在岗比例（按工作日）"
            case .wholeMonths: "在岗比例（按整月）"
            case .monthsBegun: "在岗比例（按当月在岗）"
            }
        return BilingualText(zh: zh, en: "Share of the period served, in \(rawValue)")
    }
}

extension SchemeCompiler {
    /// A figure for the share of the period, once for each convention that the scheme uses.
    func allocateServed(_ head: ElementHead) {
        guard head.kind != .obligation, head.fields.has("prorate"), let word = head.fields.text("prorate"),
            let proration = Proration(rawValue: word.text), slots[proration.figure] == nil
        else { return }
        let slot = addSlot(proration.figure)
        slots[proration.figure] = slot
        figures[slot] = Figure(
            slot: slot, name: proration.figure, title: proration.title, clause: head.clause, kind: "proration",
            unit: "ratio", place: head.name.place, state: .active, subject: head.subject, every: [],
            work: .served(proration), reads: [])
    }

    /// A formula, times the share of the period that the person served when the element says how to count it.
    func prorated(_ fields: Fields, _ key: String, isRequired: Bool = false) -> Formula? {
        guard let proration = fields.choice("prorate", Proration.self) else {
            return isRequired ? requiredFormula(fields, key) : formula(fields, key)
        }
        guard let source = isRequired ? fields.required(key) : fields.text(key) else { return nil }
        return formula(Located(text: "(\(source.text)) * \(proration.figure)", place: source.place))
    }
}
