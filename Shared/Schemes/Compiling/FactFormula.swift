import Domain
import FEEL

/// The names a formula about one fact may use: the fact's own, its attributes, then the scheme's parameters.
struct FactScope: Sendable {
    static let ownNames = ["type", "amount", "customer", "business date", "occurred date", "occurred time"]

    let attributes: [AttributeShape]
    let names: Names
    let parameterStart: Int
    /// Where the figures of the period begin, for what is judged at the close.
    let figureStart: Int

    init(_ shapes: [FactShape], parameters: [String] = [], figures: [String] = []) {
        var attributes: [AttributeShape] = []
        for shape in shapes {
            for attribute in shape.attributes where !attributes.contains(where: { $0.name == attribute.name }) {
                attributes.append(attribute)
            }
        }
        self.attributes = attributes
        let head = Self.ownNames + attributes.map(\.name)
        parameterStart = head.count
        figureStart = head.count + parameters.count
        // What the fact says goes before a figure of the same name.
        let known = Set(head + parameters)
        names = Names(head + parameters + figures.map { known.contains($0) ? "\u{1F}\($0)" : $0 })
    }

    func frame(of fact: Fact, parameters: [Value]) -> [Value] {
        var frame: [Value] = []
        frame.reserveCapacity(parameterStart + parameters.count)
        frame.append(.string(fact.type))
        frame.append(fact.amount.map { Value(tenThousandths: $0.tenThousandths) } ?? .null)
        frame.append(fact.customer.map(Value.string) ?? .null)
        frame.append(Value(day: fact.businessDate))
        frame.append(Value(day: fact.occurredAt.date(offsetMinutes: fact.offsetMinutes)))
        frame.append(Value(timeOfDay: fact.occurredAt.timeOfDay(offsetMinutes: fact.offsetMinutes)))
        for attribute in attributes { frame.append(attribute.form.value(fact.attributes[attribute.name])) }
        frame.append(contentsOf: parameters)
        return frame
    }
}

/// A formula about one fact.
struct FactFormula: Sendable {
    let formula: Formula
    let scope: FactScope

    func evaluate(_ fact: Fact, parameters: [Value] = []) -> Value {
        formula.evaluate(scope.frame(of: fact, parameters: parameters))
    }

    func holds(_ fact: Fact, parameters: [Value] = []) -> Bool {
        evaluate(fact, parameters: parameters).asBoolean == true
    }
}

extension FindingRule {
    /// The figures that a finding judged at the close reads.
    var reads: [Int] {
        [when, amount].compactMap { $0 }.flatMap { formula in
            formula.formula.reads.filter { $0 >= formula.scope.figureStart }.map { $0 - formula.scope.figureStart }
        }
    }
}
