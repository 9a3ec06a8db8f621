import Domain
import FEEL

extension Evaluator {
    /// The trace of a figure that has just been computed.
    func node(_ figure: Figure) -> TraceNode {
        let explanation = explain(figure)
        let value = frame[figure.slot]
        return TraceNode(
            figure: figure.name, title: figure.title, kind: figure.kind, formula: explanation.formula,
            filled: explanation.filled, value: value.isNull ? "" : value.text, unit: figure.unit,
            rule: figure.clause.rule, clause: figure.clause.text, inputs: inputs(of: figure),
            sources: sources(of: figure))
    }

    private func inputs(of figure: Figure) -> [TraceInput] {
        var seen: Set<Int> = []
        return figure.reads.filter { seen.insert($0).inserted }.map { slot in
            let value = frame[slot]
            return TraceInput(name: storage.names.all[slot], value: value.isNull ? "" : value.text)
        }
    }

    private func explain(_ figure: Figure) -> (formula: String, filled: String) {
        switch figure.work {
        case .formula(let formula): return (formula.text, formula.filled(frame))
        case .indicator(let plan): return plan.explained(frame)
        case .table(let plan, _):
            let names = plan.inputs.map(\.text).joined(separator: ", ")
            return ("\(plan.name)(\(names))", rows(of: plan))
        case .decision(let plan):
            let inputs = plan.inputs.map { "\($0.name) = \(frame[$0.slot].rendered)" }
            return ("\(plan.file): \(plan.decision)", inputs.joined(separator: ", "))
        case .scorecard(let plan):
            let terms = plan.parts.map { part in
                let weight = part.weight.map { " × " + $0.evaluate(frame).text } ?? ""
                return (storage.names.all[part.slot], frame[part.slot].text + weight)
            }
            return (terms.map(\.0).joined(separator: " + "), terms.map(\.1).joined(separator: " + "))
        case .measure(let plan): return ("\(plan.take.rawValue)", "")
        case .results(let plan): return ("\(plan.take.rawValue) of \(plan.figure)", "")
        case .comparison(let plan): return ("\(plan.take.rawValue) of \(storage.names.all[plan.of])", "")
        case .reserve(let plan, let part):
            return ("\(part.rawValue) at \(plan.rate.text)", part == .balance ? history(of: plan) : "")
        case .waiver(let place): return ("", granted(place).map(\.text.en).joined(separator: "; "))
        case .served(let proration): return (proration.rawValue, served(proration).text)
        case .ladder, .ladderPart, .parameter, .given: return ("", "")
        }
    }

    private func sources(of figure: Figure) -> [TraceSource] {
        guard case .measure(let plan) = figure.work, plan.seriesIndex >= 0, plan.seriesIndex < inputs.series.count
        else { return [] }
        let series = storage.series[plan.seriesIndex]
        let profile: CalendarDate? =
            if case .text(let text)? = inputs.profile["appointed"] { CalendarDate(text) } else { nil }
        let (first, last) = plan.window.span(inputs.period, appointed: profile)
        let low = first.map(series.bucketNumber) ?? .min
        let high = series.bucketNumber(of: last)
        let rows = inputs.series[plan.seriesIndex].filter { low <= $0.bucket && $0.bucket <= high }
        let window = "\(first.map(\.description) ?? "…")–\(last)"
        return [TraceSource(series: series.key, window: window, facts: rows.reduce(0) { $0 + $1.count })]
    }
}
