import Domain
import FEEL

extension UnitAnalysis {
    func measure(_ plan: MeasurePlan, _ figure: Figure, _ declared: Sort?) -> Sort {
        expect(plan.series.filter, .flag, of: "`where` of `\(figure.name)`")
        expect(plan.series.value, .number(.unknown), of: "`value` of `\(figure.name)`")
        var each = declared ?? .number(.unknown)
        switch plan.take {
        case .count, .customers: each = wanted(.unit(.count), declared, figure, plan)
        case .firstDate, .lastDate: each = wanted(.date, declared, figure, plan)
        default: if case .list(let element) = each { each = plan.isList ? element : .number(.unknown) }
        }
        guard plan.isList, plan.take != .highest else { return each }
        var entry = Dictionary(plan.per.map { ($0, words($0, plan)) }) { first, _ in first }
        entry["value"] = each
        entry["since"] = .date
        return .list(.record(entry))
    }

    /// The words of an attribute by which is counted, when they are declared.
    private func words(_ name: String, _ plan: MeasurePlan) -> Sort {
        let forms = plan.series.factTypes.compactMap { type in
            storage.header.facts[type]?.attributes.first { $0.name == name }.map { Sort($0.form) }
        }
        return forms.isEmpty ? .text(nil) : forms.reduce(.text([])) { $0.joined($1) ?? .text(nil) }
    }

    private func wanted(_ sort: Sort, _ declared: Sort?, _ figure: Figure, _ plan: MeasurePlan) -> Sort {
        guard let declared, declared.element.joined(sort) == nil else { return sort }
        faults.report(
            .units, at: figure.place,
            "`\(figure.name)` takes \(plan.take.rawValue), which is \(sort.text), and is declared \(declared.text)",
            "correct the `unit`")
        return sort
    }

    func results(_ plan: ResultsPlan, _ figure: Figure, _ declared: Sort?) -> Sort {
        let source = storage.names.slot(of: plan.figure).map { sort(of: $0) } ?? .any
        if plan.take == .count { return .unit(.count) }
        if let declared, declared.element.joined(source.element) == nil {
            faults.report(
                .units, at: figure.place,
                "`\(figure.name)` is declared \(declared.text), the results of `\(plan.figure)` are \(source.text)",
                "give both the same `unit`")
        }
        return plan.take == .list ? .list(source) : source
    }

    func table(_ plan: TablePlan, _ column: Int, _ figure: Figure, _ declared: Sort?) -> Sort {
        if column == 0 { checkConditions(of: plan) }
        var found = Sort.nothing
        for row in plan.rows {
            let output = row.outputs[column]
            let next = sort(of: output)
            if let declared { expect(next, declared, of: "`\(figure.name)`", at: output) }
            guard let joined = found.joined(next) else {
                if declared == nil { expect(next, found, of: "`\(figure.name)`, as in the rows above,", at: output) }
                continue
            }
            found = joined
        }
        if plan.hit == .collect { found = .list(found) }
        switch (declared, found) {
        case (nil, _), (.text?, .text), (.list?, .list): return found
        case (let declared?, _): return declared
        }
    }

    /// A table asked for each entry of a list: the entries with the results.
    func tables(_ plan: TablePlan, _ items: ItemList, _ figure: Figure) -> Sort {
        // The figure is a list; the unit that is written at the table is that of each result.
        let written = storage.elements.first { $0.kind == "table" && $0.name == plan.name }?.values["unit"]
        let unit = written.flatMap { Dimension($0, currency: storage.header.currency) }.map(Sort.unit)
        var entry: [String: Sort] = [:]
        if case .record(let known) = sort(of: items.slot).element { entry = known }
        for (index, name) in plan.outputs.enumerated() {
            let result = table(plan, index, figure, unit)
            entry[name] = plan.hit == .collect ? result.element : result
        }
        return .list(.record(entry))
    }

    private func checkConditions(of plan: TablePlan) {
        for (column, input) in plan.inputs.enumerated() {
            let known = sort(of: input)
            for row in plan.rows {
                let test = row.tests[column]
                var reader = reader(at: test.place) { [storage] name in
                    storage.names.slot(of: name).map { self.sort(of: $0) }
                }
                reader.check(test.forms, against: input.form.text, known)
            }
        }
    }

