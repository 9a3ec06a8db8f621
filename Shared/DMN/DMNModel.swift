public import FEEL

/// A decision model (OMG DMN 1.1 to 1.5), read and compiled once, to be evaluated any number of times.
///
/// ```swift
/// let model = try DMNModel(xml: bytes)
/// let result = try model.evaluate(decision: "Routing", inputs: ["Applicant data": applicant])
/// ```
public struct DMNModel: Sendable {
    /// The value of a decision or service, with the reasons for nulls that came from mistakes.
    public struct Result: Sendable {
        /// The value; null when there is none.
        public let value: Value
        /// What went wrong on the way.
        public let diagnostics: [Diagnostic]
    }

    /// The name of the model.
    public let name: String
    /// The namespace of the model.
    public let namespace: String
    /// What is wrong with single elements; their values are null. Empty for a model that may be published.
    public let problems: [DMNError]
    private let decisionNodes: [String: DecisionNode]
    private let serviceNodes: [String: ServiceNode]
    private let functions: [String: Function]
    private let inputNames: [String]
    private let count: Int
    private let limits: Limits

    /// Reads and compiles a model.
    ///
    /// - Parameters:
    ///   - xml: the document in UTF-8.
    ///   - imports: the documents of all models it imports, directly or not, in any order.
    ///   - dialect: functions and bounds; unknown names are null with a reason unless the dialect makes them problems.
    /// - Throws: when the document is no model, a reference leads nowhere, or requirements go round in a circle.
    public init(
        xml: [UInt8], imports: [[UInt8]] = [], dialect: Expression.Dialect = Expression.Dialect()
    ) throws(DMNError) {
        let root = try ModelReader.document(xml)
        var documents: [ModelDocument] = []
        for document in imports { documents.append(try ModelReader.document(document)) }
        var compiler = ModelCompiler(root: root, imports: documents, dialect: dialect)
        var decisionNodes: [String: DecisionNode] = [:]
        for decision in root.decisions {
            decisionNodes[decision.name] = try compiler.decision(
                ModelCompiler.Key(namespace: root.namespace, id: decision.id))
        }
        var serviceNodes: [String: ServiceNode] = [:]
        for service in root.services {
            serviceNodes[service.name] = try compiler.service(
                ModelCompiler.Key(namespace: root.namespace, id: service.id))
        }
        var functions: [String: Function] = [:]
        for knowledge in root.knowledge {
            functions[knowledge.name] = try compiler.function(
                ModelCompiler.Key(namespace: root.namespace, id: knowledge.id), requiredBy: root.name)
        }
        self.decisionNodes = decisionNodes
        self.serviceNodes = serviceNodes
        self.functions = functions
        name = root.name
        namespace = root.namespace
        inputNames = root.inputs.map(\.variable.name)
        problems = compiler.problems
        count = compiler.count
        limits = dialect.limits
    }

    /// The names of the decisions.
    public var decisions: [String] { decisionNodes.keys.sorted() }
    /// The names of the decision services.
    public var services: [String] { serviceNodes.keys.sorted() }
    /// The names of the business knowledge models.
    public var knowledge: [String] { functions.keys.sorted() }
    /// The names of the inputs in the order of the document.
    public var inputs: [String] { inputNames }

    /// The value of a decision for inputs by name; an input that is not given is null.
    ///
    /// Inputs of an imported model are given as `import.input`, or by their own name.
    public func evaluate(decision name: String, inputs: [String: Value]) throws(DMNError) -> Result {
        guard let decision = decisionNodes[name] else { throw .unknown(name: name) }
        var run = ModelRun(
            evaluation: Evaluation([], recording: true, limits: limits), count: count, inputs: flattened(inputs))
        let value = decision.value(&run)
        return Result(value: value, diagnostics: run.evaluation.diagnostics)
    }

    /// The value of a decision service for its inputs and input decisions by name.
    public func evaluate(service name: String, inputs: [String: Value]) throws(DMNError) -> Result {
        guard let service = serviceNodes[name] else { throw .unknown(name: name) }
        var evaluation = Evaluation([], recording: true, limits: limits)
        let arguments = service.parameters.map { parameter in
            let value = inputs[parameter.name] ?? .null
            guard let type = parameter.type else { return value }
            return type.converting(value) ?? evaluation.fail("“\(parameter.name)” is a \(value.typeName)")
        }
        var value = service.value(arguments, &evaluation)
        if let type = service.function.result { value = type.converting(value) ?? .null }
        return Result(value: value, diagnostics: evaluation.diagnostics)
    }

    /// The value of a business knowledge model for its parameters by name.
    public func evaluate(knowledge name: String, inputs: [String: Value]) throws(DMNError) -> Result {
        guard let function = functions[name] else { throw .unknown(name: name) }
        var evaluation = Evaluation([], recording: true, limits: limits)
        let value = function.call(function.parameters.map { inputs[$0.name] ?? .null }, &evaluation)
        return Result(value: value, diagnostics: evaluation.diagnostics)
    }

    /// Inputs by name, with those of imported models taken out of their contexts as `import.input`.
    private func flattened(_ inputs: [String: Value]) -> [String: Value] {
        var result = inputs
        for (name, value) in inputs {
            guard case .context(let context) = value else { continue }
            for (entry, value) in context.entries where result[name + "." + entry] == nil {
                result[name + "." + entry] = value
            }
        }
        return result
    }
}
