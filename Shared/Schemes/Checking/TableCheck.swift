import Domain
import FEEL

/// One table on one day: gaps, overlaps and rows that nothing can reach, each with a case that shows it.
///
/// Each column is divided into the regions that its rows tell apart; then every combination of regions is looked at, so
/// that nothing is missed however many columns there are.
struct TableCheck {
    /// Rows by their places; a bit each.
    private typealias Rows = [UInt64]

    private struct Region {
        let value: Value
        let rows: Rows
    }

    let checker: SchemeChecker
    let table: TablePlan
    let figure: Figure
    private let day: CalendarDate
    /// The rows in force on the day.
    private let places: Range<Int>
    private let frame: [Value]
    private var regions: [[Region]] = []
    private var combinations = 0

    private(set) var gap: [Value]?
    private(set) var overlap: (values: [Value], rows: [Int])?
    private(set) var reached: Set<Int> = []
    /// For a row that never decides: a case in which it would hold, and the row before it that decides.
    private(set) var hidden: [Int: (values: [Value], by: Int)] = [:]

    private static let limit = 2_000_000

    init(_ checker: SchemeChecker, _ table: TablePlan, _ figure: Figure, on day: CalendarDate) {
        self.checker = checker
        self.table = table
        self.figure = figure
        self.day = day
        places = table.rows(on: day)
        frame = checker.frame(on: day)
    }

    /// Looks at all combinations.
    ///
    /// - Returns: why the table cannot be judged; `nil` when it was.
    mutating func run() -> String? {
        let parameters = Set(checker.storage.parameterSlots)
        for row in table.rows[places] {
            for slot in row.tests.flatMap(\.reads) where !parameters.contains(slot) {
                return "its cells compare with `\(checker.storage.names.all[slot])`, which is no parameter"
            }
        }
        for column in table.inputs.indices {
            guard let samples = samples(column) else {
                return "the values of `\(table.inputs[column].text)` cannot be listed"
            }
            regions.append(regions(column, samples))
        }
        let all = Rows(repeating: .max, count: table.rows.count / 64 + 1)
        visit(0, all, [])
        return combinations < Self.limit ? nil : "it has more than \(Self.limit) combinations of its columns"
    }

    private func regions(_ column: Int, _ samples: [Value]) -> [Region] {
        var seen: Set<Rows> = []
        return samples.compactMap { value in
            var rows = Rows(repeating: 0, count: table.rows.count / 64 + 1)
            for index in places where table.rows[index].tests[column].holds(value, frame) {
                rows[index / 64] |= 1 << UInt64(index % 64)
            }
            return seen.insert(rows).inserted ? Region(value: value, rows: rows) : nil
        }
    }

    private mutating func visit(_ column: Int, _ rows: Rows, _ values: [Value]) {
        combinations += 1
        guard combinations < Self.limit else { return }
        if column == regions.count { return note(places.filter { Self.has(rows, $0) }, values) }
        for region in regions[column] {
            let left = zip(rows, region.rows).map { $0 & $1 }
            if left.allSatisfy({ $0 == 0 }) {
                let rest = regions.dropFirst(column + 1).compactMap { $0.first?.value }
                note([], values + [region.value] + rest)
            } else {
                visit(column + 1, left, values + [region.value])
            }
        }
    }

    private static func has(_ rows: Rows, _ row: Int) -> Bool { rows[row / 64] & 1 << UInt64(row % 64) != 0 }

    private mutating func note(_ rows: [Int], _ values: [Value]) {
        guard let first = rows.first else {
            if gap == nil { gap = values }
            return
        }
        reached.formUnion(table.hit == .first ? [first] : rows)
        if table.hit == .first {
            for row in rows.dropFirst() where hidden[row] == nil { hidden[row] = (values, first) }
        }
        guard rows.count > 1, overlap == nil else { return }
        if table.hit == .unique || (table.hit == .any && differ(rows)) { overlap = (values, rows) }
    }

    private func differ(_ rows: [Int]) -> Bool {
        let results = rows.map { row in table.rows[row].outputs.map { $0.evaluate(frame).text } }
        return Set(results).count > 1
    }

    // MARK: the values of a column