    func indicator(_ plan: IndicatorPlan, _ figure: Figure, _ declared: Sort?) -> Sort {
        let actual = sort(of: plan.actual)
        var overrides = ["actual": actual, "target": Sort.any, "ratio": Sort.unit(.ratio)]
        if let formula = plan.target {
            let target = sort(of: formula)
            overrides["target"] = target
            if actual.joined(target) == nil {
                faults.report(
                    .units, at: formula.place,
                    "the actual value of `\(figure.name)` is \(actual.text), its target \(target.text)",
                    "measure both in one unit")
            }
        }
        let wanted = declared ?? .number(.units([.ratio, .percent, .points]))
        var score = wanted
        if let formula = plan.score {
            score = sort(of: formula, overrides)
            expect(score, wanted, of: "the score of `\(figure.name)`", at: formula)
        }
        for bound in [plan.floor, plan.cap].compactMap({ $0 }) {
            let limit = sort(of: bound, overrides)
            if score.joined(limit) == nil { expect(limit, score, of: "a bound of `\(figure.name)`", at: bound) }
        }
        return declared ?? Self.scale(score)
    }

    /// A score is a ratio or stands on a scale of points.
    private static func scale(_ score: Sort) -> Sort {
        score.joined(.number(.units([.percent, .points]))) == nil ? score : .unit(.points)
    }

    func scorecard(_ plan: ScorecardPlan, _ figure: Figure, _ declared: Sort?) -> Sort {
        var found = declared ?? .nothing
        for part in plan.parts {
            let next = sort(of: part.slot)
            guard let joined = found.joined(next), next.joined(.number(.unknown)) != nil else {
                faults.report(
                    .units, at: figure.place,
                    "`\(storage.names.all[part.slot])` is \(next.text), the other parts of `\(figure.name)` \(found.text)",
                    "bring all parts to one scale, such as points")
                continue
            }
            if declared == nil { found = joined }
            if let weight = part.weight {
                expect(weight, .unit(.ratio), of: "the weight of `\(storage.names.all[part.slot])`")
            }
        }
        for bound in [plan.floor, plan.cap].compactMap({ $0 }) {
            expect(bound, found, of: "a bound of `\(figure.name)`")
        }
        return found
    }

    func ladder(_ plan: LadderPlan) -> Sort {
        let grades = Sort.text(Set(plan.grades))
        if let entry = plan.entry { expectGrade(entry, plan, of: "the entry grade of `\(plan.name)`") }
        return grades
    }

    func ladderPart(_ slot: Int, _ part: LadderPart) -> Sort {
        guard case .ladder(let plan) = storage.figure(slot).work else { return .any }
        switch part {
        case .place: return .number(.units([Dimension(["rank": 1]), .count]))
        case .step: return .text(plan.steps.isEmpty ? nil : Set(plan.steps))
        case .since: return .date
        case .grade:
            let names = plan.grades.map { plan.part(.grade, of: .string($0)) }.compactMap(\.asString)
            return .text(Set(names))
        }
    }

    /// A reserve keeps back a part of money, in money.
    func reserve(_ plan: ReservePlan, _ part: ReservePart) -> Sort {
        guard part == .parts else { return money }
        expect(plan.rate, .unit(.ratio), of: "the rate of a reserve")
        guard case .record(var entry) = sort(of: plan.earned).element else { return .list(.any) }
        entry["value"] = money
        entry["since"] = nil
        return .list(.record(entry))
    }

    /// Reports words that are no grade of a ladder; a number is a place on it.
    func expectGrade(_ formula: Formula, _ ladder: LadderPlan, of name: String) {
        let found = sort(of: formula)
        if case .number = found { return }
        expect(found, .text(nil), of: name, at: formula)
        guard case .text(let words?) = found else { return }
        for word in words.subtracting(ladder.grades + Array(ladder.aliases.keys)).sorted() {
            faults.report(
                .unknownChoice, at: formula.place, "\(name) can be “\(word)”, which is no grade of `\(ladder.name)`",
                "use one of \(ladder.grades.joined(separator: ", "))")
        }
    }

    func comparison(_ plan: ComparisonPlan, _ figure: Figure, _ declared: Sort?) -> Sort {
        let compared = sort(of: plan.of)
        if compared.joined(.number(.unknown)) == nil {
            faults.report(
                .wrongKind, at: figure.place,
                "`\(figure.name)` compares `\(storage.names.all[plan.of])`, which is \(compared.text)",
                "compare a figure that is a number")
        }
        let found: Sort =
            switch plan.take {
            case .rank: .number(.units([Dimension(["rank": 1]), .count]))
            case .count: .unit(.count)
            case .share: .unit(.ratio)
            case .average, .sum, .highest, .lowest: compared
            }
        guard let declared else { return found }
        if found.joined(declared) == nil {
            faults.report(
                .units, at: figure.place,
                "`\(figure.name)` is declared \(declared.text), its \(plan.take.rawValue) is \(found.text)",
                "correct the `unit`")
        }
        return declared
    }
}
