import Domain
import FEEL

/// One entry of a list.
struct Item {
    let context: Context

    /// What names it among the others: its texts, in their order.
    var key: String { words.map(\.value).joined(separator: ", ") }

    var words: [(name: String, value: String)] {
        context.entries.compactMap { entry in entry.value.asString.map { (entry.name, $0) } }
    }

    func word(_ name: String) -> String? { context[name]?.asString }
}

extension Evaluator {
    /// Puts each item's entries in their slots, computes what depends on them, and does something with the item.
    mutating func forEach(_ list: ItemList, _ body: (inout Evaluator, Item) -> Void) {
        for value in frame[list.slot].asList ?? [] {
            guard let context = value.asContext else { continue }
            let item = Item(context: context)
            for (entry, slot) in list.entries { frame[slot] = context[entry] ?? .null }
            let before = nodes.count
            compute(list.steps)
            for index in before..<nodes.count { nodes[index].figure += " (\(item.key))" }
            body(&self, item)
        }
        for (_, slot) in list.entries { frame[slot] = .null }
    }
}

extension Evaluator {
    /// A table asked for each entry of a list: the entries with the results beside what they had.
    ///
    /// With `hit: collect` an entry stands there once for each row that applies to it.
    mutating func table(_ plan: TablePlan, for items: ItemList, _ column: Int, _ figure: Figure) -> Value {
        var entries: [Value] = []
        forEach(items) { evaluator, item in
            let matched = plan.matches(evaluator.frame, on: evaluator.inputs.period.last)
            if matched.isEmpty, column == 0, plan.hit != .collect {
                evaluator.reportNoRow(figure, " (\(item.key))")
            }
            let hits = plan.hit == .collect ? matched.map { [$0] } : [matched]
            for rows in hits {
                let results = plan.outputs.indices.map { index in
                    let value = plan.value(column: index, rows: rows, evaluator.frame)
                    return plan.hit == .collect ? value.asList?.first ?? .null : value
                }
                let known = item.context.entries.map { ($0.name, $0.value) }
                entries.append(.context(Context(known + zip(plan.outputs, results))))
            }
        }
        return .list(entries)
    }

    /// For a trace: the rows that applied, to each item when there are several.
    func rows(of plan: TablePlan) -> String {
        var copy = self
        guard let items = plan.items else { return copy.row(of: plan) }
        var lines: [String] = []
        copy.forEach(items) { evaluator, item in lines.append("\(item.key): \(evaluator.row(of: plan))") }
        return lines.joined(separator: "; ")
    }

    private func row(of plan: TablePlan) -> String {
        let rows = plan.matches(frame, on: inputs.period.last)
        let names = rows.isEmpty ? "row -" : rows.map { "row \($0 + 1)" }.joined(separator: ", ")
        let tests = rows.first.map { plan.rows[$0].tests.map(\.text).joined(separator: ", ") } ?? ""
        let values = plan.inputs.map { $0.evaluate(frame).rendered }.joined(separator: ", ")
        return "\(values) → \(names): \(tests)"
    }
}
