public import FEEL

/// A decision table, read and compiled once: conditions on inputs, outputs, and what to do when several rules match.
///
/// ```swift
/// let table = try DecisionTable(
///     inputs: [.init("score"), .init("complaints")],
///     outputs: [.init(name: "grade")],
///     rules: [.init(["[90..100]", "0"], ["\"A\""]), .init(["-", "-"], ["\"B\""])],
///     hitPolicy: .first, names: ["score", "complaints"])
/// table.evaluate([95, 0])  // "A"
/// ```
public struct DecisionTable: Sendable {
    /// A column of conditions.
    public struct Input: Sendable {
        /// The expression whose value the column tests.
        public let expression: String
        /// The unary tests every value must pass; nil when anything may come.
        public let allowedValues: String?

        /// A column.
        public init(_ expression: String, allowedValues: String? = nil) {
            self.expression = expression
            self.allowedValues = allowedValues
        }
    }

    /// A column of results.
    public struct Output: Sendable {
        /// The name of the result; needed when there are several columns.
        public let name: String?
        /// The values the column may give, best first for ``HitPolicy/priority`` and ``HitPolicy/outputOrder``.
        public let allowedValues: String?
        /// The expression of the result when no rule matches.
        public let defaultValue: String?
        /// The type results are converted to.
        public let type: FEELType?

        /// A column.
        public init(
            name: String? = nil, allowedValues: String? = nil, defaultValue: String? = nil, type: FEELType? = nil
        ) {
            self.name = name
            self.allowedValues = allowedValues
            self.defaultValue = defaultValue
            self.type = type
        }
    }

    /// A row: one unary test per input, one expression per output.
    public struct Rule: Sendable {
        /// The tests, in the order of the inputs.
        public let conditions: [String]
        /// The results, in the order of the outputs.
        public let results: [String]

        /// A row.
        public init(_ conditions: [String], _ results: [String]) {
            self.conditions = conditions
            self.results = results
        }
    }

    /// The value of a table and the rules it came from.
    public struct Outcome: Sendable {
        /// The result by the hit policy; null when no rule matches and there is no default.
        public let value: Value
        /// The rules that matched, counted from 0.
        public let matched: [Int]
        /// The reasons for nulls that came from mistakes.
        public let diagnostics: [Diagnostic]
    }

    /// What the table does when several rules match.
    public let hitPolicy: HitPolicy
    /// The columns of conditions.
    public let inputs: [Input]
    /// The columns of results.
    public let outputs: [Output]
    /// The slots of the variables the table uses, in order.
    public let references: [Int]
    let columns: [InputColumn]
    let results: [OutputColumn]
    let rows: [Row]

    struct InputColumn: Sendable {
        let expression: Expression
        let allowed: UnaryTests?
    }

    struct OutputColumn: Sendable {
        let name: String
        let allowed: UnaryTests?
        /// The allowed values in order of priority.
        let priorities: [Value]
        let defaultValue: Expression?
        let type: FEELType?
    }

    struct Cell: Sendable {
        let input: Int
        let tests: UnaryTests
    }

    struct Row: Sendable {
        let conditions: [Cell]
        let results: [Expression]
    }
}

extension DecisionTable {
    /// Reads and compiles a table.
    ///
    /// - Throws: ``DMNError/table(message:)`` when a row does not fit the columns,
    ///   ``DMNError/expression(element:message:)`` when a cell cannot be read; the place names row and column from 1.
    public init(
        inputs: [Input], outputs: [Output], rules: [Rule], hitPolicy: HitPolicy, names: Names,
        dialect: Expression.Dialect = Expression.Dialect()
    ) throws(DMNError) {
        guard !outputs.isEmpty else { throw .table(message: "the table has no output") }
        guard outputs.count == 1 || outputs.allSatisfy({ $0.name != nil }) else {
            throw .table(message: "the outputs need names because there are several")
        }
        if case .collect(let aggregation?) = hitPolicy, outputs.count > 1 {
            throw .table(message: "\(aggregation.rawValue) needs a single output")
        }
        var reader = CellReader(names: names, dialect: dialect)
        columns = try reader.columns(inputs)
        results = try reader.columns(outputs)
        rows = try reader.rows(rules, inputs: inputs.count, outputs: outputs.count)
        references = reader.references.sorted()
        self.inputs = inputs
        self.outputs = outputs
        self.hitPolicy = hitPolicy
    }

