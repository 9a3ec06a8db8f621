import Domain
import FEEL

extension SchemeCompiler {
    func compileParameters() {
        for head in heads where head.kind == .parameter {
            define(head, .parameter(datedValues(head)), reads: [])
            if let slot = slots[Names.normalised(head.name.text)] { storage.parameterSlots.append(slot) }
        }
    }

    private func datedValues(_ head: ElementHead) -> [DatedValue] {
        let fields = head.fields
        if fields.has("value") {
            guard let text = fields.text("value"), let value = value(text, unit: head.unit) else { return [] }
            return [DatedValue(from: .earliest, value: value)]
        }
        let list = fields.list("values")
        if list.isEmpty {
            faults.report(
                .missing, at: fields.place, "the parameter `\(head.name.text)` has no value", "add `value: …`")
        }
        return list.compactMap { entry -> DatedValue? in
            defer { entry.finish() }
            guard let date = SchemeHeader.date(entry, "from"), let text = entry.required("value"),
                let value = value(text, unit: head.unit)
            else { return nil }
            return DatedValue(from: date, value: value)
        }.sorted { $0.from < $1.from }
    }

    private func value(_ text: Located, unit: String?) -> Value? {
        switch unit {
        case "text": return .string(text.text)
        case "yes or no": return .boolean(text.text == "true" || text.text == "yes")
        case "time":
            if let time = TimeOfDay(text.text) { return Value(timeOfDay: time.seconds * 1_000_000) }
        case "date":
            if let date = CalendarDate(text.text) { return Value(day: date) }
        default:
            if let number = Decimal128(text.text) { return .number(number) }
        }
        faults.report(
            .wrongForm, at: text.place, "`\(text.text)` is not a value in \(unit ?? "numbers")",
            "write the number without separators, or declare another `unit`")
        return nil
    }

    func compileFigures() {
        for head in heads {
            switch head.kind {
            case .figure:
                if let formula = prorated(head.fields, "formula", isRequired: true) {
                    define(head, .formula(formula), reads: formula.reads)
                }
            case .measure: compileMeasure(head)
            case .table: compileTable(head)
            case .indicator: compileIndicator(head)
            case .scorecard: compileScorecard(head)
            case .ladder: compileLadder(head)
            case .comparison: compileComparison(head)
            default: break
            }
        }
    }

    private func compileMeasure(_ head: ElementHead) {
        if head.fields.has("results") { return compileResults(head) }
        let fields = head.fields
        let shapes = shapes(fields.texts("fact"))
        if shapes.isEmpty {
            faults.report(.missing, at: fields.place, "the measure reads no fact", "add `fact: …`")
        }
        let take = fields.choice("take", MeasurePlan.Take.self) ?? .sum
        let per = grouping(fields, shapes)
        let present = fields.has("present") ? fields.text("present").flatMap(slot) : nil
        let among = fields.has("among") ? fields.text("among").flatMap(slot) : nil
        let byCustomer = take == .customers || (take == .highest && among != nil)
        let request = SeriesRequest(
            factTypes: shapes.map(\.type).sorted(),
            filter: factFormula(fields, "where", shapes, parameters: false),
            value: factFormula(fields, "value", shapes, parameters: false),
            groups: per.isEmpty && byCustomer ? ["customer"] : per,
            needsOrder: take == .last || take == .least || take == .greatest)
        guard let windowText = fields.required("window") else { return }
        guard let window = MeasureWindow(windowText.text) else {
            faults.report(
                .unknownChoice, at: windowText.place, "`\(windowText.text)` is not a window",
                "use day, week, month, quarter, year, previous …, before this …, to date or appointment")
            return
        }
        let plan = MeasurePlan(
            take: take, window: window, per: per, series: request, presentSlot: present,
            amongSlot: among)
        define(head, .measure(plan), reads: [among].compactMap { $0 })
    }

    /// What a list is kept by: the customer, or attributes that all facts have.
    private func grouping(_ fields: Fields, _ shapes: [FactShape]) -> [String] {
        guard fields.has("per") else { return [] }
        return fields.texts("per").map { name in
            for shape in shapes where name.text != "customer" {
                let known = shape.attributes.map(\.name)
                guard !known.contains(name.text) else { continue }
                faults.report(
                    .unknownName, at: name.place, "`\(shape.type)` has no attribute `\(name.text)`",
                    nearest(name.text, in: known + ["customer"]))
            }
            return name.text
        }
    }

