import Domain
import FEEL

extension SchemeChecker {
    /// Gaps, overlaps and rows that nothing can reach, each with a case that shows it.
    func checkTables() {
        for figure in storage.figures {
            guard case .table(let table, column: 0) = figure.work else { continue }
            for day in storage.changeDays { check(table, figure, frame(on: day)) }
        }
    }

    private func check(_ table: TablePlan, _ figure: Figure, _ frame: [Value]) {
        var frame = frame
        var reached: Set<Int> = []
        var gap: [Value]?
        var overlap: (values: [Value], rows: [Int])?
        let lists = table.inputs.indices.map { samples(table, column: $0, frame) }
        let decided = Samples.combinations(lists) { values in
            for (input, value) in zip(table.inputs, values) {
                if input.reads.count == 1, let slot = input.reads.first { frame[slot] = value }
            }
            let rows = table.rows.indices.filter { row in
                zip(table.rows[row].tests, values).allSatisfy { $0.holds($1, frame) }
            }
            if rows.isEmpty, gap == nil { gap = values }
            if rows.count > 1, overlap == nil { overlap = (values, rows) }
            reached.formUnion(table.hit == .first ? Array(rows.prefix(1)) : rows)
        }
        guard decided else { return }
        if let gap, table.partial == nil { reportGap(table, figure, gap) }
        if let overlap, table.hit == .unique { reportOverlap(table, overlap.values, overlap.rows) }
        for row in table.rows.indices where !reached.contains(row) {
            faults.report(
                .unreachable, at: table.rows[row].place, "row \(row + 1) of `\(table.name)` can never apply",
                "remove it or correct its conditions")
        }
    }

    private func reportGap(_ table: TablePlan, _ figure: Figure, _ values: [Value]) {
        let example = describe(table, values)
        let isPay = figure.unit == storage.header.currency.code && isLadder(table.inputs.first)
        if isPay, table.inputs.count == 1 {
            faults.report(
                .gradeWithoutPay, at: figure.place, "no amount in `\(table.name)` for \(example)", "add a row for it")
        } else {
            faults.report(
                .gap, at: figure.place, "no row of `\(table.name)` applies to \(example)",
                "add a row, or say with `partial: <reason>` that it is meant")
        }
    }

    private func reportOverlap(_ table: TablePlan, _ values: [Value], _ rows: [Int]) {
        let numbers = rows.map { String($0 + 1) }.joined(separator: " and ")
        faults.report(
            .overlap, at: table.rows[rows[1]].place,
            "rows \(numbers) of `\(table.name)` both apply to \(describe(table, values))",
            "make the bands half-open, such as `[100..200)`, or choose `hit: first`")
    }

    private func describe(_ table: TablePlan, _ values: [Value]) -> String {
        zip(table.inputs, values).map { "\($0.text) = \($1.rendered)" }.joined(separator: ", ")
    }

    private func isLadder(_ input: Formula?) -> Bool {
        guard let input, input.reads.count == 1, let slot = input.reads.first else { return false }
        return storage.ladderSlots.contains(slot)
    }

    /// The values to try in one column.
    private func samples(_ table: TablePlan, column: Int, _ frame: [Value]) -> [Value] {
        let input = table.inputs[column]
        if let known = knownValues(input) { return known }
        var numbers: [Decimal128] = []
        var texts: [String] = []
        var flags = false
        for row in table.rows {
            let test = row.tests[column]
            let found = Samples.literals(in: test.text)
            numbers += found.numbers.filter { !$0.isNegative || test.text.contains("-") }
            texts += found.texts
            numbers += test.reads.compactMap { frame[$0].asNumber }
            flags = flags || test.text == "true" || test.text == "false"
        }
        if flags { return [true, false] }
        if !texts.isEmpty { return Set(texts).sorted().map(Value.string) + [.string("…")] }
        return Samples.around(numbers)
    }

    /// All values of an input whose possible values are declared.
    private func knownValues(_ input: Formula) -> [Value]? {
        guard input.reads.count == 1, let slot = input.reads.first, input.text == storage.names.all[slot] else {
            return nil
        }
        if case .ladder(let plan) = storage.figure(slot).work { return plan.grades.map(Value.string) }
        if let shape = storage.profileSlots.first(where: { $0.slot == slot })?.shape {
            if case .choice(let words) = shape.form { return words.map(Value.string) }
            if shape.form == .flag { return [true, false] }
        }
        return nil
    }
}
