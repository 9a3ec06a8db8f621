import Domain

final class LiteralNode: Node {
    let value: Value
    init(_ value: Value) { self.value = value }
    func evaluate(_ frame: inout Evaluation) -> Value { value }
}

final class InputNode: Node {
    let slot: Int
    init(_ slot: Int) { self.slot = slot }
    func evaluate(_ frame: inout Evaluation) -> Value {
        slot < frame.inputs.count ? frame.inputs[slot] : .null
    }
}

final class LocalNode: Node {
    let slot: Int
    init(_ slot: Int) { self.slot = slot }
    func evaluate(_ frame: inout Evaluation) -> Value { frame.locals[slot] }
}

/// A name inside a filter: an entry of the element, else what the name means outside.
final class ItemNameNode: Node {
    private let name: String
    private let itemSlot: Int
    private let otherwise: any Node

    init(_ name: String, itemSlot: Int, otherwise: any Node) {
        self.name = name
        self.itemSlot = itemSlot
        self.otherwise = otherwise
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        if case .context(let context) = frame.locals[itemSlot], let value = context[name] { return value }
        return otherwise.evaluate(&frame)
    }
}

/// Something that is known to have no value, with the reason.
final class FailureNode: Node {
    private let reason: String
    private let offset: Int
    init(_ reason: String, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
    func evaluate(_ frame: inout Evaluation) -> Value { frame.fail(reason, at: offset) }
}

final class ArithmeticNode: Node {
    private let sign: Arithmetic
    private let left: any Node
    private let right: any Node
    private let offset: Int

    init(_ sign: Arithmetic, _ left: any Node, _ right: any Node, at offset: Int) {
        self.sign = sign
        self.left = left
        self.right = right
        self.offset = offset
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        let a = left.evaluate(&frame)
        let b = right.evaluate(&frame)
        guard case .number(let x) = a, case .number(let y) = b, sign != .power else { return slow(a, b, &frame) }
        return Operators.number(sign, x, y) ?? slow(a, b, &frame)
    }

    private func slow(_ a: Value, _ b: Value, _ frame: inout Evaluation) -> Value {
        switch (a, b) {
        case (.string(let text), _) where !frame.spend(text.utf8.count / 16): return .null
        case (.number, .number(let exponent)) where sign == .power:
            // A power takes as long as many simple steps, a fractional one as a logarithm and an exponential.
            guard frame.spend(exponent.isInteger ? 400 : 10_000) else { return .null }
        default: break
        }
        if let value = Operators.calculate(sign, a, b) { return value }
        return frame.fail("“\(sign.rawValue)” has no result for \(a.typeName) and \(b.typeName)", at: offset)
    }
}

final class NegateNode: Node {
    private let operand: any Node
    private let offset: Int
    init(_ operand: any Node, at offset: Int) {
        self.operand = operand
        self.offset = offset
    }
    func evaluate(_ frame: inout Evaluation) -> Value {
        let value = operand.evaluate(&frame)
        return Operators.negate(value) ?? frame.fail("“-” has no result for \(value.typeName)", at: offset)
    }
}

final class CompareNode: Node {
    private let sign: Comparison
    private let left: any Node
    private let right: any Node
    private let offset: Int

    init(_ sign: Comparison, _ left: any Node, _ right: any Node, at offset: Int) {
        self.sign = sign
        self.left = left
        self.right = right
        self.offset = offset
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        let a = left.evaluate(&frame)
        let b = right.evaluate(&frame)
        if case .number(let x) = a, case .number(let y) = b { return .boolean(Self.compare(sign, x, y)) }
        if let result = Self.compare(sign, a, b, &frame.stepsLeft) { return .boolean(result) }
        return frame.fail("“\(sign.rawValue)” has no result for \(a.typeName) and \(b.typeName)", at: offset)
    }

    @inline(__always)
    static func compare(_ sign: Comparison, _ x: Decimal128, _ y: Decimal128) -> Bool {
        switch sign {
        case .equal: x == y
        case .notEqual: !(x == y)
        case .less: x < y
        case .lessOrEqual: !(y < x)
        case .greater: y < x
        case .greaterOrEqual: !(x < y)
        }
    }

    static func compare(_ sign: Comparison, _ a: Value, _ b: Value, _ steps: inout Int) -> Bool? {
        switch sign {
        case .equal: return Operators.equal(a, b, &steps)
        case .notEqual: return Operators.equal(a, b, &steps).map { !$0 }
        default:
            if case .list(let values) = a, values.count == 1 { return compare(sign, values[0], b, &steps) }
            if case .list(let values) = b, values.count == 1 { return compare(sign, a, values[0], &steps) }
            return Operators.order(a, b).map { Operators.compares(sign, $0) }
        }
    }
}

/// `and` and `or` over any number of parts: one part that decides is enough, whatever the others are.
final class LogicNode: Node {
    private let parts: [any Node]
    private let deciding: Bool

    init(_ parts: [any Node], deciding: Bool) {
        self.parts = parts
        self.deciding = deciding
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        var unknown = false
        for part in parts {
            guard case .boolean(let value) = part.evaluate(&frame) else {
                unknown = true
                continue
            }
            if value == deciding { return .boolean(deciding) }
        }
        return unknown ? .null : .boolean(!deciding)
    }
}

final class BetweenNode: Node {
    private let value: any Node
    private let low: any Node
    private let high: any Node
    private let offset: Int

    init(_ value: any Node, _ low: any Node, _ high: any Node, at offset: Int) {
        self.value = value
        self.low = low
        self.high = high
        self.offset = offset
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        let value = value.evaluate(&frame)
        let low = low.evaluate(&frame)
        let high = high.evaluate(&frame)
        guard let fromLow = CompareNode.compare(.lessOrEqual, low, value, &frame.stepsLeft),
            let toHigh = CompareNode.compare(.lessOrEqual, value, high, &frame.stepsLeft)
        else {
            return frame.fail("“between” has no result for \(value.typeName)", at: offset)
        }
        return .boolean(fromLow && toHigh)
    }
}

final class IfNode: Node {
    private let condition: any Node
    private let positive: any Node
    private let negative: any Node
    private let offset: Int

    init(_ condition: any Node, _ positive: any Node, _ negative: any Node, at offset: Int) {
        self.condition = condition
        self.positive = positive
        self.negative = negative
        self.offset = offset
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        switch condition.evaluate(&frame) {
        case .boolean(true): positive.evaluate(&frame)
        case .boolean(false), .null: negative.evaluate(&frame)
        case let other: frame.fail("the condition of “if” is a \(other.typeName)", at: offset)
        }
    }
}

final class InstanceOfNode: Node {
    private let operand: any Node
    private let type: FEELType
    init(_ operand: any Node, _ type: FEELType) {
        self.operand = operand
        self.type = type
    }
    func evaluate(_ frame: inout Evaluation) -> Value {
        .boolean(type.describes(operand.evaluate(&frame)))
    }
}
