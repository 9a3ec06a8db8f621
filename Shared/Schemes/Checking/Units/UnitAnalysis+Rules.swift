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
        for rule in storage.obligations { checkObligation(rule) }
        for rule in storage.gradings { checkGrading(rule) }
        for rule in storage.constraints { expect(rule.that, .flag, of: "`that` of `\(rule.head.name)`") }
    }

    func checkPay() {
        for component in storage.pay { expect(component.formula, money, of: "the pay line `\(component.head.name)`") }
    }

    /// Each rule once, though it stands under every fact type that sets it off.
    private func checkFactRules() {
        for rule in once(storage.findings, \.head) {
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
    }

    private func checkObligation(_ rule: ObligationRule) {
        expect(rule.filter, .flag, of: "`where` of `\(rule.head.name)`")
        expect(rule.waived, .flag, of: "`waived` of `\(rule.head.name)`")
        expect(rule.amount, money, of: "the amount of `\(rule.head.name)`")
        guard case .chosen(let slot) = rule.due, case .text(let words?) = sort(of: slot) else { return }
        for word in words.sorted() where Cadence(rawValue: word) == nil {
            faults.report(
                .unknownChoice, at: rule.head.place, "`\(rule.head.name)` can be due “\(word)”, which is no rhythm",
                "use one of \(Cadence.allCases.map(\.rawValue).joined(separator: ", "))")
        }
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
