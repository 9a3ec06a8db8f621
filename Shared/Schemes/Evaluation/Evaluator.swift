import Domain
import FEEL

/// Computes the figures of one subject for one period, slot by slot.
struct Evaluator {
    let storage: SchemeStorage
    let inputs: SubjectInputs
    let tracing: Bool
    var frame: [Value]
    var gaps: [Gap] = []
    var nodes: [TraceNode] = []
    /// The table whose column was computed last in the run of slots under way, with the rows that hold: its inputs
    /// cannot change before its other columns.
    private var matched: (plan: TablePlan, rows: [Int])?
    /// The deadlines that are looked at, when they are others than those of the period.
    var dueSpan: ClosedRange<CalendarDate>?
    /// The waivers granted up to the period's last day.
    var grants: [Grant] = []

    init(_ storage: SchemeStorage, _ inputs: SubjectInputs, tracing: Bool) {
        self.storage = storage
        self.inputs = inputs
        self.tracing = tracing
        frame = [Value](repeating: .null, count: storage.frameSize)
        frame[FixedSlot.periodStart] = Value(day: inputs.period.first)
        frame[FixedSlot.periodEnd] = Value(day: inputs.period.last)
        for (shape, slot) in storage.profileSlots {
            frame[slot] = shape.form.value(inputs.profile[shape.name])
        }
        let day = inputs.period.last
        for slot in storage.parameterSlots {
            if case .parameter(let values) = storage.figure(slot).work { frame[slot] = values.value(on: day) }
        }
    }

    var covered: Bool {
        guard let covers = storage.covers else { return true }
        return covers.evaluate(frame).asBoolean == true
    }

    mutating func compute(_ slots: [Int]) {
        matched = nil
        defer { matched = nil }
        for slot in slots {
            let figure = storage.figures[storage.figureOfSlot[slot]]
            compute(figure, slot)
            if tracing { nodes.append(node(figure)) }
        }
    }

    private mutating func compute(_ figure: Figure, _ slot: Int) {
        switch figure.work {
        case .formula(let formula): frame[slot] = formula.evaluate(frame)
        case .measure(let plan): frame[slot] = measure(plan)
        case .results(let plan): frame[slot] = results(plan)
        case .table(let plan, let column): frame[slot] = table(plan, column, figure)
        case .decision(let plan): frame[slot] = plan.value(frame)
        case .indicator(let plan): frame[slot] = indicator(plan, figure)
        case .scorecard(let plan): frame[slot] = scorecard(plan)
        case .ladder(let plan): frame[slot] = ladder(plan)
        case .reserve(let plan, let part): frame[slot] = reserve(plan, part)
        case .waiver(let place): frame[slot] = .boolean(!granted(place).isEmpty)
        case .ladderPart(let ladder, let part):
            guard case .ladder(let plan) = storage.figure(ladder).work else { break }
            frame[slot] = part == .since ? heldSince(plan) : plan.part(part, of: frame[ladder])
        case .served(let proration): frame[slot] = .number(served(proration).share)
        case .parameter, .comparison, .given: break
        }
    }

    private mutating func table(_ plan: TablePlan, _ column: Int, _ figure: Figure) -> Value {
        if let items = plan.items { return table(plan, for: items, column, figure) }
        let matched = rowsOnce(of: plan)
        if matched.isEmpty, column == 0, plan.hit != .collect { reportNoRow(figure, "") }
        return plan.value(column: column, rows: matched, frame)
    }

    private mutating func rowsOnce(of plan: TablePlan) -> [Int] {
        if let matched, matched.plan === plan { return matched.rows }
        let rows = plan.matches(frame, on: inputs.period.last)
        matched = (plan, rows)
        return rows
    }

    mutating func reportNoRow(_ figure: Figure, _ about: String) {
        report(.noRow, figure, zh: "没有适用的行\(about)", en: "no row applies\(about)")
    }

    private mutating func indicator(_ plan: IndicatorPlan, _ figure: Figure) -> Value {
        let actual = plan.actual.evaluate(frame)
        frame[FixedSlot.actual] = actual
        frame[FixedSlot.target] = .null
        frame[FixedSlot.ratio] = .null
        if actual.isNull {
            report(.missingActual, figure, zh: "缺少实绩", en: "no actual value")
            return plan.missing == .zero ? 0 : .null
        }
        if let target = plan.target {
            guard let value = target.evaluate(frame).asNumber else {
                report(.missingTarget, figure, zh: "缺少目标，权重按比例分摊", en: "no target, its weight is shared out")
                return .null
            }
            frame[FixedSlot.target] = .number(value)
            frame[FixedSlot.ratio] = plan.ratio(actual.asNumber, value)
        }
        return bounded(plan.raw(frame), plan.floor, plan.cap)
    }

