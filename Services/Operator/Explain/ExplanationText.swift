import Domain
import Schemes
import ScoringCore

/// An explanation as a person reads it.
struct ExplanationText {
    let language: Language
    /// Facts shown of one figure; the rest is counted.
    let factLimit: Int
    /// Offsets differ from one run of the demonstration to the next, and few readers care.
    let showsCut: Bool
    private(set) var lines: [String] = []

    init(_ language: Language, factLimit: Int = 10, showsCut: Bool = false) {
        self.language = language
        self.showsCut = showsCut
        self.factLimit = factLimit
    }

    private func say(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }

    mutating func add(_ explanation: Explanation) {
        switch explanation.kind {
        case .statement: addStatement(explanation)
        case .payLine, .correction: addLine(explanation)
        default: addMatter(explanation)
        }
        if explanation.kind != .statement {
            addParts(explanation.parts)
        }
        addVerdict(explanation)
    }

    /// What a result brought about, a line each; a clause is said once for all that follow it.
    private mutating func addParts(_ parts: [Explanation]) {
        if !parts.isEmpty { lines.append("") }
        var clause: String?
        for part in parts {
            guard part.kind != .result else {
                addMatter(part)
                continue
            }
            if let own = part.clause, own != clause {
                lines.append(own)
                clause = own
            }
            let value = part.value.map { " = \($0)" } ?? ""
            let day = part.day.map { "\($0)  " } ?? ""
            lines.append("· \(kind(part.kind))  \(day)\(part.title.in(language))\(value)  \(part.id ?? "")")
        }
    }

    /// A result, finding, task, grade, status or notice.
    private mutating func addMatter(_ explanation: Explanation) {
        var head = [explanation.title.in(language)]
        if let value = explanation.value, explanation.kind != .result { head[0] += " = \(value)" }
        head.append(explanation.subject)
        if let period = explanation.period { head.append(period) }
        lines.append("\(kind(explanation.kind)): " + head.joined(separator: "  "))
        if let scheme = explanation.scheme {
            var origin = "\(scheme) v\(explanation.version ?? 0)"
            if let revision = explanation.revision { origin += "  \(say("修订", "revision")) \(revision)" }
            if showsCut, let cut = explanation.cut { origin += "  \(say("截至", "cut")) \(cut)" }
            lines.append(origin)
        }
        for property in explanation.properties { lines.append(text(property)) }
        if let clause = explanation.clause { lines.append("\(say("依据", "rule")): \(clause)") }
        add(explanation.facts, say("事实", "facts"), indent: 0)
        add(explanation.causes, say("修订原因", "revised because of"), indent: 0)
        for figure in explanation.figures {
            lines.append("")
            add(figure, indent: 0)
        }
        addGaps(explanation)
    }

    private mutating func addGaps(_ explanation: Explanation) {
        guard !explanation.gaps.isEmpty else { return }
        lines.append("")
        lines.append(say("缺少数据", "Lacking data") + ":")
        for gap in explanation.gaps {
            lines.append("  \(language == .zh ? gap.zh : gap.en)\(gap.rule.isEmpty ? "" : "  (\(gap.rule))")")
        }
    }

    private mutating func addStatement(_ explanation: Explanation) {
        lines.append("\(explanation.title.in(language))  \(explanation.subject)")
        explanation.parts.forEach { addLine($0) }
        for property in explanation.properties {
            lines.append(amount(property.value) + "  " + property.label.in(language))
        }
        addGaps(explanation)
    }

    private mutating func addLine(_ line: Explanation) {
        let correction =
            line.kind == .correction ? say("（更正 \(line.period ?? "")）", " (correction of \(line.period ?? ""))") : ""
        lines.append("\(amount(line.value ?? ""))  \(line.title.in(language))\(correction)")
        for property in line.properties { lines.append("              \(text(property))") }
        if let clause = line.clause { lines.append("              \(clause)") }
        for fact in line.facts { lines.append("              · \(text(fact))") }
        for figure in line.figures {
            lines.append("")
            add(figure, indent: 2)
        }
        if !line.figures.isEmpty { addGaps(line) }
    }

