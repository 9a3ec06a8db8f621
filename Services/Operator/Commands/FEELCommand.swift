import ArgumentParser
import FEEL

/// `gradus feel`: one expression, evaluated.
struct FEELCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feel", abstract: "Evaluate an expression of FEEL (OMG DMN 1.5).",
        discussion: #"Example: gradus feel 'if score >= 95 then "一级" else "二级"' --with score=96"#)

    @Argument(help: "The expression.")
    var expression: String

    @Option(help: "A name and the expression that is its value, as NAME=EXPRESSION; repeatable.")
    var with: [String] = []

    func run() throws {
        let values = try with.map(Self.binding)
        let names = Names(values.map(\.name))
        let compiled = try Self.compile(expression, names)
        var reasons: [Diagnostic] = []
        let result = compiled.evaluate(values.map(\.value), diagnostics: &reasons)
        Terminal.line(result.text)
        for reason in reasons { Terminal.complain("\(reason)") }
    }

    private static func binding(_ text: String) throws -> (name: String, value: Value) {
        guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
            throw OperatorError("GR-OPERATOR-080", "--with takes NAME=EXPRESSION, not \(text)", exitCode: 64)
        }
        let value = try compile(String(text[text.index(after: sign)...]), Names([]))
        return (String(text[..<sign]), value.evaluate([]))
    }

    private static func compile(_ text: String, _ names: Names) throws -> Expression {
        do {
            return try Expression(parsing: text, names: names)
        } catch {
            throw OperatorError("\(error.code)", "\(error)", exitCode: 65)
        }
    }
}
