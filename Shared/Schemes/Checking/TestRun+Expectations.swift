import Domain
import FEEL

extension TestExpectations {
    /// Compares what a close showed.
    mutating func expect(_ seen: TestObservation, _ expected: Fields, _ period: String) {
        defer { expected.finish() }
        if let figures = expected.fields("figures") {
            for key in figures.keys {
                compare(
                    "\(period) \(key.text)", seen.figures[key.text] ?? "none", figures.text(key.text)?.text ?? "")
            }
        }
        if let score = expected.text("score") { compare("\(period) score", seen.score ?? "none", score.text) }
        if let grade = expected.text("grade") { compare("\(period) grade", seen.grade ?? "none", grade.text) }
        if expected.node("gaps") != nil {
            let wanted = expected.texts("gaps").map(\.text).sorted().joined(separator: ", ")
            compare("\(period) gaps", seen.gaps.sorted().joined(separator: ", "), wanted)
        }
        expectPay(seen.pay, expected, period)
        expectFines(seen.findings, expected, period)
        expect(seen.effects, expected, period)
    }

    private mutating func expectPay(_ pay: TestObservation.Pay?, _ expected: Fields, _ period: String) {
        if let lines = expected.fields("pay") {
            for key in lines.keys {
                let named = (pay?.lines ?? []).filter { $0.component == key.text }
                let total = named.reduce(Int64(0)) { $0 + $1.amount }
                compare(
                    "\(period) pay \(key.text)", Decimal128(units: total, scale: 2).text,
                    lines.text(key.text)?.text ?? "")
            }
        }
        let totals: [(String, Int64?)] = [
            ("gross", pay?.gross), ("deductions", pay?.deductions), ("net", pay?.net), ("carry", pay?.carry),
        ]
        for (key, amount) in totals {
            guard let text = expected.text(key) else { continue }
            compare("\(period) \(key)", amount.map { Decimal128(units: $0, scale: 2).text } ?? "none", text.text)
        }
        if let pay {
            let left = pay.gross - pay.deductions
            let lines = pay.lines.reduce(Int64(0)) { $0 + $1.amount }
            if left != lines { failures.append("\(period): the lines do not add up to gross less deductions") }
        }
    }

    /// Amounts and numbers of findings by the rule's number or the beginning of it.
    private mutating func expectFines(_ findings: [Finding], _ expected: Fields, _ period: String) {
        let standing = findings.filter { $0.subject == subject && "\($0.period)" == period }
        if let fines = expected.fields("fines") {
            for key in fines.keys {
                let named = standing.filter { Self.belongs($0.rule, to: key.text) }
                let total = named.reduce(Int64(0)) { $0 + ($1.amount?.minorUnits ?? 0) }
                compare(
                    "\(period) fines of \(key.text)", Decimal128(units: total, scale: 2).text,
                    fines.text(key.text)?.text ?? "")
            }
        }
        if let waived = expected.fields("waived") {
            for key in waived.keys {
                let count = standing.count { Self.belongs($0.rule, to: key.text) && $0.waiver != nil }
                compare("\(period) waived findings of \(key.text)", String(count), waived.text(key.text)?.text ?? "")
            }
        }
        if let findings = expected.fields("findings") {
            for key in findings.keys {
                let count = standing.count { Self.belongs($0.rule, to: key.text) && $0.waiver == nil }
                compare("\(period) findings of \(key.text)", String(count), findings.text(key.text)?.text ?? "")
            }
        }
        if let funds = expected.fields("funds") {
            for key in funds.keys {
                let total = standing.filter { $0.fund == key.text }.reduce(Int64(0)) {
                    $0 + ($1.amount?.minorUnits ?? 0)
                }
                compare(
                    "\(period) fund \(key.text)", Decimal128(units: total, scale: 2).text,
                    funds.text(key.text)?.text ?? "")
            }
        }
    }

    private static func belongs(_ rule: String, to prefix: String) -> Bool {
        rule == prefix || rule.hasPrefix(prefix + ".")
    }