    private mutating func add(_ figure: ExplainedFigure, indent: Int) {
        let space = String(repeating: " ", count: indent)
        let value = figure.value.isEmpty ? say("无", "none") : short(figure.value)
        let unit = ["", "text", "yes or no", "date"].contains(figure.unit) ? "" : " \(figure.unit)"
        let above = figure.isRepeated ? say("（见上）", " (see above)") : ""
        lines.append("\(space)\(figure.title.in(language)) = \(value)\(unit)\(above)")
        guard !figure.isRepeated else { return }
        if !figure.filled.isEmpty, figure.filled != figure.value { lines.append("\(space)    = \(figure.filled)") }
        if !figure.formula.isEmpty, figure.formula != figure.filled { lines.append("\(space)    = \(figure.formula)") }
        if !figure.clause.isEmpty { lines.append("\(space)    \(say("依据", "rule")): \(figure.clause)") }
        add(figure.facts, say("事实", "facts"), indent: indent + 4)
        for part in figure.from { add(part, indent: indent + 2) }
    }

    private mutating func add(_ facts: [ExplainedFact], _ label: String, indent: Int) {
        guard !facts.isEmpty else { return }
        let space = String(repeating: " ", count: indent)
        lines.append("\(space)\(label): \(facts.count)")
        for fact in facts.prefix(factLimit) { lines.append("\(space)· \(text(fact))") }
        if facts.count > factLimit {
            lines.append("\(space)· " + say("另有 \(facts.count - factLimit) 条", "\(facts.count - factLimit) more"))
        }
    }

    private mutating func addVerdict(_ explanation: Explanation) {
        let differences = explanation.allDifferences
        guard !differences.isEmpty else {
            lines.append("")
            lines.append(say("重新计算：一致", "recomputed: same"))
            return
        }
        lines.append("")
        lines.append(say("重新计算：不一致", "recomputed: DIFFERENT"))
        for difference in differences {
            let none = say("无", "none")
            lines.append(
                "  \(difference.what): \(say("记录", "recorded")) \(shown(difference.recorded, none)), "
                    + "\(say("重算", "recomputed")) \(shown(difference.recomputed, none))")
        }
    }

    /// A long list by its first entries and their number; all of it is in the JSON.
    private func short(_ value: String) -> String {
        guard value.hasPrefix("["), value.count > 120 else { return value }
        var depth = 0
        var entries = 1
        var end: String.Index?
        for index in value.indices {
            switch value[index] {
            case "[", "{": depth += 1
            case "]", "}": depth -= 1
            case "," where depth == 1:
                if entries == 2 { end = index }
                entries += 1
            default: break
            }
        }
        return "\(value[..<(end ?? value.endIndex)]), … " + say("共 \(entries) 项]", "\(entries) in all]")
    }

    private func shown(_ text: String, _ none: String) -> String { text.isEmpty ? none : text }

    private func text(_ fact: ExplainedFact) -> String {
        let amount = fact.amount.map { " \($0)" } ?? ""
        let customer = fact.customer.map { " \($0)" } ?? ""
        let undone = fact.reverses.map { say(" 冲销 \($0)", " undoes \($0)") } ?? ""
        return "\(fact.date) \(fact.type)\(amount)\(customer)\(undone)  \(fact.source) \(fact.sourceId)  \(fact.id)"
    }

    private func text(_ property: Explanation.Property) -> String {
        property.value.isEmpty ? property.label.in(language) : "\(property.label.in(language)): \(property.value)"
    }

    private func amount(_ text: String) -> String { String(repeating: " ", count: max(0, 12 - text.count)) + text }

    private func kind(_ kind: Explanation.Kind) -> String {
        switch kind {
        case .result: say("结果", "result")
        case .figure: say("指标", "figure")
        case .statement: say("工资单", "statement")
        case .payLine: say("工资项", "pay line")
        case .correction: say("更正", "correction")
        case .finding: say("扣罚", "finding")
        case .task: say("待办", "decision")
        case .grade: say("等级", "grade")
        case .status: say("状态", "status")
        case .notice: say("通知", "notice")
        }
    }
}
