import Domain
import FEEL

/// What a ladder says about a person beside the grade with its step.
enum LadderPart: String, CaseIterable, Sendable {
    /// Counted from the lowest, from one.
    case place
    /// Without the step.
    case grade
    case step
    /// The day since which the grade in force has been held without a break.
    case since

    var unit: String {
        switch self {
        case .place: "rank"
        case .grade, .step: "text"
        case .since: "date"
        }
    }
}

extension LadderPlan {
    /// The grade that a text names, by its own name or another.
    func canonical(_ grade: String) -> String { aliases[grade] ?? grade }

    /// The grade that a formula asks for: its name, or its place counted from the lowest.
    func grade(_ value: Value) -> String? {
        if let name = value.asString {
            let grade = canonical(name)
            return grades.contains(grade) ? grade : nil
        }
        guard let place = value.asNumber?.int64(rounding: .floor), !grades.isEmpty else { return nil }
        return grades[Int(min(max(place, 1), Int64(grades.count))) - 1]
    }

    func part(_ part: LadderPart, of held: Value) -> Value {
        guard let grade = held.asString, let index = grades.firstIndex(of: canonical(grade)) else { return .null }
        guard !steps.isEmpty else { return part == .place ? .number(index + 1) : part == .grade ? held : .null }
        let step = steps[index % steps.count]
        switch part {
        case .place: return .number(index + 1)
        case .grade: return .string(String(grades[index].dropLast(step.count)))
        case .step: return .string(step)
        case .since: return .null
        }
    }
}

extension GradingRule {
    /// The grade asked for, no more places from the one held than the rule lets a person move at once.
    func target(_ ladder: LadderPlan, _ frame: [Value]) -> String? {
        guard let wish = ladder.grade(grade.evaluate(frame)) else { return nil }
        guard let held = frame[ladderSlot].asString.flatMap({ ladder.grades.firstIndex(of: $0) }),
            let place = ladder.grades.firstIndex(of: wish)
        else { return wish }
        let highest = up.map { held + $0 } ?? place
        let lowest = down.map { held - $0 } ?? place
        return ladder.grades[max(min(place, highest), min(lowest, held))]
    }
}

extension SchemeCompiler {
    func compileLadder(_ head: ElementHead) {
        let fields = head.fields
        let steps = fields.texts("steps").map(\.text)
        let names = fields.texts("grades").map(\.text)
        let grades = steps.isEmpty ? names : names.flatMap { name in steps.map { name + $0 } }
        var aliases: [String: String] = [:]
        if let others = fields.fields("aliases") {
            for key in others.keys {
                guard let grade = others.text(key.text) else { continue }
                aliases[key.text] = grade.text
                if !grades.contains(grade.text) { reportNoGrade(grade, grades) }
            }
        }
        let entryText = fields.required("entry")
        let isGrade = entryText.map { grades.contains($0.text) } ?? false
        let entry = isGrade ? nil : formula(entryText)
        let plan = LadderPlan(
            name: Names.normalised(head.name.text), grades: grades, steps: steps, aliases: aliases, entry: entry,
            entryGrade: isGrade ? entryText?.text : nil,
            startsWith: fields.choice("changes start with", Period.Kind.self) ?? header.basePeriod)
        define(head, .ladder(plan), reads: entry?.reads ?? [], unit: "text")
        guard let slot = slots[plan.name] else { return }
        for (part, name) in ladderParts(head) {
            define(head, name: name.text, .ladderPart(slot, part), reads: [slot], unit: part.unit)
        }
    }

    private func reportNoGrade(_ grade: Located, _ grades: [String]) {
        faults.report(
            .unknownChoice, at: grade.place, "`\(grade.text)` is not a grade of the ladder",
            "use one of \(grades.joined(separator: ", "))")
    }

    /// The names that a ladder's key `gives` has for the place, the grade, the step held, and since when.
    func ladderParts(_ head: ElementHead) -> [(part: LadderPart, name: Located)] {
        guard let gives = head.fields.fields("gives") else { return [] }
        defer { gives.finish() }
        return LadderPart.allCases.compactMap { part in
            gives.has(part.rawValue) ? gives.text(part.rawValue).map { (part, $0) } : nil
        }
    }
}
