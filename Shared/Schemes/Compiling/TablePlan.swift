import Domain
import FEEL

/// A decision table: conditions on the left, results on the right.
final class TablePlan: Sendable {
    enum HitPolicy: String, CaseIterable, Sendable {
        case unique, first, any
        case collect, sum
        case least = "collect least"
        case greatest = "collect greatest"
    }

    struct Row: Sendable {
        let tests: [CellTest]
        let outputs: [Formula]
        let place: Place
    }

    let name: String
    let inputs: [Formula]
    let rows: [Row]
    /// From which day on which rows hold; the first set from the beginning unless it says otherwise.
    let sets: [(from: CalendarDate, rows: Range<Int>)]
    let hit: HitPolicy
    /// Why a value may find no row; without it, a gap is a fault.
    let partial: String?
    /// The names of the results.
    let outputs: [String]
    /// The list for each of whose entries the table is asked; then the results are lists too.
    let items: ItemList?

    init(
        name: String, inputs: [Formula], sets: [(from: CalendarDate, rows: [Row])], hit: HitPolicy, partial: String?,
        outputs: [String], items: ItemList? = nil
    ) {
        self.name = name
        self.inputs = inputs
        var rows: [Row] = []
        var spans: [(from: CalendarDate, rows: Range<Int>)] = []
        for set in sets.sorted(by: { $0.from < $1.from }) {
            spans.append((set.from, rows.count..<rows.count + set.rows.count))
            rows += set.rows
        }
        self.rows = rows
        self.sets = spans
        self.hit = hit
        self.partial = partial
        self.outputs = outputs
        self.items = items
    }

    /// The same table with the figures that have to be computed for each item.
    func asking(_ items: ItemList) -> TablePlan {
        TablePlan(
            name: name, inputs: inputs, sets: sets.map { ($0.from, Array(rows[$0.rows])) }, hit: hit,
            partial: partial, outputs: outputs, items: items)
    }

    /// The rows in force on a day.
    func rows(on day: CalendarDate) -> Range<Int> { sets.last { $0.from <= day }?.rows ?? 0..<0 }

    /// The places of the rows in force on a day that hold.
    func matches(_ frame: [Value], on day: CalendarDate) -> [Int] {
        let values = inputs.map { $0.evaluate(frame) }
        var found: [Int] = []
        for index in rows(on: day) {
            var holds = true
            for (column, test) in rows[index].tests.enumerated() where !test.holds(values[column], frame) {
                holds = false
                break
            }
            guard holds else { continue }
            found.append(index)
            if hit == .first || hit == .unique || hit == .any { break }
        }
        return found
    }

    func value(column: Int, rows matched: [Int], _ frame: [Value]) -> Value {
        let values = matched.map { rows[$0].outputs[column].evaluate(frame) }
        switch hit {
        case .unique, .first, .any: return values.first ?? .null
        case .collect: return .list(values)
        case .sum: return values.isEmpty ? .null : .number(values.compactMap(\.asNumber).reduce(Decimal128.zero, +))
        case .least: return values.compactMap(\.asNumber).min().map(Value.number) ?? .null
        case .greatest: return values.compactMap(\.asNumber).max().map(Value.number) ?? .null
        }
    }

    var reads: [Int] {
        inputs.flatMap(\.reads) + rows.flatMap { $0.tests.flatMap(\.reads) + $0.outputs.flatMap(\.reads) }
    }
}

extension SchemeCompiler {
    func compileTable(_ head: ElementHead) {
        let fields = head.fields
        if fields.has("dmn") { return compileDecision(head) }
        let inputs = fields.texts("inputs").compactMap(formula)
        let outputs = fields.texts("outputs")
        let columns = outputs.isEmpty ? [head.name] : outputs
        let hit = fields.choice("hit", TablePlan.HitPolicy.self) ?? .unique
        let partial = fields.text("partial")?.text
        let sets = rowSets(fields, inputs: inputs.count, outputs: columns.count, at: head.name.place)
        if sets.allSatisfy(\.rows.isEmpty) {
            faults.report(.missing, at: fields.place, "the table `\(head.name.text)` has no rows", "add `rows:`")
        }
        let items = items(fields)
        let plan = TablePlan(
            name: head.name.text, inputs: inputs, sets: sets, hit: hit, partial: partial,
            outputs: columns.map { Names.normalised($0.text) }, items: items)
        let reads = plan.reads + [items?.slot].compactMap { $0 }
        for (column, name) in columns.enumerated() {
            define(
                head, name: name.text, .table(plan, column: column), reads: reads, unit: items == nil ? nil : "list")
        }
    }

    /// `rows`, or `row sets` that each hold from a day on.
    private func rowSets(
        _ fields: Fields, inputs: Int, outputs: Int, at place: Place
    ) -> [(from: CalendarDate, rows: [TablePlan.Row])] {
        func rows(_ fields: Fields) -> [TablePlan.Row] {
            fields.rows("rows").compactMap { tableRow($0, inputs: inputs, outputs: outputs, at: place) }
        }
        guard fields.has("row sets") else { return [(.earliest, rows(fields))] }
        return fields.list("row sets").compactMap { set in
            defer { set.finish() }
            return SchemeHeader.date(set, "from").map { ($0, rows(set)) }
        }
    }

    private func tableRow(_ cells: [Located], inputs: Int, outputs: Int, at place: Place) -> TablePlan.Row? {
        let place = cells.first?.place ?? place
        guard cells.count == inputs + outputs else {
            faults.report(
                .wrongForm, at: place, "the row has \(cells.count) cells, not \(inputs + outputs)",
                "write \(inputs) condition(s) and then \(outputs) result(s)")
            return nil
        }
        let tests = cells.prefix(inputs).compactMap { CellTest($0, names: storage.names, faults: faults) }
        let results = cells.dropFirst(inputs).compactMap { formula($0) }
        guard tests.count == inputs, results.count == outputs else { return nil }
        return TablePlan.Row(tests: tests, outputs: results, place: place)
    }
}