    /// Compares what came about, at a close or at once.
    mutating func expect(_ effects: [Effect], _ expected: Fields, _ when: String) {
        if expected.node("tasks") != nil {
            let actual = effects.compactMap {
                if case .task(let task) = $0 { "\(task.task): \(task.role)" } else { nil }
            }
            compareSets("\(when) tasks", actual, expected.texts("tasks").map(\.text))
        }
        if let amounts = expected.fields("amounts") {
            for key in amounts.keys {
                let total = effects.compactMap { Self.amount($0, of: key.text) }.reduce(.zero, +)
                compare("\(when) amount of \(key.text)", total.text, amounts.text(key.text)?.text ?? "")
            }
        }
        if let placed = expected.fields("placed") {
            for key in placed.keys {
                let grade = effects.compactMap { effect -> String? in
                    guard case .grade(let change) = effect, change.subject.id == key.text else { return nil }
                    return change.to
                }
                compare(
                    "\(when) grade of \(key.text)", grade.joined(separator: ", "), placed.text(key.text)?.text ?? "")
            }
        }
        if let due = expected.fields("due") {
            let tasks = effects.compactMap { if case .task(let task) = $0 { task } else { nil } }
            for key in due.keys {
                let actual = tasks.first { $0.task == key.text }.map { "\($0.dueAt.date())" }
                compare("\(when) due day of \(key.text)", actual ?? "none", due.text(key.text)?.text ?? "")
            }
        }
        expectStandings(effects, expected, when)
        expectShares(effects, expected, when)
        expectNotices(effects, expected, when)
    }

    private mutating func expectStandings(_ effects: [Effect], _ expected: Fields, _ when: String) {
        if expected.node("statuses") != nil {
            let actual = effects.compactMap { if case .status(let change) = $0 { change.status } else { nil } }
            compareSets("\(when) statuses", actual, expected.texts("statuses").map(\.text))
        }
        if expected.node("holders") != nil {
            let actual = effects.compactMap { effect -> String? in
                guard case .task(let task) = effect, let resource = task.context["resource"] else { return nil }
                return "\(resource): \(task.subject.id)"
            }
            compareSets("\(when) holders", actual, expected.texts("holders").map(\.text))
        }
    }

    /// What persons owe; nobody else may owe anything.
    private mutating func expectShares(_ effects: [Effect], _ expected: Fields, _ when: String) {
        if let shares = expected.fields("shares") {
            var totals: [String: Int64] = [:]
            for case .finding(let finding) in effects {
                totals[finding.subject.id, default: 0] += finding.amount?.minorUnits ?? 0
            }
            for key in shares.keys {
                let total = Decimal128(units: totals.removeValue(forKey: key.text) ?? 0, scale: 2)
                compare("\(when) share of \(key.text)", total.text, shares.text(key.text)?.text ?? "")
            }
            compare("\(when) shares of others", totals.keys.sorted().joined(separator: ", "), "")
        }
    }

    private mutating func expectNotices(_ effects: [Effect], _ expected: Fields, _ when: String) {
        let notices = effects.compactMap { if case .notice(let notice) = $0 { notice } else { nil } }
        if expected.node("notices") != nil {
            compareSets("\(when) notices", notices.map(\.notice), expected.texts("notices").map(\.text))
        }
        if let rows = expected.fields("rows") {
            for key in rows.keys {
                let sent = notices.first { $0.notice == key.text }?.rows ?? []
                let wanted = rows.rows(key.text).map { $0.map(\.text).joined(separator: " ") }
                let actual = sent.map { row in "\(row["rank"] ?? "") \(row["manager"] ?? "")" }
                compare("\(when) rows of \(key.text)", actual.joined(separator: ", "), wanted.joined(separator: ", "))
            }
        }
    }

    /// What an effect charges somebody, or proposes to charge.
    private static func amount(_ effect: Effect, of subject: String) -> Decimal128? {
        switch effect {
        case .finding(let finding) where finding.subject.id == subject:
            finding.amount.map { Decimal128(units: $0.minorUnits, scale: 2) }
        case .task(let task) where task.subject.id == subject: task.context["amount"].flatMap { Decimal128($0) }
        default: nil
        }
    }

    private mutating func compareSets(_ what: String, _ actual: [String], _ expected: [String]) {
        compare(what, actual.sorted().joined(separator: "; "), expected.sorted().joined(separator: "; "))
    }
}
