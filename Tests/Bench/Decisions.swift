import ArgumentParser
import DMN
import Domain
import FEEL
import Foundation

/// Decisions and expressions per second on one core, each checked against what has to come out.
struct Decisions: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure decision tables, a decision model and FEEL on one core.")

    @Option(help: "Evaluations of each kind; a model's requests are a fifth of it.") var evaluations = 500_000
    @Option(help: "The decision model.") var model = "Tests/Bench/Models/loan-request.dmn"

    func run() throws {
        try measureTable()
        try measureModel()
        for sample in ExpressionSample.all { try measure(sample) }
    }

    // MARK: a table of eight rules and three inputs

    private static let rules: [DecisionTable.Rule] = [
        .init(["\"junior\"", "< 60", "-"], ["0"]), .init(["\"junior\"", "[60..80)", "-"], ["300"]),
        .init(["\"junior\"", ">= 80", "false"], ["500"]), .init(["\"junior\"", ">= 80", "true"], ["600"]),
        .init(["\"senior\", \"chief\"", "< 60", "-"], ["100"]),
        .init(["\"senior\", \"chief\"", "[60..80)", "-"], ["700"]),
        .init(["\"senior\"", ">= 80", "-"], ["1100"]), .init(["\"chief\"", ">= 80", "-"], ["1500"]),
    ]

    private func measureTable() throws {
        let table = try DecisionTable(
            inputs: [.init("grade"), .init("score"), .init("certified")], outputs: [.init()], rules: Self.rules,
            hitPolicy: .unique, names: ["grade", "score", "certified"])
        var random = SeededNumbers(seed: 8)
        let cases = (0..<1_024).map { _ -> (values: [Value], expected: Int) in
            let grade = ["junior", "senior", "chief"][random.below(3)]
            let score = random.below(101)
            let certified = random.below(2) == 0
            return ([.string(grade), .number(score), .boolean(certified)], Self.expected(grade, score, certified))
        }
        var sum = Decimal128.zero
        var expected = 0
        let duration = ContinuousClock().measure {
            for number in 0..<evaluations {
                let sample = cases[number % cases.count]
                sum += table.evaluate(sample.values).asNumber ?? .zero
                expected += sample.expected
            }
        }
        report("table_decisions_per_second", count: evaluations, in: duration)
        try check("table", sum == Decimal128(expected))
    }

    /// The same rules once more, without a table.
    private static func expected(_ grade: String, _ score: Int, _ certified: Bool) -> Int {
        switch (grade, score) {
        case ("junior", ..<60): 0
        case ("junior", ..<80): 300
        case ("junior", _): certified ? 600 : 500
        case (_, ..<60): 100
        case (_, ..<80): 700
        case ("senior", _): 1100
        default: 1500
        }
    }

    // MARK: a model of eleven decisions

    private func measureModel() throws {
        let bytes = try Data(contentsOf: URL(filePath: model))
        let model = try DMNModel(xml: Array(bytes))
        let cases: [(age: Int, income: Int, bureau: Int, documents: Bool, answer: String)] = [
            (51, 10_000, 649, true, "accept"), (51, 10_000, 570, true, "refer"),
            (51, 10_000, 570, false, "ask for documents"), (17, 10_000, 649, true, "decline"),
            (51, 5_600, 649, true, "decline"),
        ]
        let requests = cases.map { Self.request($0.age, $0.income, $0.bureau, $0.documents) }
        for (request, sample) in zip(requests, cases) {
            try check("model", try model.evaluate(decision: "Answer", inputs: request).value.asString == sample.answer)
        }
        let count = max(evaluations / 5, 1)
        var answered = 0
        let duration = try ContinuousClock().measure {
            for number in 0..<count {
                let value = try model.evaluate(decision: "Answer", inputs: requests[number % requests.count]).value
                if !value.isNull { answered += 1 }
            }
        }
        report("model_requests_per_second", count: count, in: duration)
        report("model_decisions_per_second", count: count * model.decisions.count, in: duration)
        try check("model", answered == count)
    }

    private static func request(_ age: Int, _ income: Int, _ bureau: Int, _ documents: Bool) -> [String: Value] {
        let rate = Decimal128(units: 395, scale: 4)
        return [
            "Applicant": .context([
                "age": .number(age), "status": "married", "employment": "employed", "known customer": false,
                "monthly": .context(["income": .number(income), "repayments": 2_500, "expenses": 3_000]),
            ]),
            "Product": .context(["kind": "standard", "rate": .number(rate), "term": 360, "amount": 100_000]),
            "Bureau": .context(["score": .number(bureau), "bankrupt": false]), "Documents": .boolean(documents),
        ]
    }

    // MARK: expressions

    private func measure(_ sample: ExpressionSample) throws {
        let expression = try Expression(parsing: sample.text, names: Names(sample.values.map(\.name)))
        let values = sample.values.map(\.value)
        var same = 0
        let duration = ContinuousClock().measure {
            for _ in 0..<evaluations where expression.evaluate(values) == sample.expected { same += 1 }
        }
        report("feel_\(sample.name)_per_second", count: evaluations, in: duration)
        try check(sample.name, same == evaluations)
    }

    private func check(_ what: String, _ holds: Bool) throws {
        guard holds else {
            print("\(what): another result than expected")
            throw ExitCode(1)
        }
    }
}

/// An expression of one kind with what it must give.
private struct ExpressionSample {
    let name: String
    let text: String
    let values: [(name: String, value: Value)]
    let expected: Value

    private static let numbers: Value = .list((1...12).map { .number($0) })
    private static let customers: Value = .list(
        (1...12).map { .context(["customer": .string("c-\($0)"), "value": .number($0 * 100)]) })

    static let all = [
        ExpressionSample(
            name: "arithmetic", text: "max(0, balance - mark) * rate + base",
            values: [
                ("balance", 32_500_000), ("mark", 31_000_000), ("rate", .number(Decimal128(units: 1, scale: 3))),
                ("base", 1_200),
            ], expected: 2_700),
        ExpressionSample(
            name: "condition", text: "if score >= 90 then \"A\" else if score >= 80 then \"B\" else \"C\"",
            values: [("score", 85)], expected: "B"),
        ExpressionSample(
            name: "text", text: "contains(lower case(name), \"bank\") and starts with(name, \"The\")",
            values: [("name", "The Bank of the River")], expected: true),
        ExpressionSample(
            name: "date", text: "date(\"2026-03-05\") + duration(\"P1M\") <= day",
            values: [
                ("day", .date(2026, 4, 30))
            ], expected: true),
        ExpressionSample(
            name: "list", text: "sum(points) + count(points[item > 6])", values: [("points", numbers)], expected: 84),
        ExpressionSample(
            name: "filter", text: "sum(customers[value > 500].value)", values: [("customers", customers)],
            expected: 6_300),
        ExpressionSample(
            name: "loop", text: "sum(for p in points return p * 2)", values: [("points", numbers)], expected: 156),
        ExpressionSample(
            name: "quantified", text: "every p in points satisfies p < 13", values: [("points", numbers)],
            expected: true),
    ]
}

extension Value {
    fileprivate static func date(_ year: Int, _ month: Int, _ day: Int) -> Value {
        (try? Expression(parsing: "date(\(year), \(month), \(day))", names: []))?.evaluate([]) ?? .null
    }
}
