import DMN
import FEEL

/// A decision of a DMN model that stands in the pack.
final class DecisionPlan: Sendable {
    let file: String
    let decision: String
    /// The model's inputs and the slots that give them.
    let inputs: [(name: String, slot: Int)]
    /// What the conditions of the model's tables say, for the strict check.
    let cells: [String]
    private let model: DMNModel

    init(
        file: String, decision: String, inputs: [(name: String, slot: Int)], cells: [String], model: DMNModel
    ) {
        self.cells = cells
        self.file = file
        self.decision = decision
        self.inputs = inputs
        self.model = model
    }

    func value(_ frame: [Value]) -> Value {
        var given: [String: Value] = [:]
        for input in inputs { given[input.name] = frame[input.slot] }
        return (try? model.evaluate(decision: decision, inputs: given))?.value ?? .null
    }
}

extension SchemeCompiler {
    /// A table that an analyst keeps as a DMN model: `dmn`, `decision`, and `inputs` when the names differ.
    func compileDecision(_ head: ElementHead) {
        guard let file = head.fields.text("dmn"), let decision = head.fields.required("decision") else { return }
        _ = head.fields.text("partial")
        guard let source = files.first(where: { $0.file == file.text || $0.file.hasSuffix("/" + file.text) }) else {
            faults.report(
                .missing, at: file.place, "the pack has no file `\(file.text)`", "add it beside the scheme")
            return
        }
        do {
            let model = try DMNModel(xml: Array(source.text.utf8))
            for problem in model.problems { report(problem, file) }
            guard model.decisions.contains(decision.text) else {
                faults.report(
                    .unknownName, at: decision.place, "`\(file.text)` has no decision `\(decision.text)`",
                    nearest(decision.text, in: model.decisions))
                return
            }
            let inputs = decisionInputs(head, model)
            let plan = DecisionPlan(
                file: file.text, decision: decision.text, inputs: inputs, cells: Self.cells(of: source.text),
                model: model)
            define(head, .decision(plan), reads: inputs.map(\.slot))
        } catch {
            report(error, file)
        }
    }

    /// The texts of all condition cells of a model.
    private static func cells(of xml: String) -> [String] {
        var cells: [String] = []
        var rest = xml[...]
        while let start = rest.firstRange(of: "inputEntry") {
            rest = rest[start.upperBound...]
            guard let open = rest.firstRange(of: "text>"), let close = rest[open.upperBound...].firstRange(of: "</")
            else { break }
            var text = String(rest[open.upperBound..<close.lowerBound])
            for (entity, sign) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")] {
                text = text.replacing(entity, with: sign)
            }
            cells.append(text)
            rest = rest[close.upperBound...]
            // The end of the element names it once more.
            if let end = rest.firstRange(of: "inputEntry>") { rest = rest[end.upperBound...] }
        }
        return cells
    }

    private func report(_ problem: DMNError, _ file: Located) {
        faults.report(
            .formula, at: file.place, "`\(file.text)`: \(problem.description)", "correct the decision model")
    }

    private func decisionInputs(_ head: ElementHead, _ model: DMNModel) -> [(name: String, slot: Int)] {
        let given = head.fields.isMapping("inputs") ? head.fields.fields("inputs") : nil
        let inputs = model.inputs.compactMap { name -> (name: String, slot: Int)? in
            let source = given?.text(name) ?? Located(text: name, place: head.name.place)
            return slot(source).map { (name, $0) }
        }
        given?.finish()
        return inputs
    }
}
