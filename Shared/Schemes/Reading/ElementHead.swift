import Domain

/// The kinds of element a chapter may hold; the key that names the element says its kind.
enum ElementKind: String, CaseIterable {
    case parameter, measure, figure, table, indicator, scorecard, ladder, grading, comparison
    case finding, liability, obligation, status, task, notice, allocation, pay, constraint, waiver, reserve, exclusion

    /// What the element's `state` may be; empty when it brings nothing about by itself.
    var states: [RuleState] {
        switch self {
        case .finding, .liability, .obligation, .task: RuleState.allCases
        case .status, .notice, .grading, .allocation, .indicator, .pay, .constraint, .exclusion,
            .waiver:
            [.active, .shadow]
        case .parameter, .measure, .figure, .table, .scorecard, .ladder, .comparison, .reserve: []
        }
    }

    /// Whether the element can be applied to each entry of a list.
    var takesItems: Bool { [.obligation, .finding, .task, .table].contains(self) }

    /// Whether the element's name can be used in formulas.
    var isFigure: Bool {
        switch self {
        case .parameter, .measure, .figure, .table, .indicator, .scorecard, .ladder, .comparison, .pay, .waiver,
            .reserve:
            true
        default: false
        }
    }
}

/// What every element has in common.
struct ElementHead {
    let kind: ElementKind
    let name: Located
    let title: BilingualText
    let clause: Clause
    let state: RuleState
    let subject: SubjectKind
    /// The periods at whose close the element is evaluated; empty when the document leaves it to the default.
    let every: Set<Period.Kind>
    let unit: String?
    let fields: Fields

    init?(_ fields: Fields, defaultSubject: SubjectKind) {
        let faults = fields.faults
        guard let key = fields.keys.first(where: { ElementKind(rawValue: $0.text) != nil }),
            let kind = ElementKind(rawValue: key.text), let name = fields.required(key.text)
        else {
            let kinds = ElementKind.allCases.map(\.rawValue).joined(separator: ", ")
            faults.report(.missing, at: fields.place, "the element has no kind", "begin it with one of \(kinds)")
            return nil
        }
        self.kind = kind
        self.name = name
        self.title = fields.bilingual("title") ?? BilingualText(zh: name.text, en: name.text)
        let text = fields.required("clause")?.text ?? ""
        let standsIn = fields.text("default")?.text
        self.clause = Clause(rule: String(text.prefix { $0 != " " }), text: text, standsIn: standsIn)
        self.state = Self.state(fields, kind)
        self.subject = fields.choice("subject", SubjectKind.self) ?? defaultSubject
        self.unit = fields.text("unit")?.text
        var every: Set<Period.Kind> = []
        for word in fields.texts("every") {
            if let period = Period.Kind(rawValue: word.text) {
                every.insert(period)
            } else {
                faults.report(
                    .unknownChoice, at: word.place, "`every` cannot be `\(word.text)`",
                    "use day, week, month, quarter or year")
            }
        }
        self.every = every
        self.fields = fields
    }

    private static func state(_ fields: Fields, _ kind: ElementKind) -> RuleState {
        guard !kind.states.isEmpty, let word = fields.text("state") else { return .active }
        if let state = RuleState(rawValue: word.text), kind.states.contains(state) { return state }
        let words = kind.states.map { "`\($0.rawValue)`" }.joined(separator: ", ")
        fields.faults.report(
            .unknownChoice, at: word.place, "the `state` of a \(kind.rawValue) cannot be `\(word.text)`",
            "use one of \(words)")
        return .active
    }
}
