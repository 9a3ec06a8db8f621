import FEEL

/// A compiled boxed expression, evaluated on the values of its scope.
protocol BoxedNode: AnyObject, Sendable {
    func evaluate(in evaluation: inout Evaluation) -> Value
}

final class BoxedLiteral: BoxedNode {
    private let expression: Expression
    init(_ expression: Expression) { self.expression = expression }
    func evaluate(in evaluation: inout Evaluation) -> Value { expression.evaluate(in: &evaluation) }
}

/// An expression that could not be read: it has no value, for this reason.
final class BoxedFailure: BoxedNode {
    private let reason: String
    init(_ reason: String) { self.reason = reason }
    func evaluate(in evaluation: inout Evaluation) -> Value { evaluation.fail(reason) }
}

final class BoxedDecisionTable: BoxedNode {
    private let table: DecisionTable
    init(_ table: DecisionTable) { self.table = table }
    func evaluate(in evaluation: inout Evaluation) -> Value { table.evaluate(in: &evaluation) }
}

/// A value converted to the type its variable has.
final class BoxedTyped: BoxedNode {
    private let value: any BoxedNode
    private let type: FEELType

    init(_ value: any BoxedNode, _ type: FEELType) {
        self.value = value
        self.type = type
    }

    func evaluate(in evaluation: inout Evaluation) -> Value {
        let value = value.evaluate(in: &evaluation)
        return type.converting(value) ?? evaluation.fail("a \(value.typeName) is not of the type it should have")
    }
}

/// Named entries, each seeing the ones before; a last entry without name is the value.
final class BoxedContext: BoxedNode {
    private let template: Context
    private let entries: [any BoxedNode]
    private let result: (any BoxedNode)?

    init(names: [String], entries: [any BoxedNode], result: (any BoxedNode)?) {
        template = Context(names.map { ($0, Value.null) })
        self.entries = entries
        self.result = result
    }

    func evaluate(in evaluation: inout Evaluation) -> Value {
        guard evaluation.spend(entries.count + 1) else { return .null }
        for entry in entries {
            let value = entry.evaluate(in: &evaluation)
            evaluation.push(value)
        }
        defer { evaluation.pop(entries.count) }
        if let result { return result.evaluate(in: &evaluation) }
        return .context(template.replacingValues(evaluation.values.suffix(entries.count)))
    }
}

final class BoxedList: BoxedNode {
    private let elements: [any BoxedNode]
    init(_ elements: [any BoxedNode]) { self.elements = elements }
    func evaluate(in evaluation: inout Evaluation) -> Value {
        guard evaluation.spend(elements.count) else { return .null }
        return .list(elements.map { $0.evaluate(in: &evaluation) })
    }
}

final class BoxedRelation: BoxedNode {
    private let template: Context
    private let rows: [[any BoxedNode]]

    init(columns: [String], rows: [[any BoxedNode]]) {
        template = Context(columns.map { ($0, Value.null) })
        self.rows = rows
    }

    func evaluate(in evaluation: inout Evaluation) -> Value {
        guard evaluation.spend(rows.count) else { return .null }
        return .list(
            rows.map { row in
                .context(template.replacingValues(row.map { $0.evaluate(in: &evaluation) }))
            })
    }
}

final class BoxedInvocation: BoxedNode {
    private let callee: any BoxedNode
    private let arguments: [(name: String, value: any BoxedNode)]

    init(_ callee: any BoxedNode, _ arguments: [(name: String, value: any BoxedNode)]) {
        self.callee = callee
        self.arguments = arguments
    }

    func evaluate(in evaluation: inout Evaluation) -> Value {
        let target = callee.evaluate(in: &evaluation)
        guard case .function(let function) = target else {
            return evaluation.fail("\(target.typeName) is not a function and cannot be invoked")
        }
        var values: [(name: String, value: Value)] = []
        for (name, value) in arguments { values.append((name: name, value: value.evaluate(in: &evaluation))) }
        return function.call(named: values, &evaluation)
    }
}

/// A function defined in a boxed expression; it remembers the values of its scope.
final class BoxedLambda: BoxedNode {
    private let parameters: [Function.Parameter]
    private let result: FEELType?
    private let body: any BoxedNode
    private let name: String

