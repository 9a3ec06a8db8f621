import Domain
import FEEL

/// The strict check before a scheme is published: everything that compiles and still cannot be meant.
public enum SchemeCheck {
    /// All faults and warnings of a pack in line order; no fault of severity `error` means it may be published.
    public static func check(_ files: [SchemeSource]) -> [SchemeFault] {
        let faults = FaultLog()
        guard let storage = Scheme.compile(files, faults: faults), !faults.hasErrors else { return faults.sorted }
        let units = UnitAnalysis(storage: storage, faults: faults)
        units.check()
        let checker = SchemeChecker(storage: storage, faults: faults, units: units)
        checker.checkUnits()
        checker.checkTables()
        checker.checkWeights()
        checker.checkGrades()
        checker.checkApprovers()
        checker.checkDeductionLimit()
        checker.checkPanels()
        checker.checkOptions()
        checker.checkDeadlines()
        checker.checkParameters()
        checker.checkNotices()
        checker.checkConditions()
        checker.checkUse()
        var all = faults.faults
        for day in storage.changeDays { all += Scheme(storage).brokenConstraints(on: day) }
        var seen: Set<SchemeFault> = []
        return all.filter { seen.insert($0).inserted }.sorted {
            ($0.file, $0.line, $0.column, $0.code, $0.what) < ($1.file, $1.line, $1.column, $1.code, $1.what)
        }
    }
}

extension SchemeStorage {
    /// The first day in force and every later day on which a parameter or the rows of a table change.
    var changeDays: [CalendarDate] {
        var days: Set<CalendarDate> = [header.effectiveFrom]
        for slot in parameterSlots {
            if case .parameter(let values) = figure(slot).work { days.formUnion(values.map(\.from)) }
        }
        for case .table(let table, _) in figures.map(\.work) { days.formUnion(table.sets.map(\.from)) }
        return days.filter { header.effectiveFrom <= $0 }.sorted()
    }
}

struct SchemeChecker {
    let storage: SchemeStorage
    let faults: FaultLog
    let units: UnitAnalysis

    /// A frame with the parameters of a day and nothing else.
    func frame(on day: CalendarDate) -> [Value] {
        let subject = Subject(institution: storage.header.institution, kind: storage.header.subject, id: "-")
        return Evaluator(storage, SubjectInputs(subject: subject, period: .day(day)), tracing: false).frame
    }

    func checkWeights() {
        for figure in storage.figures {
            guard case .scorecard(let plan) = figure.work, plan.combine == .weighted else { continue }
            for day in storage.changeDays {
                let frame = frame(on: day)
                let weights = plan.parts.compactMap { $0.weight?.evaluate(frame).asNumber }
                guard weights.count == plan.parts.count else { continue }
                let total = weights.reduce(.zero, +)
                guard total != .one else { continue }
                faults.report(
                    .weights, at: figure.place,
                    "the weights of `\(figure.name)` add up to \((total * 100).text) % on \(day), not to 100 %",
                    "change the weights of its parts")
            }
        }
    }

    /// Grades that a table gives must stand on the ladder.
    func checkGrades() {
        for rule in storage.gradings {
            guard case .ladder(let ladder) = storage.figure(rule.ladderSlot).work else {
                faults.report(
                    .wrongKind, at: rule.head.place, "`\(storage.names.all[rule.ladderSlot])` is not a ladder",
                    "name a ladder")
                continue
            }
            for slot in rule.grade.reads {
                guard case .table(let table, let column) = storage.figure(slot).work else { continue }
                for row in table.rows {
                    guard let grade = row.outputs[column].evaluate(frame(on: storage.header.effectiveFrom)).asString,
                        !ladder.grades.contains(grade)
                    else { continue }
                    faults.report(
                        .unknownChoice, at: row.place, "`\(grade)` is not a grade of `\(ladder.name)`",
                        "use one of \(ladder.grades.joined(separator: ", "))")
                }
            }
        }
    }

    /// Without a unit a number fits everything, and nothing that is calculated with it can be checked.
    func checkUnits() {
        for figure in storage.figures where figure.unit.isEmpty {
            switch figure.work {
            case .parameter(let values):
                guard values.contains(where: { $0.value.asNumber != nil }) else { continue }
            case .measure(let plan):
                if [.count, .customers, .firstDate, .lastDate].contains(plan.take) { continue }
            default: continue
            }
            faults.report(
                .noUnit, at: figure.place, "`\(figure.name)` has no unit, so formulas with it cannot be checked",
                "add `unit: \(storage.header.currency)`, points, count, ratio … to it", severity: .warning)
        }
    }

    func checkUse() {
        for name in storage.unusedNames {
            faults.report(
                .unused, at: name.place, "nothing uses `\(name.text)`",
                "use it, remove it, or let it be reported with `every: \(storage.header.basePeriod.rawValue)`",
                severity: .warning)
        }
    }
}
