import Domain
import FEEL

/// The unit of every figure of a scheme, and what its formulas combine that does not belong together.
///
/// A number written in a formula takes the unit of the other side of `+`, `<` or `if`; as a factor it is a pure number,
/// so `sold * 50` stays a count and a price needs a parameter in `CNY/count`. A figure, measure or parameter without a
/// unit and everything a fact says fit all units.
final class UnitAnalysis {
    let storage: SchemeStorage
    let faults: FaultLog
    private var known: [Int: Sort] = [:]
    private var underway: Set<Int> = []

    init(storage: SchemeStorage, faults: FaultLog) {
        self.storage = storage
        self.faults = faults
    }

    /// Reports everything at once; call it once.
    func check() {
        for figure in storage.figures { _ = sort(of: figure.slot) }
        checkRules()
        checkPay()
    }

    /// The scheme's currency.
    var money: Sort { .unit(Dimension(storage.header.currency)) }

    // MARK: figures

    /// What a figure is; its formulas are read the first time.
    func sort(of slot: Int) -> Sort {
        if let sort = known[slot] { return sort }
        guard underway.insert(slot).inserted else { return .any }
        let sort = read(storage.figure(slot), slot)
        underway.remove(slot)
        known[slot] = sort
        return sort
    }

    private func read(_ figure: Figure, _ slot: Int) -> Sort {
        guard figure.slot == slot else { return .any }
        let declared = declared(figure)
        switch figure.work {
        case .parameter: return parameter(declared)
        case .formula(let formula):
            return fitted(sort(of: formula), to: declared, figure, at: formula)
        case .measure(let plan): return measure(plan, figure, declared)
        case .results(let plan): return results(plan, figure, declared)
        case .table(let plan, let column):
            return plan.items.map { tables(plan, $0, figure) } ?? table(plan, column, figure, declared)
        case .decision: return declared ?? .any
        case .indicator(let plan): return indicator(plan, figure, declared)
        case .scorecard(let plan): return scorecard(plan, figure, declared)
        case .ladder(let plan): return ladder(plan)
        case .waiver: return .flag
        case .reserve(let plan, let part): return reserve(plan, part)
        case .comparison(let plan): return comparison(plan, figure, declared)
        case .served: return .unit(.ratio)
        case .ladderPart(let ladder, let part): return ladderPart(ladder, part)
        case .given: return given(figure)
        }
    }

    /// What the `unit` of a figure says; `nil` when it has none.
    private func declared(_ figure: Figure) -> Sort? {
        switch figure.unit {
        case "", "profile", "item": return nil
        case "text": return .text(nil)
        case "yes or no": return .flag
        case "time": return .time
        case "date": return .date
        case "list": return .list(.any)
        case "rank": return .number(.units([Dimension(["rank": 1]), .count]))
        default: break
        }
        let currency = storage.header.currency
        if let dimension = Dimension(figure.unit, currency: currency) { return .unit(dimension) }
        let isCurrency = Currency(figure.unit) != nil
        faults.report(
            .units, at: figure.place,
            isCurrency
                ? "`\(figure.name)` is in \(figure.unit), the scheme pays in \(currency)"
                : "`\(figure.unit)` is not a unit",
            "use \(currency), points, count, ratio, percent, rank, years, months, days, hours, quotients of them such as "
                + "\(currency)/count, or text, yes or no, time, date, list")
        return nil
    }

    private func parameter(_ declared: Sort?) -> Sort {
        // The words a text parameter may have tomorrow are not known.
        declared ?? .number(.unknown)
    }

    private func given(_ figure: Figure) -> Sort {
        switch figure.slot {
        case FixedSlot.periodStart, FixedSlot.periodEnd: return .date
        case FixedSlot.actual, FixedSlot.target, FixedSlot.ratio: return .any
        default: break
        }
        if let shape = storage.profileSlots.first(where: { $0.slot == figure.slot })?.shape { return Sort(shape.form) }
        if storage.pay.contains(where: { $0.slot == figure.slot }) { return money }
        for list in storage.itemLists {
            guard let item = list.entries.first(where: { $0.slot == figure.slot }) else { continue }
            return sort(of: list.slot).element.member(item.entry)
        }
        return .any
    }

    /// The declared sort, after a complaint when the formula gives another.
    private func fitted(_ found: Sort, to declared: Sort?, _ figure: Figure, at formula: Formula) -> Sort {
        guard let declared else { return found }
        expect(found, declared, of: "`\(figure.name)`", at: formula)
        switch (declared, found) {
        case (.text(nil), .text), (.list, .list): return found
        default: return declared
        }
    }

    // MARK: formulas

    func sort(of formula: Formula, _ overrides: [String: Sort] = [:]) -> Sort {
        var reader = reader(at: formula.place) { [storage] name in
            if let sort = overrides[name] { return sort }
            return storage.names.slot(of: name).map { self.sort(of: $0) }
        }
        return reader.sort(of: formula.form)
    }

    func sort(of formula: FactFormula) -> Sort {
        let scope = formula.scope
        var reader = reader(at: formula.formula.place) { name in
            scope.names.slot(of: name).map { self.sort(of: $0, in: scope) }
        }
        return reader.sort(of: formula.formula.form)
    }

    func sort(of slot: Int, in scope: FactScope) -> Sort {
        if slot >= scope.figureStart { return sort(of: slot - scope.figureStart) }
        if slot >= scope.parameterStart { return sort(of: storage.parameterSlots[slot - scope.parameterStart]) }
        if slot >= FactScope.ownNames.count { return Sort(scope.attributes[slot - FactScope.ownNames.count].form) }
        switch scope.names.all[slot] {
        case "amount": return .number(.unknown)
        case "business date", "occurred date": return .date
        case "occurred time": return .time
        default: return .text(nil)
        }
    }

    func reader(at place: Place, _ variable: @escaping (String) -> Sort?) -> SortReader {
        SortReader(variable: variable) { [faults] code, what, remedy in
            faults.report(code, at: place, what, remedy)
        }
    }

    /// Reports a formula that gives something else than is wanted.
    func expect(_ found: Sort, _ wanted: Sort, of name: String, at formula: Formula) {
        guard found.joined(wanted) == nil else { return }
        var code = FaultCode.wrongKind
        if case .number = found, case .number = wanted { code = .units }
        faults.report(
            code, at: formula.place, "\(name) is to be \(wanted.text), and `\(formula.form.text)` is \(found.text)",
            code == .units
                ? "correct the unit, or convert by a parameter with a unit such as \(storage.header.currency)/count"
                : "correct the formula or the declared unit")
    }

    func expect(_ formula: Formula?, _ wanted: Sort, of name: String) {
        if let formula { expect(sort(of: formula), wanted, of: name, at: formula) }
    }

    func expect(_ formula: FactFormula?, _ wanted: Sort, of name: String) {
        if let formula { expect(sort(of: formula), wanted, of: name, at: formula.formula) }
    }
}