    init(name: String, parameters: [Function.Parameter], result: FEELType?, body: any BoxedNode) {
        self.name = name
        self.parameters = parameters
        self.result = result
        self.body = body
    }

    func evaluate(in evaluation: inout Evaluation) -> Value {
        .function(function(capturing: evaluation.values))
    }

    func function(capturing values: [Value]) -> Function {
        Function(name: name, parameters: parameters, result: result) { [body] arguments, evaluation in
            evaluation.nested(values + arguments) { body.evaluate(in: &$0) } ?? .null
        }
    }
}

final class BoxedConditional: BoxedNode {
    private let condition: any BoxedNode
    private let positive: any BoxedNode
    private let negative: any BoxedNode

    init(_ condition: any BoxedNode, _ positive: any BoxedNode, _ negative: any BoxedNode) {
        self.condition = condition
        self.positive = positive
        self.negative = negative
    }

    func evaluate(in evaluation: inout Evaluation) -> Value {
        switch condition.evaluate(in: &evaluation) {
        case .boolean(true): positive.evaluate(in: &evaluation)
        case .boolean(false), .null: negative.evaluate(in: &evaluation)
        case let other: evaluation.fail("the condition of “if” is a \(other.typeName)")
        }
    }
}

/// A filter whose condition is read as the text between brackets, or evaluated per element with `item` in scope.
final class BoxedFilter: BoxedNode {
    private let list: any BoxedNode
    private let condition: any BoxedNode
    private let perElement: Bool

    init(_ list: any BoxedNode, _ condition: any BoxedNode, perElement: Bool) {
        self.list = list
        self.condition = condition
        self.perElement = perElement
    }

    func evaluate(in evaluation: inout Evaluation) -> Value {
        let value = list.evaluate(in: &evaluation)
        guard perElement else { return scoped(value, &evaluation) }
        guard let elements = evaluation.elements(of: value), evaluation.spend(elements.count) else { return .null }
        var kept: [Value] = []
        for element in elements {
            switch scoped(element, &evaluation) {
            case .boolean(true): kept.append(element)
            case .boolean(false), .null: break
            case let other: return evaluation.fail("a filter must give true or false, not \(other.typeName)")
            }
        }
        return .list(kept)
    }

    private func scoped(_ value: Value, _ evaluation: inout Evaluation) -> Value {
        evaluation.push(value)
        defer { evaluation.pop() }
        return condition.evaluate(in: &evaluation)
    }
}

/// A loop, with the results so far in scope as `partial`.
final class BoxedLoop: BoxedNode {
    private let list: any BoxedNode
    private let body: any BoxedNode

    init(_ list: any BoxedNode, _ body: any BoxedNode) {
        self.list = list
        self.body = body
    }

    func evaluate(in evaluation: inout Evaluation) -> Value {
        guard let elements = evaluation.elements(of: list.evaluate(in: &evaluation)) else { return .null }
        var results: [Value] = []
        for element in elements {
            guard evaluation.spend(1 + results.count / 16) else { return .null }
            evaluation.push(.list(results))
            evaluation.push(element)
            let value = body.evaluate(in: &evaluation)
            evaluation.pop(2)
            guard evaluation.admits(value) else { return .null }
            results.append(value)
        }
        return .list(results)
    }
}

final class BoxedQuantified: BoxedNode {
    private let every: Bool
    private let list: any BoxedNode
    private let condition: any BoxedNode

    init(every: Bool, _ list: any BoxedNode, _ condition: any BoxedNode) {
        self.every = every
        self.list = list
        self.condition = condition
    }

    func evaluate(in evaluation: inout Evaluation) -> Value {
        guard let elements = evaluation.elements(of: list.evaluate(in: &evaluation)) else { return .null }
        var unknown = false
        for element in elements {
            guard evaluation.spend() else { return .null }
            evaluation.push(element)
            let value = condition.evaluate(in: &evaluation)
            evaluation.pop()
            switch value {
            case .boolean(let holds):
                if holds != every { return .boolean(!every) }
            case .null: unknown = true
            default: return evaluation.fail("the condition after “satisfies” is a \(value.typeName)")
            }
        }
        return unknown ? .null : .boolean(every)
    }
}