    /// The value for variables in slot order.
    public func evaluate(_ values: [Value]) -> Value {
        var evaluation = Evaluation(values)
        return evaluate(in: &evaluation)
    }

    /// The value for variables in slot order, with the rules that matched and the reasons for nulls.
    public func outcome(_ values: [Value]) -> Outcome {
        var evaluation = Evaluation(values, recording: true)
        var matched: [Int] = []
        let value = evaluate(in: &evaluation, matched: &matched)
        return Outcome(value: value, matched: matched, diagnostics: evaluation.diagnostics)
    }

    /// The value within an evaluation, on the values it holds.
    public func evaluate(in evaluation: inout Evaluation) -> Value {
        var matched: [Int] = []
        return evaluate(in: &evaluation, matched: &matched)
    }
}

/// Reads the cells of a table and says where one is wrong.
private struct CellReader {
    let names: Names
    let dialect: Expression.Dialect
    var references: Set<Int> = []

    mutating func expression(_ text: String, _ place: String) throws(DMNError) -> Expression {
        do {
            let expression = try Expression(parsing: text, names: names, dialect: dialect)
            references.formUnion(expression.references)
            return expression
        } catch {
            throw .expression(element: place, message: error.description)
        }
    }

    mutating func tests(_ text: String, _ place: String) throws(DMNError) -> UnaryTests {
        do {
            let tests = try UnaryTests(parsing: text, names: names, dialect: dialect)
            references.formUnion(tests.references)
            return tests
        } catch {
            throw .expression(element: place, message: error.description)
        }
    }

    mutating func columns(_ inputs: [DecisionTable.Input]) throws(DMNError) -> [DecisionTable.InputColumn] {
        var columns: [DecisionTable.InputColumn] = []
        for (index, input) in inputs.enumerated() {
            let expression = try expression(input.expression, "input \(index + 1)")
            var allowed: UnaryTests?
            if let text = input.allowedValues { allowed = try tests(text, "allowed values of input \(index + 1)") }
            columns.append(DecisionTable.InputColumn(expression: expression, allowed: allowed))
        }
        return columns
    }

    mutating func columns(_ outputs: [DecisionTable.Output]) throws(DMNError) -> [DecisionTable.OutputColumn] {
        var columns: [DecisionTable.OutputColumn] = []
        for (index, output) in outputs.enumerated() {
            var priorities: [Value] = []
            var allowed: UnaryTests?
            if let text = output.allowedValues {
                let place = "allowed values of output \(index + 1)"
                allowed = try tests(text, place)
                priorities = values(of: text)
            }
            var defaultValue: Expression?
            if let text = output.defaultValue { defaultValue = try expression(text, "default of output \(index + 1)") }
            columns.append(
                DecisionTable.OutputColumn(
                    name: output.name ?? "", allowed: allowed, priorities: priorities, defaultValue: defaultValue,
                    type: output.type))
        }
        return columns
    }

    /// The allowed values as a list, when they are plain values; their order is their priority.
    private func values(of text: String) -> [Value] {
        guard let list = try? Expression(parsing: "[" + text + "]", names: names, dialect: dialect) else { return [] }
        return list.evaluate([]).asList ?? []
    }

    mutating func rows(
        _ rules: [DecisionTable.Rule], inputs: Int, outputs: Int
    ) throws(DMNError) -> [DecisionTable.Row] {
        var rows: [DecisionTable.Row] = []
        for (index, rule) in rules.enumerated() {
            guard rule.conditions.count == inputs, rule.results.count == outputs else {
                throw .table(message: "rule \(index + 1) does not have \(inputs) conditions and \(outputs) results")
            }
            var conditions: [DecisionTable.Cell] = []
            for (column, text) in rule.conditions.enumerated() {
                let tests = try tests(text, "rule \(index + 1), input \(column + 1)")
                if !tests.isAny { conditions.append(DecisionTable.Cell(input: column, tests: tests)) }
            }
            var results: [Expression] = []
            for (column, text) in rule.results.enumerated() {
                results.append(try expression(text, "rule \(index + 1), output \(column + 1)"))
            }
            rows.append(DecisionTable.Row(conditions: conditions, results: results))
        }
        return rows
    }
}
