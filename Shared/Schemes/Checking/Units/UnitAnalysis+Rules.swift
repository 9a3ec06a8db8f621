import Domain
import FEEL

extension UnitAnalysis {
    func checkRules() {
        if let covers = storage.covers { expect(covers, .flag, of: "`covers`") }
        checkFactRules()
        for rule in storage.periodFindings {
            expect(rule.when, .flag, of: "`when` of `\(rule.head.name)`")
            expect(rule.amount, money, of: "the amount of `\(rule.head.name)`")
        }
        for rule in storage.tasks { checkTask(rule) }
        for plan in storage.notices {
            expect(plan.when, .flag, of: "`when` of `\(plan.notice.name)`")
            expect(plan.condition, .flag, of: "`when` of `\(plan.notice.name)`")
        }
        for list in storage.itemLists { checkEntries(list) }
        for rule in storage.obligations { checkObligation(rule) }
        for waiver in storage.waivers { expect(waiver.when, .flag, of: "`when` of `\(waiver.head.name)`") }
        expect(storage.deductionLimit, .unit(.ratio), of: "`deductions up to`")
        for rule in storage.gradings { checkGrading(rule) }
        for rule in storage.exclusions { expect(rule.when, .flag, of: "`when` of `\(rule.head.name)`") }
        for rule in storage.constraints { expect(rule.that, .flag, of: "`that` of `\(rule.head.name)`") }
    }

    func checkPay() {
        for component in storage.pay { expect(component.formula, money, of: "the pay line `\(component.head.name)`") }
    }

    /// Each rule once, though it stands under every fact type that sets it off.
    private func checkFactRules() {
        for rule in once(storage.findings, \.head) + once(storage.closeFindings, \.head) {
            expect(rule.when, .flag, of: "`when` of `\(rule.head.name)`")
            expect(rule.amount, money, of: "the amount of `\(rule.head.name)`")
        }
        for rule in once(storage.statuses, \.head) { expect(rule.when, .flag, of: "`when` of `\(rule.head.name)`") }
        for rule in once(storage.liabilities, \.head) {
            expect(rule.when, .flag, of: "`when` of `\(rule.head.name)`")
            expect(rule.amount, money, of: "the amount of `\(rule.head.name)`")
            for band in rule.bands {
                expect(band.when, .flag, of: "`when` of a band of `\(rule.head.name)`")
                for share in band.shares { expect(share.share, .unit(.ratio), of: "the share of `\(share.holder)`") }
            }
        }
    }

    func once<Rule>(_ rules: [String: [Rule]], _ head: KeyPath<Rule, RuleHead>) -> [Rule] {
        var seen: Set<Place> = []
        return rules.sorted { $0.key < $1.key }.flatMap(\.value).filter {
            seen.insert($0[keyPath: head].place).inserted
        }.sorted { ($0[keyPath: head].place.line) < ($1[keyPath: head].place.line) }
    }

    private func checkTask(_ rule: TaskRule) {
        switch rule.trigger {
        case .fact(let when): expect(when, .flag, of: "`when` of `\(rule.head.name)`")
        case .period(_, let when, let times):
            expect(when, .flag, of: "`when` of `\(rule.head.name)`")
            expect(times, .number(.units([.count, .ratio])), of: "`times` of `\(rule.head.name)`")
        }
        expect(rule.amount, money, of: "the amount of `\(rule.head.name)`")
        for step in rule.steps { if let panel = step.panel { check(panel, step, rule.head) } }
    }

    /// A panel decides between options by counts of votes and by amounts of whatever unit.
    private func check(_ panel: PanelRule, _ step: TaskStep, _ head: RuleHead) {
        var names = Dictionary(step.options.map { ($0.name, Sort.unit(.count)) }) { first, _ in first }
        for name in ["votes", "members"] { names[name] = .unit(.count) }
        for name in ["average amount", "lowest amount", "highest amount"] { names[name] = .any }
        let wanted = Sort.text(Set(step.options.map(\.name)))
        expect(sort(of: panel.decides, names), wanted, of: "`decides` of `\(head.name)`", at: panel.decides)
        for formula in [panel.members, panel.quorum].compactMap({ $0 }) {
            expect(sort(of: formula, names), .unit(.count), of: "the number of members of `\(head.name)`", at: formula)
        }
    }

    private func checkObligation(_ rule: ObligationRule) {
        expect(rule.filter, .flag, of: "`where` of `\(rule.head.name)`")
        expect(rule.waived, .flag, of: "`waived` of `\(rule.head.name)`")
        expect(rule.amount, money, of: "the amount of `\(rule.head.name)`")
        if let items = rule.items { for name in rule.same { expect(name, in: items) } }
        guard case .chosen(let slot) = rule.due, case .text(let words?) = sort(of: slot) else { return }
        for word in words.sorted() where Rhythm(word) == nil {
            faults.report(
                .unknownChoice, at: rule.head.place, "`\(rule.head.name)` can be due “\(word)”, which is no rhythm",
                "use one of \(Cadence.allCases.map(\.rawValue).joined(separator: ", ")), or `7 days`")
        }
    }

    /// Reports names that no entry of a list has.
    private func checkEntries(_ list: ItemList) {
        for (entry, _) in list.entries { expect(entry, in: list) }
    }

    private func expect(_ entry: String, in list: ItemList) {
        guard case .record(let known) = sort(of: list.slot).element, known[entry] == nil else { return }
        faults.report(
            .unknownName, at: list.place, "the entries of `\(storage.names.all[list.slot])` have no `\(entry)`",
            "use one of \(known.keys.sorted().joined(separator: ", "))")
    }

    private func checkGrading(_ rule: GradingRule) {
        guard case .ladder(let ladder) = storage.figure(rule.ladderSlot).work else { return }
        // The rows of a table are checked one by one, at their own places.
        let readsTable = rule.grade.reads.contains {
            if case .table = storage.figure($0).work { true } else { false }
        }
        if readsTable { _ = sort(of: rule.grade) } else { expectGrade(rule.grade, ladder, of: "`\(rule.head.name)`") }
        for (grade, places) in rule.quotas.sorted(by: { $0.key < $1.key }) {
            expect(places, .unit(.count), of: "the places of `\(grade)`")
            guard !ladder.grades.contains(grade) else { continue }
            faults.report(
                .unknownChoice, at: places.place, "`\(grade)` is not a grade of `\(ladder.name)`",
                "use one of \(ladder.grades.joined(separator: ", "))")
        }
    }
}
