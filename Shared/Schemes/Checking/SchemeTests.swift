import Domain
import FEEL

/// Runs the tests that a pack carries in its `tests/` folder.
public enum SchemeTests {
    /// All tests of a pack, in file order.
    public static func run(_ files: [SchemeSource]) -> TestReport {
        let faults = FaultLog()
        guard let storage = Scheme.compile(files, faults: faults), !faults.hasErrors else {
            return TestReport(faults: faults.sorted, cases: [], notReached: [])
        }
        let scheme = Scheme(storage)
        var coverage = Coverage()
        var cases: [TestReport.Case] = []
        each(in: files, of: scheme, faults) { file, run in
            var run = run
            let name = run.test.required("test")?.text ?? ""
            let failures = run.run()
            coverage.formUnion(run.coverage)
            run.test.finish()
            cases.append(.init(file: file, line: run.test.place.line, name: name, failures: failures))
        }
        return TestReport(faults: faults.sorted, cases: cases, notReached: coverage.notReached(in: storage))
    }

    /// Reads the tests of a pack, in the order of its files, and hands over each with the file's name.
    static func each(in files: [SchemeSource], of scheme: Scheme, _ faults: FaultLog, _ body: (String, TestRun) -> Void)
    {
        for file in files.filter({ $0.file.contains("tests/") }).sorted(by: { $0.file < $1.file }) {
            guard let root = Fields.root(of: file, faults: faults) else { continue }
            let background = root.list("background")
            for test in root.list("tests") {
                body(file.file, TestRun(scheme, test, background: background, faults: faults))
            }
            root.finish()
        }
    }
}

/// What the tests of a pack came to.
public struct TestReport: Sendable {
    public struct Case: Sendable {
        public let file: String
        public let line: Int
        public let name: String
        /// Empty when the test passed.
        public let failures: [String]
    }

    /// What is wrong with the pack or its test files.
    public let faults: [SchemeFault]
    public let cases: [Case]
    /// Rules that no test set off, and table rows that none reached.
    public let notReached: [String]

    public var passed: Bool { faults.isEmpty && cases.allSatisfy(\.failures.isEmpty) && !cases.isEmpty }
}

/// Which rules and table rows the tests reached.
struct Coverage {
    var elements: Set<String> = []
    var waivers: Set<String> = []
    /// `table#row`, rows from one.
    var rows: Set<String> = []

    mutating func formUnion(_ other: Coverage) {
        elements.formUnion(other.elements)
        waivers.formUnion(other.waivers)
        rows.formUnion(other.rows)
    }

    mutating func note(_ effects: [Effect]) {
        for effect in effects {
            switch effect {
            case .finding(let finding):
                elements.insert(finding.element)
                if let waiver = finding.waiver { waivers.insert(Names.normalised(waiver)) }
            case .task(let task): elements.insert(task.task)
            case .status(let change): elements.insert(change.status)
            case .notice(let notice): elements.insert(notice.notice)
            case .grade(let change): elements.insert(change.ladder)
            case .findingWithdrawn, .taskClosed, .statusWithdrawn: break
            }
        }
    }

    mutating func note(_ gaps: [Gap]) {
        for gap in gaps where gap.kind == .excluded { elements.insert(gap.figure) }
    }

    mutating func note(_ trace: Trace?) {
        for node in trace?.nodes ?? [] where node.kind == "waiver" && node.value == "true" {
            waivers.insert(node.figure)
        }
        for node in trace?.nodes ?? [] where node.kind == "table" {
            let words = node.filled.split(separator: " ")
            let table = node.formula.prefix { $0 != "(" }
            for (word, next) in zip(words, words.dropFirst()) where word == "row" {
                rows.insert("\(table)#\(next.prefix { $0.isNumber })")
            }
        }
    }

    func notReached(in storage: SchemeStorage) -> [String] {
        var missing: [String] = []
        let findings = storage.findings.values.flatMap { $0 }.map(\.head)
        let statuses = storage.statuses.values.flatMap { $0 }.map(\.head)
        let more =
            storage.liabilities.values.flatMap { $0 }.map(\.head) + storage.lifelong.map(\.rule.head)
            + storage.periodFindings.map(\.head)
        let closing = storage.closeFindings.values.flatMap { $0 }.map(\.head)
        let heads =
            findings + closing + more + statuses + storage.tasks.map(\.head) + storage.obligations.map(\.head)
            + storage.exclusions.map(\.head)
        for head in heads where !elements.contains(head.name) { missing.append("rule `\(head.name)`") }
        for waiver in storage.waivers where !waivers.contains(Names.normalised(waiver.head.name)) {
            missing.append("waiver `\(waiver.head.name)`")
        }
        for notice in storage.notices where !elements.contains(notice.notice.name) {
            // What an event tells is planned by Notifications when the event comes, not by an evaluation.
            if case .event = notice.notice.trigger { continue }
            missing.append("notice `\(notice.notice.name)`")
        }
        for figure in storage.figures {
            guard case .table(let plan, column: 0) = figure.work else { continue }
            for row in plan.rows.indices where !rows.contains("\(plan.name)#\(row + 1)") {
                missing.append("row \(row + 1) of the table `\(plan.name)`")
            }
        }
        return Set(missing).sorted()
    }
}
