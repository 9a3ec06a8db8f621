import FEEL

/// Compiles boxed expressions; one that cannot be read gives null and is listed among the problems.
struct BoxedCompiler {
    typealias Boxed = ModelElements.Boxed

    var types: TypeTable
    let dialect: Expression.Dialect
    let element: String
    private(set) var problems: [DMNError] = []

    init(types: TypeTable, dialect: Expression.Dialect, element: String) {
        self.types = types
        self.dialect = dialect
        self.element = element
    }

    mutating func compile(_ boxed: Boxed, _ names: Names) -> any BoxedNode {
        switch boxed {
        case .literal(let text, let type): return typed(literal(text, names), type)
        case .table(let table): return typed(self.table(table, names), table.typeName)
        case .context(let entries, let type): return typed(context(entries, names), type)
        case .invocation(let callee, let arguments, let type):
            var values: [(name: String, value: any BoxedNode)] = []
            for (name, value) in arguments { values.append((name: name, value: compile(value, names))) }
            return typed(BoxedInvocation(compile(callee, names), values), type)
        case .list(let elements, let type):
            return typed(BoxedList(compileAll(elements, names)), type)
        case .relation(let columns, let rows, let type):
            var compiled: [[any BoxedNode]] = []
            for row in rows { compiled.append(compileAll(row, names)) }
            return typed(BoxedRelation(columns: columns, rows: compiled), type)
        case .function(let function): return lambda(function, name: element, names)
        case .conditional(let condition, let positive, let negative, let type):
            return typed(
                BoxedConditional(compile(condition, names), compile(positive, names), compile(negative, names)), type)
        default: return compileIteration(boxed, names)
        }
    }

    private mutating func compileIteration(_ boxed: Boxed, _ names: Names) -> any BoxedNode {
        switch boxed {
        case .filter(let list, let condition, let type):
            return typed(filter(compile(list, names), condition, names), type)
        case .loop(let variable, let list, let body, let type):
            let inner = names.adding("partial").adding(variable)
            return typed(BoxedLoop(compile(list, names), compile(body, inner)), type)
        case .quantified(let every, let variable, let list, let condition, let type):
            let node = compile(condition, names.adding(variable))
            return typed(BoxedQuantified(every: every, compile(list, names), node), type)
        default: return BoxedFailure("nothing to evaluate")
        }
    }

    private mutating func compileAll(_ elements: [Boxed], _ names: Names) -> [any BoxedNode] {
        var nodes: [any BoxedNode] = []
        for element in elements { nodes.append(compile(element, names)) }
        return nodes
    }

    private mutating func typed(_ node: any BoxedNode, _ typeName: String?) -> any BoxedNode {
        guard let typeName, let type = types.type(typeName) else { return node }
        if case .any = type { return node }
        return BoxedTyped(node, type)
    }

    private mutating func failed(_ message: String) -> any BoxedNode {
        problems.append(.expression(element: element, message: message))
        return BoxedFailure(message)
    }

    private mutating func literal(_ text: String, _ names: Names) -> any BoxedNode {
        do {
            return BoxedLiteral(try Expression(parsing: text, names: names, dialect: dialect))
        } catch {
            return failed(error.description)
        }
    }

    private mutating func context(_ entries: [ModelElements.BoxedEntry], _ names: Names) -> any BoxedNode {
        var scope = names
        var nodes: [any BoxedNode] = []
        var keys: [String] = []
        var result: (any BoxedNode)?
        for entry in entries {
            guard let variable = entry.variable else {
                result = compile(entry.value, scope)
                continue
            }
            var node: any BoxedNode
            if case .function(let function) = entry.value {
                node = lambda(function, name: variable.name, scope)
            } else {
                node = compile(entry.value, scope)
            }
            node = typed(node, variable.typeName)
            nodes.append(node)
            keys.append(variable.name)
            scope = scope.adding(variable.name)
        }
        guard Set(keys).count == keys.count else { return failed("a context gives an entry twice") }
        return BoxedContext(names: keys, entries: nodes, result: result)
    }

    mutating func lambda(
        _ function: ModelElements.BoxedFunction, name: String, _ names: Names
    ) -> any BoxedNode {
        self.function(function, name: name, names, result: function.typeName)
            ?? BoxedFailure("“\(name)” is not in the expression language and is not called")
    }

    /// A function ready to be given the values of its scope; nil when it is not in the expression language.
    mutating func function(
        _ function: ModelElements.BoxedFunction, name: String, _ names: Names, result: String?
    ) -> BoxedLambda? {
        guard function.isFEEL, let body = function.body else { return nil }
        var scope = names
        var parameters: [Function.Parameter] = []
        for parameter in function.parameters {
            scope = scope.adding(parameter.name)
            parameters.append(Function.Parameter(parameter.name, type: types.type(parameter.typeName)))
        }
        var type = types.type(result)
        if case .function? = type { type = nil }
        return BoxedLambda(name: name, parameters: parameters, result: type, body: compile(body, scope))
    }

    /// The name of the slot a filter's list stands in while its text is evaluated; no expression can write it.
    private static let listName = "␟"

    private mutating func filter(_ list: any BoxedNode, _ condition: Boxed, _ names: Names) -> any BoxedNode {
        if case .literal(let text, nil) = condition {
            let node = literal(Self.listName + "[" + text + "\n]", names.adding(Self.listName))
            return BoxedFilter(list, node, perElement: false)
        }
        return BoxedFilter(list, compile(condition, names.adding("item")), perElement: true)
    }

    private mutating func table(_ table: ModelElements.BoxedTable, _ names: Names) -> any BoxedNode {
        var outputs: [DecisionTable.Output] = []
        for output in table.outputs {
            outputs.append(
                DecisionTable.Output(
                    name: output.name, allowedValues: output.allowedValues ?? types.allowedValues(output.typeName),
                    defaultValue: output.defaultValue,
                    type: types.type(output.typeName)))
        }
        do {
            return BoxedDecisionTable(
                try DecisionTable(
                    inputs: table.inputs, outputs: outputs, rules: table.rules, hitPolicy: table.hitPolicy,
                    names: names,
                    dialect: dialect))
        } catch {
            return failed(error.description)
        }
    }
}
