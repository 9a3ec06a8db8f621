import FEEL

/// What a decision or a function can ask for.
enum ModelSource: Sendable {
    case input(InputDataNode)
    case decision(DecisionNode)
    case constant(Value)
    /// The elements asked for from one imported model, under its name.
    case imported(Context, [ModelSource])

    func value(_ run: inout ModelRun) -> Value {
        switch self {
        case .input(let input): return input.value(&run)
        case .decision(let decision): return decision.value(&run)
        case .constant(let value): return value
        case .imported(let template, let sources):
            var values: [Value] = []
            for source in sources { values.append(source.value(&run)) }
            return .context(template.replacingValues(values))
        }
    }
}

/// One evaluation of a model: what is known so far.
struct ModelRun {
    var evaluation: Evaluation
    /// The values of inputs and decisions by their place in the model; nil while unknown.
    var known: [Value?]
    let inputs: [String: Value]

    /// Starts a run in which some elements are given.
    init(evaluation: Evaluation, count: Int, inputs: [String: Value] = [:]) {
        self.evaluation = evaluation
        known = [Value?](repeating: nil, count: count)
        self.inputs = inputs
    }
}

/// An input of a model.
final class InputDataNode: Sendable {
    let place: Int
    let name: String
    /// The name with the import's name before it, as a caller of an importing model may give it.
    let qualifiedName: String
    let type: FEELType?

    init(place: Int, name: String, qualifiedName: String, type: FEELType?) {
        self.place = place
        self.name = name
        self.qualifiedName = qualifiedName
        self.type = type
    }

    func value(_ run: inout ModelRun) -> Value {
        if let known = run.known[place] { return known }
        let value = accept(run.inputs[qualifiedName] ?? run.inputs[name] ?? .null, &run.evaluation)
        run.known[place] = value
        return value
    }

    /// A value as the input's type wants it; null when it does not fit.
    func accept(_ value: Value, _ evaluation: inout Evaluation) -> Value {
        guard let type else { return value }
        return type.converting(value)
            ?? evaluation.fail("the input “\(name)” is a \(value.typeName) or a value not allowed")
    }
}

/// A decision with everything it needs.
final class DecisionNode: Sendable {
    let place: Int
    let name: String
    let variableName: String
    private let sources: [ModelSource]
    private let logic: (any BoxedNode)?
    let type: FEELType?

    init(
        place: Int, name: String, variableName: String, sources: [ModelSource], logic: (any BoxedNode)?,
        type: FEELType?
    ) {
        self.place = place
        self.name = name
        self.variableName = variableName
        self.sources = sources
        self.logic = logic
        self.type = type
    }

    func value(_ run: inout ModelRun) -> Value {
        if let known = run.known[place] { return known }
        var values: [Value] = []
        values.reserveCapacity(sources.count)
        for source in sources { values.append(source.value(&run)) }
        var value = Value.null
        if let logic {
            value = run.evaluation.nested(values) { logic.evaluate(in: &$0) } ?? .null
        } else {
            run.evaluation.fail("the decision “\(name)” has no logic")
        }
        if let type {
            value =
                type.converting(value)
                ?? run.evaluation.fail("the decision “\(name)” gives a \(value.typeName), which is not its type")
        }
        run.known[place] = value
        return value
    }
}

/// A decision service: decisions worked out from given inputs and given decisions.
final class ServiceNode: Sendable {
    enum Parameter: Sendable {
        case input(InputDataNode)
        case decision(DecisionNode)

        var name: String {
            switch self {
            case .input(let input): input.name
            case .decision(let decision): decision.variableName
            }
        }

        var type: FEELType? {
            switch self {
            case .input(let input): input.type
            case .decision(let decision): decision.type
            }
        }
    }

    let name: String
    let parameters: [Parameter]
    private let outputs: [DecisionNode]
    let type: FEELType?
    private let count: Int

    init(name: String, parameters: [Parameter], outputs: [DecisionNode], type: FEELType?, count: Int) {
        self.name = name
        self.parameters = parameters
        self.outputs = outputs
        self.type = type
        self.count = count
    }

    /// The one output, or a context of several.
    func value(_ arguments: [Value], _ evaluation: inout Evaluation) -> Value {
        var run = ModelRun(evaluation: evaluation, count: count)
        for (parameter, value) in zip(parameters, arguments) {
            switch parameter {
            case .input(let input): run.known[input.place] = value
            case .decision(let decision): run.known[decision.place] = value
            }
        }
        var values: [(String, Value)] = []
        for output in outputs { values.append((output.variableName, output.value(&run))) }
        evaluation = run.evaluation
        return values.count == 1 ? values[0].1 : .context(Context(values))
    }

    /// The service as expressions call it.
    var function: Function {
        let typed = parameters.map { Function.Parameter($0.name, type: $0.type) }
        var result = type
        if case .function? = type { result = nil }
        return Function(name: name, parameters: typed, result: result) { [self] arguments, evaluation in
            value(arguments, &evaluation)
        }
    }
}
