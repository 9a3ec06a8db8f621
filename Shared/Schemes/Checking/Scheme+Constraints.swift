public import Domain
import FEEL

extension Scheme {
    /// What must hold before the scheme may be published and does not on a day.
    public func brokenConstraints(on day: CalendarDate) -> [SchemeFault] {
        storage.constraints.compactMap { rule in
            var inputs = SubjectInputs(
                subject: Subject(institution: institution, kind: subjectKind, id: "-"),
                period: Period(.day, containing: day))
            inputs.cut = ""
            var evaluator = Evaluator(storage, inputs, tracing: false)
            for (slot, value) in rule.given { evaluator.frame[slot] = value }
            evaluator.compute(rule.steps)
            if rule.head.state == .shadow || rule.that.evaluate(evaluator.frame).asBoolean == true { return nil }
            return SchemeFault(
                .constraint, at: rule.head.place,
                "“\(rule.head.title.en)” does not hold: \(rule.that.filled(evaluator.frame))",
                "change the amounts so that \(rule.that.text)")
        }
    }

    /// The scheme with other values of parameters, for what-if questions and tests.
    ///
    /// - Parameter values: text by parameter name; a name that is not a number parameter is ignored.
    public func overriding(_ values: [String: Decimal128]) -> Scheme {
        var storage = storage
        for position in storage.figures.indices {
            let figure = storage.figures[position]
            guard case .parameter = figure.work, let value = values[figure.name] else { continue }
            storage.figures[position] = figure.working(
                .parameter([DatedValue(from: .earliest, value: .number(value))]))
        }
        return Scheme(storage)
    }

    func overriding(_ fields: Fields) -> Scheme {
        var values: [String: Decimal128] = [:]
        for key in fields.keys {
            guard let text = fields.text(key.text) else { continue }
            if !storage.parameterSlots.contains(where: { storage.names.all[$0] == key.text }) {
                fields.faults.report(.unknownName, at: key.place, "there is no parameter `\(key.text)`", "name one")
            }
            if let number = Decimal128(text.text) { values[key.text] = number }
        }
        return overriding(values)
    }
}
