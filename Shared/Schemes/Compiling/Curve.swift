import Domain
import FEEL

/// Points between which a score is read off: `[ratio, score]`, rising ratios.
struct Curve: Sendable {
    enum Between: String, CaseIterable, Sendable {
        /// Straight from point to point.
        case line
        /// The score of the last point that was reached.
        case steps
    }

    let points: [(at: Decimal128, score: Decimal128)]
    let between: Between

    /// Before the first point its score, after the last one that one's.
    func score(at position: Decimal128) -> Decimal128 {
        guard let next = points.firstIndex(where: { position < $0.at }) else { return points.last?.score ?? .zero }
        guard next > 0 else { return points[0].score }
        let (low, high) = (points[next - 1], points[next])
        if between == .steps { return low.score }
        return low.score + (high.score - low.score) * (position - low.at) / (high.at - low.at)
    }

    var text: String {
        points.map { "\($0.at.text) → \($0.score.text)" }.joined(separator: ", ")
    }
}

extension SchemeCompiler {
    /// Reads `curve: [[0.6, 0], [1, 100]]` and `between: line` or `steps`.
    func curve(_ fields: Fields) -> Curve? {
        guard fields.has("curve") else { return nil }
        let place = fields.place(of: "curve")
        let points = fields.rows("curve").compactMap { row -> (at: Decimal128, score: Decimal128)? in
            let numbers = row.compactMap { Decimal128($0.text) }
            return row.count == 2 && numbers.count == 2 ? (numbers[0], numbers[1]) : nil
        }
        let rises = zip(points, points.dropFirst()).allSatisfy { $0.at < $1.at }
        guard points.count > 1, points.count == fields.rows("curve").count, rises else {
            faults.report(
                .wrongForm, at: place, "this is not a curve",
                "write at least two points with rising ratios, such as `[[0.6, 0], [1, 100]]`")
            return nil
        }
        return Curve(points: points, between: fields.choice("between", Curve.Between.self) ?? .line)
    }

    enum Better: String, CaseIterable { case higher, lower }

    func compileIndicator(_ head: ElementHead) {
        let fields = head.fields
        _ = fields.text("weight")
        let curve = curve(fields)
        let score = fields.has("curve") ? nil : requiredFormula(fields, "score")
        guard let actual = requiredFormula(fields, "actual"), curve != nil || score != nil else { return }
        let plan = IndicatorPlan(
            actual: actual, target: prorated(fields, "target"), score: score, curve: curve,
            isInverse: fields.choice("better", Better.self) == .lower, floor: formula(fields, "floor"),
            cap: formula(fields, "cap"),
            missing: fields.choice("missing", IndicatorPlan.Missing.self) ?? .zero)
        let formulas = [plan.actual, plan.target, plan.score, plan.floor, plan.cap].compactMap { $0 }
        define(head, .indicator(plan), reads: formulas.flatMap(\.reads))
    }
}

extension IndicatorPlan {
    func ratio(_ actual: Decimal128?, _ target: Decimal128) -> Value {
        guard let actual else { return .null }
        let (above, below) = isInverse ? (target, actual) : (actual, target)
        return below.isZero ? .null : .number(above / below)
    }

    /// The score before floor and cap; nothing at all, where less is better, is as good as can be.
    func raw(_ frame: [Value]) -> Value {
        if isInverse, frame[FixedSlot.actual].asNumber?.isZero == true {
            if let best = curve?.points.last?.score { return .number(best) }
            return cap?.evaluate(frame) ?? .null
        }
        guard let curve else { return score?.evaluate(frame) ?? .null }
        let position = target == nil ? frame[FixedSlot.actual] : frame[FixedSlot.ratio]
        return position.asNumber.map { .number(curve.score(at: $0)) } ?? .null
    }

    func explained(_ frame: [Value]) -> (formula: String, filled: String) {
        if let score { return (score.text, score.filled(frame)) }
        let position = target == nil ? frame[FixedSlot.actual] : frame[FixedSlot.ratio]
        return (curve?.text ?? "", position.rendered)
    }
}
