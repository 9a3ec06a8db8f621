import Domain

/// Values that are known when an expression is read are worked out once.
enum Folding {
    /// The value of a node that does not depend on anything; nil when it does, or when it has none.
    static func constant(_ node: any Node) -> Value? {
        (node as? LiteralNode)?.value
    }

    /// A node whose parts are all known, evaluated now; the node itself when that gives no value.
    static func folded(_ node: any Node, parts: [any Node]) -> any Node {
        guard parts.allSatisfy({ constant($0) != nil }) else { return node }
        var evaluation = Evaluation(inputs: [], collects: false, limits: Limits())
        let value = node.evaluate(&evaluation)
        return value.isNull ? node : LiteralNode(value)
    }

    /// The functions that always give the same for the same argument and are worth working out early.
    static let pure: Set<String> = ["date", "time", "date and time", "duration"]

    /// The quickest form of a test that compares with a known value.
    static func test(comparing sign: Comparison, _ end: any Node) -> CompiledTest {
        if case .number(let number)? = constant(end) { return .number(sign, number) }
        return .compare(sign, end)
    }

    /// The quickest form of a test for a known value, list or range.
    static func test(value node: any Node) -> CompiledTest {
        switch constant(node) {
        case .number(let number)?: return .number(.equal, number)
        case .string(let text)?: return .text(text)
        case .range(let range)?:
            guard range.form == .between, let low = range.low.asNumber, let high = range.high.asNumber else { break }
            return .interval(low, range.lowIncluded, high, range.highIncluded, node)
        default: break
        }
        return .value(node)
    }
}
