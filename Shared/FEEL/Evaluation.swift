/// One evaluation under way: the values it works on, what it has noted, and the bounds it must keep.
///
/// Make one to evaluate many expressions and tests on the same values, sharing one budget of steps.
public struct Evaluation {
    var inputs: [Value]
    var locals: [Value] = []
    /// The reasons noted so far, at most a hundred; empty unless the evaluation records them.
    public internal(set) var diagnostics: [Diagnostic] = []
    let collects: Bool
    /// What may still be spent; functions of this module take from it directly.
    var stepsLeft: Int
    var depthLeft: Int
    private(set) var exhausted = false

    init(inputs: [Value], collects: Bool, limits: Limits) {
        self.inputs = inputs
        self.collects = collects
        stepsLeft = limits.steps
        depthLeft = limits.depth
    }

    /// An evaluation on values in slot order.
    ///
    /// - Parameter recording: whether to note why values are null; it costs time only when there are such values.
    public init(_ values: [Value], recording: Bool = false, limits: Limits = Limits()) {
        self.init(inputs: values, collects: recording, limits: limits)
    }

    /// Puts other values in the slots and forgets what was noted, so that one evaluation serves many subjects.
    public mutating func restart(_ values: [Value], limits: Limits = Limits()) {
        inputs = values
        stepsLeft = limits.steps
        depthLeft = limits.depth
        exhausted = false
        if !diagnostics.isEmpty { diagnostics.removeAll() }
    }

    /// Does something with other values in the slots, one level deeper; nil when that is deeper than allowed.
    public mutating func nested<T>(_ values: [Value], _ body: (inout Evaluation) -> T) -> T? {
        guard enter(24) else { return nil }
        let savedInputs = inputs
        let savedLocals = locals
        inputs = values
        locals = []
        let result = body(&self)
        inputs = savedInputs
        locals = savedLocals
        leave(24)
        return result
    }

    /// The values in the slots.
    public var values: [Value] { inputs }

    /// Adds a slot with a value behind the others, for a name declared further in.
    public mutating func push(_ value: Value) {
        inputs.append(value)
    }

    /// Removes the slots added last.
    public mutating func pop(_ count: Int = 1) {
        inputs.removeLast(count)
    }

    /// The values a loop over a value goes through: the elements of a list, the numbers or days of a range, the value
    /// itself; nil, with the reason noted, when it cannot be gone through.
    public mutating func elements(of value: Value) -> [Value]? {
        IterationSource(source: LiteralNode(value), end: nil, offset: 0).values(&self)
    }

    /// Notes why there is no value and gives null.
    @inline(never)
    @discardableResult
    public mutating func fail(_ message: @autoclosure () -> String, at offset: Int? = nil) -> Value {
        if collects, diagnostics.count < 100 {
            diagnostics.append(Diagnostic(message: message(), offset: offset))
        }
        return .null
    }

    /// Counts work done; false when the evaluation has used up its share and must stop.
    public mutating func spend(_ steps: Int = 1) -> Bool {
        stepsLeft -= steps
        if stepsLeft >= 0 { return true }
        if !exhausted {
            exhausted = true
            fail("the evaluation takes more steps than allowed and was stopped")
        }
        return false
    }

    /// Whether a value built in a loop may be kept: it costs a step per element and must not nest too deep.
    public mutating func admits(_ value: Value) -> Bool {
        if measure(value, levels: 64) { return true }
        fail("a value built in a loop is too large or nested too deep")
        return false
    }

    private mutating func measure(_ value: Value, levels: Int) -> Bool {
        guard levels > 0 else { return false }
        let parts: [Value]
        switch value {
        case .list(let values): parts = values
        case .context(let context): parts = context.values
        default: return true
        }
        guard spend(parts.count) else { return false }
        for part in parts where !measure(part, levels: levels - 1) { return false }
        return true
    }

    mutating func enter(_ levels: Int) -> Bool {
        depthLeft -= levels
        if depthLeft >= 0, spend() { return true }
        depthLeft += levels
        fail("functions call each other deeper than allowed")
        return false
    }

    mutating func leave(_ levels: Int) {
        depthLeft += levels
    }
}

/// A compiled piece of an expression.
protocol Node: AnyObject, Sendable {
    func evaluate(_ frame: inout Evaluation) -> Value
}
