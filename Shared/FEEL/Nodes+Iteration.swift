import Domain

/// Where the variable of a loop gets its values from.
struct IterationSource: Sendable {
    let source: any Node
    let end: (any Node)?
    let offset: Int

    /// The values in turn; nil, with the reason noted, when the source cannot be gone through.
    func values(_ frame: inout Evaluation) -> [Value]? {
        let first = source.evaluate(&frame)
        if let end { return span(first, end.evaluate(&frame), &frame) }
        switch first {
        case .list(let values): return values
        case .range(let range):
            guard range.form == .between, let order = Operators.order(range.low, range.high), order <= 0,
                var values = span(range.low, range.high, &frame)
            else { return refuse(first, &frame) }
            if !range.lowIncluded, !values.isEmpty { values.removeFirst() }
            if !range.highIncluded, !values.isEmpty { values.removeLast() }
            return values
        case .null: return refuse(first, &frame)
        default: return [first]
        }
    }

    private func refuse(_ value: Value, _ frame: inout Evaluation) -> [Value]? {
        _ = frame.fail("\(value.typeName) cannot be gone through element by element", at: offset)
        return nil
    }

    /// Whole numbers or days from one end to the other, upwards or downwards.
    private func span(_ low: Value, _ high: Value, _ frame: inout Evaluation) -> [Value]? {
        switch (low, high) {
        case (.number(let a), .number(let b)):
            guard let first = Int64(exactly: a), let last = Int64(exactly: b) else { return refuse(low, &frame) }
            return steps(first, last, &frame) { .number(Decimal128($0)) }
        case (.date(let a), .date(let b)):
            return steps(a.daysSince1970, b.daysSince1970, &frame) {
                FEELDate(daysSince1970: $0).map(Value.date) ?? .null
            }
        default:
            return refuse(low, &frame)
        }
    }

    private func steps(
        _ first: Int64, _ last: Int64, _ frame: inout Evaluation, _ value: (Int64) -> Value
    ) -> [Value]? {
        let (distance, overflow) = last.subtractingReportingOverflow(first)
        guard !overflow, distance.magnitude < 50_000_000, frame.spend(Int(distance.magnitude)) else {
            _ = frame.fail("the range is too long to go through", at: offset)
            return nil
        }
        return stride(from: first, through: last, by: distance < 0 ? -1 : 1).map(value)
    }
}

/// `for x in xs, y in ys return …`
final class LoopNode: Node {
    private let sources: [IterationSource]
    private let body: any Node
    private let usesPartial: Bool

    init(_ sources: [IterationSource], _ body: any Node, usesPartial: Bool) {
        self.sources = sources
        self.body = body
        self.usesPartial = usesPartial
    }

    func evaluate(_ frame: inout Evaluation) -> Value {
        let base = frame.locals.count
        frame.locals.append(.list([]))
        var results: [Value] = []
        let complete = run(0, partial: base, &results, &frame)
        frame.locals.removeLast(frame.locals.count - base)
        return complete ? .list(results) : .null
    }

    private func run(_ level: Int, partial: Int, _ results: inout [Value], _ frame: inout Evaluation) -> Bool {
        guard level < sources.count else {
            guard frame.spend() else { return false }
            if usesPartial {
                guard frame.spend(results.count / 16) else { return false }
                frame.locals[partial] = .list(results)
            }
            let value = body.evaluate(&frame)
            // What is built from earlier results can grow with every round, so its size counts.
            guard !usesPartial || frame.admits(value) else { return false }
            results.append(value)
            return true
        }
        guard let values = sources[level].values(&frame) else { return false }
        for value in values {
            frame.locals.append(value)
            let complete = run(level + 1, partial: partial, &results, &frame)
            frame.locals.removeLast()
            if !complete { return false }
        }
        return true
    }
}

/// `some x in xs satisfies …`, `every x in xs satisfies …`
final class QuantifiedNode: Node {
    private let every: Bool
    private let sources: [IterationSource]
    private let condition: any Node

    init(every: Bool, _ sources: [IterationSource], _ condition: any Node) {
        self.every = every
        self.sources = sources
        self.condition = condition
    }

    private enum Outcome { case decided, unknown, undecided, failed }

    func evaluate(_ frame: inout Evaluation) -> Value {
        let base = frame.locals.count
        let outcome = run(0, &frame)
        frame.locals.removeLast(frame.locals.count - base)
        switch outcome {
        case .decided: return .boolean(!every)
        case .undecided: return .boolean(every)
        case .unknown, .failed: return .null
        }
    }

    private func run(_ level: Int, _ frame: inout Evaluation) -> Outcome {
        guard level < sources.count else {
            guard frame.spend() else { return .failed }
            switch condition.evaluate(&frame) {
            case .boolean(let value): return value != every ? .decided : .undecided
            case .null: return .unknown
            case let other:
                frame.fail("the condition after “satisfies” is a \(other.typeName)")
                return .failed
            }
        }
        guard let values = sources[level].values(&frame) else { return .failed }
        var result = Outcome.undecided
        for value in values {
            frame.locals.append(value)
            let outcome = run(level + 1, &frame)
            frame.locals.removeLast()
            if outcome == .decided || outcome == .failed { return outcome }
            if outcome == .unknown { result = .unknown }
        }
        return result
    }
}