    private func compileResults(_ head: ElementHead) {
        let fields = head.fields
        guard let name = fields.text("results"), slot(name) != nil, let window = fields.required("window") else {
            return
        }
        guard let span = resultsWindow(window.text) else {
            faults.report(
                .unknownChoice, at: window.place, "`\(window.text)` is not a window of results",
                "write `months of the quarter` or `2 quarters before`")
            return
        }
        let plan = ResultsPlan(
            figure: Names.normalised(name.text), take: fields.choice("take", ResultsPlan.Take.self) ?? .list,
            window: span)
        define(head, .results(plan), reads: [])
    }

    private func resultsWindow(_ text: String) -> ResultsPlan.Window? {
        let words = text.split(separator: " ").map(String.init)
        func kind(_ word: String) -> Period.Kind? {
            Period.Kind(rawValue: word.hasSuffix("s") ? String(word.dropLast()) : word)
        }
        if words.count == 4, words[1] == "of", words[2] == "the", let part = kind(words[0]) { return .parts(part) }
        if words.count == 3, words[2] == "before", let count = Int(words[0]), count > 0, kind(words[1]) != nil {
            return .before(count)
        }
        return nil
    }

    private func compileScorecard(_ head: ElementHead) {
        let fields = head.fields
        let combine = fields.choice("combine", ScorecardPlan.Combination.self) ?? .weighted
        var parts: [(slot: Int, weight: Formula?)] = []
        for name in fields.texts("of") {
            guard let slot = slot(name), !isShadow(name) else { continue }
            parts.append((slot, combine == .weighted ? weight(of: name) : nil))
        }
        let plan = ScorecardPlan(
            parts: parts, combine: combine, floor: formula(fields, "floor"), cap: formula(fields, "cap"))
        let formulas = parts.compactMap(\.weight) + [plan.floor, plan.cap].compactMap { $0 }
        define(head, .scorecard(plan), reads: parts.map(\.slot) + formulas.flatMap(\.reads))
    }

    /// What is only tried out is calculated and counts for nothing.
    private func isShadow(_ name: Located) -> Bool {
        heads.contains { head in
            head.kind == .indicator && head.state == .shadow
                && Names.normalised(head.name.text) == Names.normalised(name.text)
        }
    }

    /// The weight that an indicator or a section declares: a percentage or a formula.
    func weight(of name: Located) -> Formula? {
        let part = heads.first { $0.kind.isFigure && Names.normalised($0.name.text) == Names.normalised(name.text) }
        guard let text = part?.fields.text("weight") else {
            faults.report(
                .missing, at: name.place, "`\(name.text)` has no weight", "add `weight: 40 %` to its definition")
            return nil
        }
        return share(text)
    }

    /// A part of a whole: a percentage or a formula.
    func share(_ text: Located) -> Formula? {
        let trimmed = text.text.filter { $0 != " " }
        guard trimmed.hasSuffix("%") else { return formula(text) }
        let share = Decimal128(String(trimmed.dropLast())).map { ($0 / 100).text } ?? "\(trimmed.dropLast()) / 100"
        return formula(Located(text: share, place: text.place))
    }

    private func compileComparison(_ head: ElementHead) {
        let fields = head.fields
        guard let of = fields.required("of").flatMap(slot) else { return }
        let plan = ComparisonPlan(
            of: of, take: fields.choice("take", ComparisonPlan.Take.self) ?? .rank,
            among: among(fields),
            lowestFirst: fields.choice("first", First.self) == .lowest)
        var reads = [of]
        if case .sharing(let slot) = plan.among { reads.append(slot) }
        define(head, .comparison(plan), reads: reads)
    }

    /// `everyone`, `unit`, or the figure or attribute of the profile that people share.
    private func among(_ fields: Fields) -> ComparisonPlan.Among {
        guard let text = fields.text("among"), text.text != "everyone" else { return .everyone }
        if text.text == "unit" { return .unit }
        return slot(text).map(ComparisonPlan.Among.sharing) ?? .everyone
    }

    enum First: String, CaseIterable { case highest, lowest }
}
