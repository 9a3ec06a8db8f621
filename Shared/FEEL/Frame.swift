/// What one evaluation works on: values, local variables, and the bounds it must keep.
struct Frame {
    var inputs: [Value]
    var locals: [Value] = []
    var diagnostics: [Diagnostic] = []
    let collects: Bool
    var stepsLeft: Int
    var depthLeft: Int
    private(set) var exhausted = false

    init(inputs: [Value], collects: Bool, limits: Limits) {
        self.inputs = inputs
        self.collects = collects
        stepsLeft = limits.steps
        depthLeft = limits.depth
    }

    /// Notes why there is no value and gives null.
    @inline(never)
    mutating func fail(_ message: @autoclosure () -> String, at offset: Int? = nil) -> Value {
        if collects, diagnostics.count < 100 {
            diagnostics.append(Diagnostic(message: message(), offset: offset))
        }
        return .null
    }

    /// Counts work done; false when the evaluation has used up its share and must stop.
    mutating func spend(_ steps: Int = 1) -> Bool {
        stepsLeft -= steps
        if stepsLeft >= 0 { return true }
        if !exhausted {
            exhausted = true
            _ = fail("the evaluation takes more steps than allowed and was stopped")
        }
        return false
    }

    mutating func enter(_ levels: Int) -> Bool {
        depthLeft -= levels
        if depthLeft >= 0, spend() { return true }
        depthLeft += levels
        _ = fail("functions call each other deeper than allowed")
        return false
    }

    mutating func leave(_ levels: Int) {
        depthLeft += levels
    }
}

/// A compiled piece of an expression.
protocol Node: AnyObject, Sendable {
    func evaluate(_ frame: inout Frame) -> Value
}
