import Domain

/// A call of a built-in function with arguments in order.
final class BuiltinCallNode: Node {
    private let builtin: Builtin
    private let arguments: [any Node]
    private let offset: Int

    init(_ builtin: Builtin, _ arguments: [any Node], at offset: Int) {
        self.builtin = builtin
        self.arguments = arguments
        self.offset = offset
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        guard frame.spend() else { return .null }
        var values: [Value] = []
        values.reserveCapacity(arguments.count)
        for argument in arguments { values.append(argument.evaluate(&frame)) }
        return builtin.call(values, &frame)
    }
}

/// A call of whatever function a value is.
final class CallNode: Node {
    private let callee: any Node
    private let arguments: [any Node]
    private let names: [String]?
    private let offset: Int

    init(_ callee: any Node, _ arguments: [any Node], names: [String]?, at offset: Int) {
        self.callee = callee
        self.arguments = arguments
        self.names = names
        self.offset = offset
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        let target = callee.evaluate(&frame)
        let values = arguments.map { $0.evaluate(&frame) }
        guard case .function(let function) = target else {
            return frame.fail("\(target.typeName) is not a function and cannot be called", at: offset)
        }
        if let names { return function.call(named: Array(zip(names, values)), &frame) }
        return function.call(values, &frame)
    }
}

/// A function written in the language; it remembers the variables it was made among.
final class LambdaNode: Node {
    private let parameters: [Function.Parameter]
    private let body: any Node
    private let result: FEELType?
    private let nesting: Int

    init(_ parameters: [Function.Parameter], _ body: any Node, result: FEELType?, nesting: Int) {
        self.parameters = parameters
        self.body = body
        self.result = result
        self.nesting = nesting
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        let closure = Function.Body.closure(body, inputs: frame.inputs, locals: frame.locals, nesting: nesting)
        return .function(Function(name: nil, parameters: parameters, result: result, body: closure))
    }
}

/// `value in tests`
final class InTestsNode: Node {
    private let value: any Node
    private let tests: [CompiledTest]

    init(_ value: any Node, _ tests: [CompiledTest]) {
        self.value = value
        self.tests = tests
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        let input = value.evaluate(&frame)
        return CompiledTest.anyHolds(tests, input, &frame).map(Value.boolean) ?? .null
    }
}

/// One alternative of a unary test, ready to be applied to a value.
indirect enum CompiledTest: Sendable {
    case any
    case compare(Comparison, any Node)
    case value(any Node)
    case number(Comparison, Decimal128)
    case text(String)
    case interval(Decimal128, Bool, Decimal128, Bool, any Node)
    /// An expression that uses `?`, at this local slot.
    case condition(any Node)
    case not([CompiledTest])

    func holds(_ input: Value, _ frame: inout Evaluation) -> Bool? {
        switch self {
        case .any: return true
        case .number(let sign, let number):
            if case .number(let value) = input { return CompareNode.compare(sign, value, number) }
            return sign == .equal
                ? Operators.matches(input, .number(number), &frame.stepsLeft)
                : CompareNode.compare(sign, input, .number(number), &frame.stepsLeft)
        case .text(let text):
            if case .string(let value) = input { return value == text }
            return Operators.matches(input, .string(text), &frame.stepsLeft)
        case .interval(let low, let lowIncluded, let high, let highIncluded, let node):
            guard case .number(let value) = input else { return matches(input, node, &frame) }
            return (lowIncluded ? !(value < low) : low < value) && (highIncluded ? !(high < value) : value < high)
        case .compare(let sign, let end):
            let end = end.evaluate(&frame)
            return CompareNode.compare(sign, input, end, &frame.stepsLeft)
        case .value(let node): return matches(input, node, &frame)
        case .condition(let node):
            frame.locals.append(input)
            let result = node.evaluate(&frame)
            frame.locals.removeLast()
            if case .boolean(let value) = result { return value }
            return result.isNull ? nil : Operators.matches(input, result, &frame.stepsLeft)
        case .not(let tests): return Self.anyHolds(tests, input, &frame).map { !$0 }
        }
    }

    private func matches(_ input: Value, _ node: any Node, _ frame: inout Evaluation) -> Bool? {
        let value = node.evaluate(&frame)
        return Operators.matches(input, value, &frame.stepsLeft)
    }

    static func anyHolds(_ tests: [CompiledTest], _ input: Value, _ frame: inout Evaluation) -> Bool? {
        if tests.count == 1 { return tests[0].holds(input, &frame) }
        var unknown = false
        for test in tests {
            switch test.holds(input, &frame) {
            case true?: return true
            case nil: unknown = true
            case false?: break
            }
        }
        return unknown ? nil : false
    }
}