    private func samples(_ column: Int) -> [Value]? {
        let input = table.inputs[column]
        var landmarks = Landmarks()
        for row in table.rows[places] {
            landmarks.add(row.tests[column].forms)
            for slot in row.tests[column].reads { landmarks.add(frame[slot]) }
        }
        if case .name = input.form.shape, let slot = input.reads.first {
            if case .any = checker.units.sort(of: slot) { return guessed(column, landmarks) }
            return checker.values(of: slot, landmarks, on: day)
        }
        let sort = checker.units.sort(of: input)
        if case .any = sort { return guessed(column, landmarks) }
        return checker.values(sort, landmarks)
    }

    /// The values of a column about whose input nothing is declared, from the form of its cells.
    private func guessed(_ column: Int, _ landmarks: Landmarks) -> [Value]? {
        if table.rows[places].contains(where: { ["true", "false"].contains($0.tests[column].text) }) {
            return [true, false]
        }
        if !landmarks.texts.isEmpty { return checker.values(.text(nil), landmarks) }
        if !landmarks.days.isEmpty { return checker.values(.date, landmarks) }
        return checker.values(.plain, landmarks)
    }

    /// Whether no row at all is for the value of a column.
    func isForgotten(_ value: Value, column: Int) -> Bool {
        !table.rows[places].contains { $0.tests[column].holds(value, frame) }
    }

    func describe(_ values: [Value]) -> String {
        zip(table.inputs, values).map { "\($0.text) = \($1.rendered)" }.joined(separator: ", ")
    }
}

extension SchemeChecker {
    func checkTables() {
        let paid = slotsBehindPay()
        for figure in storage.figures {
            switch figure.work {
            case .table(let table, column: 0):
                for day in storage.changeDays { check(table, figure, on: day, paid) }
            case .decision(let plan): check(plan, figure, pays: paid.contains(figure.slot))
            default: break
            }
        }
    }

    private func check(_ table: TablePlan, _ figure: Figure, on day: CalendarDate, _ paid: Set<Int>) {
        var check = TableCheck(self, table, figure, on: day)
        if let reason = check.run() {
            return faults.report(
                .notChecked, at: figure.place, "gaps and overlaps of `\(table.name)` cannot be found: \(reason)",
                "compare with numbers, words and parameters, or split the table", severity: .warning)
        }
        if let gap = check.gap, table.partial == nil { report(gap, check, paid) }
        if let overlap = check.overlap {
            let numbers = overlap.rows.map { String($0 + 1) }.joined(separator: " and ")
            let more = table.hit == .any ? " and give different results" : ""
            faults.report(
                .overlap, at: table.rows[overlap.rows[1]].place,
                "rows \(numbers) of `\(table.name)` both apply to \(check.describe(overlap.values))\(more)",
                "make the bands half-open, such as `[100..200)`, or choose `hit: first`")
        }
        for row in table.rows(on: day) where !check.reached.contains(row) {
            let reason = check.hidden[row].map { hidden in
                ": to \(check.describe(hidden.values)), for example, row \(hidden.by + 1) applies before it"
            }
            faults.report(
                .unreachable, at: table.rows[row].place,
                "row \(row + 1) of `\(table.name)` can never apply\(reason ?? "")",
                "remove it or correct its conditions")
        }
    }

    private func report(_ gap: [Value], _ check: TableCheck, _ paid: Set<Int>) {
        let table = check.table
        let grade = table.inputs.indices.first { column in
            isLadder(table.inputs[column]) && check.isForgotten(gap[column], column: column)
        }
        let pays = paid.contains { slot in
            if case .table(let plan, _) = storage.figure(slot).work { plan === table } else { false }
        }
        if let grade, pays || check.figure.unit == storage.header.currency.code {
            faults.report(
                .gradeWithoutPay, at: check.figure.place,
                "no amount in `\(table.name)` for \(table.inputs[grade].text) = \(gap[grade].rendered)",
                "add a row for it")
        } else {
            faults.report(
                .gap, at: check.figure.place, "no row of `\(table.name)` applies to \(check.describe(gap))",
                "add a row, or say with `partial: <reason>` that it is meant")
        }
    }

    /// Everything that goes into a pay line, through however many figures.
    private func slotsBehindPay() -> Set<Int> {
        var found: Set<Int> = []
        var open = storage.pay.flatMap { $0.formula?.reads ?? [] }
        while let slot = open.popLast() {
            if found.insert(slot).inserted { open += storage.figure(slot).reads }
        }
        return found
    }

    private func isLadder(_ input: Formula) -> Bool {
        guard case .name = input.form.shape, let slot = input.reads.first else { return false }
        return storage.ladderSlots.contains(slot)
    }
}
