/// Something an expression can call: a built-in function, one registered by the host, or one written in the language.
public final class Function: Sendable {
    /// A parameter and the type its argument must have.
    public struct Parameter: Sendable {
        /// The name, for calls by name.
        public let name: String
        /// The type arguments are converted to; nil accepts anything.
        public let type: FEELType?

        /// A parameter.
        public init(_ name: String, type: FEELType? = nil) {
            self.name = name
            self.type = type
        }
    }

    enum Body: Sendable {
        case builtin(Builtin)
        case closure(any Node, inputs: [Value], locals: [Value], nesting: Int)
        case host(@Sendable ([Value], inout Evaluation) -> Value)
    }

    /// The name under which it is known, if it has one.
    public let name: String?
    /// The parameters in order; empty for a built-in function with several forms.
    public let parameters: [Parameter]
    /// The type of the result; nil when it may be anything.
    public let result: FEELType?
    let body: Body

    init(name: String?, parameters: [Parameter], result: FEELType?, body: Body) {
        self.name = name
        self.parameters = parameters
        self.result = result
        self.body = body
    }

    /// A function of the host, such as `working days between(from, to)`.
    ///
    /// The closure gets exactly one value per parameter, null for one that was left out in a call by name. It must
    /// depend on nothing but its arguments.
    public convenience init(
        name: String, parameters: [String], _ body: @escaping @Sendable ([Value]) -> Value
    ) {
        self.init(
            name: name, parameters: parameters.map { Parameter($0) }, result: nil,
            body: .host { arguments, _ in body(arguments) })
    }

    /// A function of the host that evaluates more of the language, such as a business knowledge model.
    ///
    /// The closure gets exactly one value per parameter, converted to its type, and the evaluation under way.
    public convenience init(
        name: String, parameters: [Parameter], result: FEELType?,
        evaluating body: @escaping @Sendable ([Value], inout Evaluation) -> Value
    ) {
        self.init(name: name, parameters: parameters, result: result, body: .host(body))
    }
}

extension Function {
    /// Calls the function with arguments in order.
    public func call(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        if case .builtin(let builtin) = body { return builtin.call(arguments, &frame) }
        guard arguments.count == parameters.count else {
            return frame.fail("\(label) takes \(parameters.count) arguments, not \(arguments.count)")
        }
        var converted = arguments
        for (index, parameter) in parameters.enumerated() {
            guard let type = parameter.type else { continue }
            guard let value = type.converting(arguments[index]) else {
                return frame.fail("the argument “\(parameter.name)” of \(label) is a \(arguments[index].typeName)")
            }
            converted[index] = value
        }
        return finish(run(converted, &frame), &frame)
    }

    private func run(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        switch body {
        case .builtin(let builtin): return builtin.call(arguments, &frame)
        case .host(let body):
            guard frame.enter(8) else { return .null }
            defer { frame.leave(8) }
            return body(arguments, &frame)
        case .closure(let node, let inputs, let locals, let nesting):
            guard frame.enter(nesting + 4) else { return .null }
            let savedInputs = frame.inputs
            let savedLocals = frame.locals
            frame.inputs = inputs
            frame.locals = locals
            frame.locals.append(contentsOf: arguments)
            let value = node.evaluate(&frame)
            frame.inputs = savedInputs
            frame.locals = savedLocals
            frame.leave(nesting + 4)
            return value
        }
    }

    private func finish(_ value: Value, _ frame: inout Evaluation) -> Value {
        guard let result, !value.isNull else { return value }
        return result.converting(value) ?? frame.fail("\(label) gives a \(value.typeName), which is not its type")
    }

    /// Calls the function with arguments by name.
    public func call(named arguments: [(name: String, value: Value)], _ frame: inout Evaluation) -> Value {
        if case .builtin(let builtin) = body { return builtin.call(named: arguments, &frame) }
        var ordered = [Value](repeating: .null, count: parameters.count)
        for (name, value) in arguments {
            guard let index = parameters.firstIndex(where: { $0.name == name }) else {
                return frame.fail("\(label) has no parameter “\(name)”")
            }
            ordered[index] = value
        }
        guard arguments.count == parameters.count else {
            return frame.fail("\(label) takes \(parameters.count) arguments, not \(arguments.count)")
        }
        return call(ordered, &frame)
    }

    private var label: String { name.map { "the function “\($0)”" } ?? "the function" }
}
