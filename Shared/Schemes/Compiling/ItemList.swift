import FEEL

/// A list whose entries a rule is applied to one after the other.
struct ItemList: Sendable {
    /// The figure that gives the list.
    let slot: Int
    /// Entries of an item and the slots in which formulas find them.
    let entries: [(entry: String, slot: Int)]
    /// Where the entries are named.
    let place: Place
    /// The figures to compute for each item.
    var steps: [Int] = []
}

extension PeriodFindingRule {
    var reads: [Int] { (when?.reads ?? []) + (amount?.reads ?? []) }
}

extension TaskRule {
    var reads: [Int] {
        guard case .period(_, let when, let times) = trigger else { return [] }
        let routes = steps.flatMap { ($0.when?.reads ?? []) + ($0.roleFrom?.reads ?? []) }
        return (when?.reads ?? []) + (times?.reads ?? []) + figures + routes
    }
}

extension SchemeStorage {
    /// All lists that something is applied to.
    var itemLists: [ItemList] {
        let rules = obligations.map(\.items) + periodFindings.map(\.items) + tasks.map(\.items)
        return rules.compactMap { $0 }
            + figures.compactMap { figure in
                if case .table(let plan, column: 0) = figure.work { plan.items } else { nil }
            }
    }
}

extension SchemeCompiler {
    /// `for each: <list>` with the names under which an item's entries are known, `with: { <name>: <entry> }`.
    func items(_ fields: Fields) -> ItemList? {
        guard fields.has("for each"), let slot = fields.text("for each").flatMap(slot) else { return nil }
        var entries: [(entry: String, slot: Int)] = []
        if fields.has("with"), let with = fields.fields("with") {
            for key in with.keys {
                guard let slot = slots[Names.normalised(key.text)], let entry = with.text(key.text) else { continue }
                entries.append((entry.text, slot))
            }
        }
        let place = fields.place(of: fields.has("with") ? "with" : "for each")
        return ItemList(slot: slot, entries: entries, place: place)
    }

    /// Makes room for the names that a rule gives to the entries of its items.
    func allocateItems(_ head: ElementHead) {
        guard head.fields.has("for each"), head.fields.has("with"), let with = head.fields.fields("with") else {
            return
        }
        for key in with.keys {
            let name = Names.normalised(key.text)
            if let slot = slots[name] {
                guard figures[slot]?.unit != "item" else { continue }
                faults.report(
                    .duplicateName, at: key.place, "`\(name)` is already the name of a figure",
                    "choose another name for the entry")
            } else {
                let slot = addSlot(name)
                slots[name] = slot
                given(name, slot: slot, unit: "item")
            }
        }
    }
}
