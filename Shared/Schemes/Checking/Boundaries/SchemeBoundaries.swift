import Domain
import FEEL

/// Makes the cases on both sides of every threshold of a scheme.
public enum SchemeBoundaries {
    /// Every threshold with the value just below, at and just above it, and what the scheme gives there.
    ///
    /// The same pack always gives the same report; its `tests/` are left out.
    ///
    /// - Throws: the faults of a pack that does not compile.
    public static func report(_ files: [SchemeSource]) throws(SchemeFaults) -> BoundaryReport {
        let scheme = try Scheme(compiling: files)
        var writer = BoundaryWriter(scheme)
        writer.write()
        return writer.report
    }
}

/// Gathers boundaries as rows for people and as tests.
private struct BoundaryWriter {
    let search: BoundarySearch
    private var boundaries: [SchemeBoundary] = []
    private var untried: [String] = []
    private var tests: [String] = []
    private var seen: Set<[[FactLine]]> = []

    init(_ scheme: Scheme) { search = BoundarySearch(scheme) }

    private var storage: SchemeStorage { search.storage }

    mutating func write() {
        for threshold in search.finder.all() { write(threshold) }
        for rule in storage.obligations.sorted(by: { $0.head.place.line < $1.head.place.line }) { write(rule) }
        for rule in search.finder.units.once(storage.factTasks, \.head) {
            let types = storage.factTasks.filter { $0.value.contains { $0.head.place == rule.head.place } }.keys
                .sorted()
            guard let cases = EscalationCases(search: search).cases(rule, types), let close = cases.last?.closes.last,
                cases.count == 2
            else { continue }
            add(
                cases, rule.head, "task", "answer", "the close of \(close)", .moment, .task(rule.head.name))
        }
        boundaries = boundaries.enumerated().sorted {
            ($0.element.line, $0.offset) < ($1.element.line, $1.offset)
        }.map(\.element)
    }

    var report: BoundaryReport {
        let head = """
            # Made by `gradus scheme boundaries --write`: both sides of every threshold. Make it again when a rule
            # changes, and read the difference.

            """
        let body = tests.isEmpty ? "tests: []\n" : "tests:\n" + tests.joined(separator: "\n") + "\n"
        return BoundaryReport(
            boundaries: boundaries, untried: untried,
            tests: SchemeSource(file: "tests/boundaries.yaml", text: head + body))
    }

    private mutating func write(_ threshold: Threshold) {
        let quantity = threshold.name(in: storage)
        if let cases = search.cases(threshold) {
            add(
                cases, threshold.head, threshold.kind, quantity, threshold.value.plainText, threshold.sort,
                threshold.watch)
        } else if let cases = FigureCases(search: search).cases(threshold) {
            add(cases, threshold, quantity)
        } else {
            untried.append(
                "\(threshold.head.place.file):\(threshold.head.place.line): `\(threshold.head.name)` at \(quantity) = "
                    + "\(threshold.value.plainText): nothing was found that differs on its two sides")
        }
    }

    private mutating func write(_ rule: ObligationRule) {
        guard let cases = DeadlineCases(search: search).cases(rule), let at = cases.first(where: { $0.side == .at })
        else {
            untried.append(
                "\(rule.head.place.file):\(rule.head.place.line): the deadline of `\(rule.head.name)`: its dates follow "
                    + "from other figures")
            return
        }
        add(
            cases, rule.head, "obligation", "deadline", at.value, .moment, .finding(rule: rule.head.clause.rule))
    }

    // MARK: rows and tests

    private mutating func add(
        _ cases: [BoundaryCase], _ head: RuleHead, _ kind: String, _ quantity: String, _ value: String, _ sort: Sort,
        _ watch: Threshold.Watch
    ) {
        let expectation = Expectation(cases.map(\.observation), watching: watch, in: storage)
        boundaries.append(
            boundary(
                head, kind, quantity, value, sort, .facts,
                cases.map {
                    .init(side: $0.side, value: $0.value, outcome: expectation.outcome($0.observation))
                }))
        guard seen.insert(cases.map(\.lines) + [[FactLine(type: "\(watch)", date: .earliest)]]).inserted else { return }
        for one in cases {
            var lines = ["  - test: " + YAMLText.quoted("\(head.name): \(quantity) \(one.side.text) \(value)")]
            lines.append(one.lines.isEmpty ? "    facts: []" : "    facts:")
            lines += one.lines.map { "      - " + $0.yaml }
            lines += expectation.yaml(one.observation, one.closes, indent: "    ")
            tests.append(lines.joined(separator: "\n"))
        }
    }

    private mutating func add(_ cases: [FigureCases.Case], _ threshold: Threshold, _ quantity: String) {
        let value = threshold.value.plainText
        boundaries.append(
            boundary(
                threshold.head, threshold.kind, quantity, value, threshold.sort, .figures,
                cases.map { one in
                    let row = one.row.map { "row \($0): " } ?? ""
                    return .init(
                        side: one.side, value: one.value, outcome: row + "\(one.figure ?? "condition") \(one.result)")
                }))
        for one in cases where one.isTestable {
            let given = one.given.map { "\(YAMLText.scalar($0.name)): \(YAMLText.scalar($0.value.plainText))" }
            tests.append(
                """
                  - test: \(YAMLText.quoted("\(threshold.head.name): \(quantity) \(one.side.text) \(value)"))
                    given: { \(given.joined(separator: ", ")) }
                    gives: { \(YAMLText.scalar(one.figure ?? "")): \(YAMLText.scalar(one.result)) }
                """)
        }
    }

    private func boundary(
        _ head: RuleHead, _ kind: String, _ quantity: String, _ value: String, _ sort: Sort,
        _ evidence: SchemeBoundary.Evidence, _ cases: [SchemeBoundary.Case]
    ) -> SchemeBoundary {
        var unit = ""
        if case .number(.units(let units)) = sort { unit = units.map(\.text).sorted().joined(separator: " or ") }
        return SchemeBoundary(
            element: head.name, kind: kind, rule: head.clause.rule, clause: head.clause.text, file: head.place.file,
            line: head.place.line, quantity: quantity, threshold: value, unit: unit, evidence: evidence, cases: cases)
    }
}

extension SchemeBoundary.Side {
    fileprivate var text: String {
        switch self {
        case .below: "just below"
        case .at: "at"
        case .above: "just above"
        }
    }
}