    func bounded(_ value: Value, _ floor: Formula?, _ cap: Formula?) -> Value {
        guard var number = value.asNumber else { return value }
        if let low = floor?.evaluate(frame).asNumber, number < low { number = low }
        if let high = cap?.evaluate(frame).asNumber, number > high { number = high }
        return .number(number)
    }

    private mutating func report(_ kind: Gap.Kind, _ figure: Figure, zh: String, en: String) {
        gaps.append(
            Gap(
                kind: kind, rule: figure.clause.rule, figure: figure.name,
                text: BilingualText(zh: "\(figure.title.zh)：\(zh)", en: "\(figure.title.en): \(en)")))
    }

    private func scorecard(_ plan: ScorecardPlan) -> Value {
        var total = Decimal128.zero
        var weights = Decimal128.zero
        var parts = 0
        for part in plan.parts {
            guard let value = frame[part.slot].asNumber else { continue }
            parts += 1
            guard let weight = part.weight?.evaluate(frame).asNumber else {
                total += value
                continue
            }
            total += value * weight
            weights += weight
        }
        guard parts > 0 else { return .null }
        switch plan.combine {
        case .sum: break
        case .average: total = total / Decimal128(parts)
        case .weighted:
            guard !weights.isZero else { return .null }
            if weights != .one { total = total / weights }
        }
        return bounded(.number(total), plan.floor, plan.cap)
    }

    private func ladder(_ plan: LadderPlan) -> Value {
        let day = inputs.period.last
        var current: GradeHold?
        for hold in inputs.grades where hold.ladder == plan.name && hold.from <= day {
            if let known = current, known.from > hold.from { continue }
            current = hold
        }
        if let current { return .string(plan.canonical(current.grade)) }
        if let grade = plan.entryGrade { return .string(grade) }
        return plan.entry?.evaluate(frame) ?? .null
    }

    /// The first day of the last run of the same grade; for the entry grade, the day of the appointment.
    private func heldSince(_ plan: LadderPlan) -> Value {
        var run: GradeHold?
        for hold in inputs.grades.filter({ $0.ladder == plan.name && $0.from <= inputs.period.last })
            .sorted(by: { $0.from < $1.from })
        where plan.canonical(hold.grade) != run.map({ plan.canonical($0.grade) }) { run = hold }
        if let run { return Value(day: run.from) }
        if case .text(let text)? = inputs.profile["appointed"] {
            return CalendarDate(text).map(Value.init(day:)) ?? .null
        }
        return .null
    }

    private func results(_ plan: ResultsPlan) -> Value {
        let periods: [Period] =
            switch plan.window {
            case .parts(let kind): inputs.period.parts(kind)
            case .before(let count): (1...count).reversed().map { inputs.period.shifted(by: -$0) }
            }
        let unit = storage.figures.first { $0.name == plan.figure }?.unit ?? ""
        var values: [Value] = []
        for period in periods {
            guard let result = inputs.prior.first(where: { $0.period == period }) else { continue }
            guard let text = result.figures[plan.figure] else { continue }
            values.append(Value(published: text, unit: unit))
        }
        let numbers = values.compactMap(\.asNumber)
        switch plan.take {
        case .list: return .list(values)
        case .last: return values.last ?? .null
        case .count: return .number(values.count)
        case .sum: return .number(numbers.reduce(.zero, +))
        case .mean: return numbers.isEmpty ? .null : .number(numbers.reduce(.zero, +) / Decimal128(numbers.count))
        case .highest: return numbers.max().map(Value.number) ?? .null
        case .lowest: return numbers.min().map(Value.number) ?? .null
        }
    }
}

extension Value {
    /// A figure as its unit says it is written in events and in the store.
    init(published text: String?, unit: String) {
        guard let text else {
            self = .null
            return
        }
        switch unit {
        case "text": self = .string(text)
        case "yes or no": self = .boolean(text == "true")
        case "date": self = CalendarDate(text).map(Value.init(day:)) ?? .null
        default: self = Decimal128(text).map(Value.number) ?? .string(text)
        }
    }
}
