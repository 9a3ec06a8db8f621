import FEEL

/// A FEEL expression of a scheme with the place it stands at.
final class Formula: Sendable {
    let text: String
    let place: Place
    /// The slots it reads.
    let reads: [Int]
    private let expression: Expression

    /// `nil` after reporting what is wrong.
    init?(_ source: Located, names: Names, faults: FaultLog) {
        do {
            let expression = try Expression(parsing: source.text, names: names)
            self.text = source.text
            self.place = source.place
            self.reads = expression.references
            self.expression = expression
        } catch {
            faults.report(
                .formula, at: source.place, "the formula `\(source.text)` is not understood: \(error.message)",
                "correct it at line \(error.line), column \(error.column) of the formula")
            return nil
        }
    }

    /// How the formula is built, for the strict check.
    var form: ExpressionForm { expression.form }

    func evaluate(_ frame: [Value]) -> Value { expression.evaluate(frame) }

    /// The formula with the figures' numbers in the place of their names.
    func filled(_ frame: [Value]) -> String { expression.explain(frame) }
}

/// One cell of a table's condition side.
final class CellTest: Sendable {
    let text: String
    let place: Place
    let reads: [Int]
    private let tests: UnaryTests

    init?(_ source: Located, names: Names, faults: FaultLog) {
        do {
            let tests = try UnaryTests(parsing: source.text, names: names)
            self.text = source.text
            self.place = source.place
            self.reads = tests.references
            self.tests = tests
        } catch {
            faults.report(
                .formula, at: source.place, "the condition `\(source.text)` is not understood: \(error.message)",
                "write for example `>= 100`, `[100..200)`, `\"A\", \"B\"` or `-`")
            return nil
        }
    }

    /// The alternatives, for the strict check.
    var forms: [ExpressionForm.Test] { tests.forms }

    func holds(_ input: Value, _ frame: [Value]) -> Bool { tests.matches(input, frame) == true }
}
