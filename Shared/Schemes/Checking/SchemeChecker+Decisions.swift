import Domain
import FEEL

extension SchemeChecker {
    /// A decision of a model has to give something in every case, and an amount for every grade when it pays.
    func check(_ plan: DecisionPlan, _ figure: Figure, pays: Bool) {
        let written = storage.elements.first { $0.kind == "table" && $0.name == figure.name }
        guard written?.values["partial"] == nil else { return }
        var landmarks = Landmarks()
        for cell in plan.cells {
            if let tests = try? UnaryTests(parsing: cell, names: Names(plan.inputs.map(\.name))) {
                landmarks.add(tests.forms)
            }
        }
        let day = storage.header.effectiveFrom
        var frame = frame(on: day)
        var lists: [[Value]] = []
        for input in plan.inputs {
            guard let values = values(of: input.slot, landmarks, on: day) else { return }
            lists.append(values)
        }
        guard !lists.isEmpty else { return }
        _ = Samples.combinations(lists) { values in
            for (input, value) in zip(plan.inputs, values) { frame[input.slot] = value }
            guard plan.value(frame).isNull else { return true }
            let example = zip(plan.inputs, values).map { "\($0.name) = \($1.rendered)" }.joined(separator: ", ")
            let isGrade = plan.inputs.contains { storage.ladderSlots.contains($0.slot) }
            faults.report(
                pays && isGrade ? .gradeWithoutPay : .gap, at: figure.place,
                "`\(plan.decision)` of `\(plan.file)` gives nothing for \(example)",
                "add or correct a rule of the model, or say with `partial: <reason>` that it is meant")
            return false
        }
    }
}
