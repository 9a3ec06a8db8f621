import Domain
import FEEL
import Testing

/// The public way to look into an expression.
struct ExpressionFormTests {
    private let names: Names = ["net sales", "goal", "grade", "deals"]

    private func form(_ text: String) throws -> ExpressionForm {
        try Expression(parsing: text, names: names).form
    }

    @Test func showsTheOutermostConstructAndItsParts() throws {
        guard case .arithmetic(.subtract, let left, let right) = try form("net sales * 2 - (goal)").shape,
            case .arithmetic(.multiply, let first, let factor) = left.shape, case .name("net sales") = first.shape,
            case .literal(let two) = factor.shape, case .name("goal") = right.shape
        else {
            Issue.record("another form")
            return
        }
        #expect(two == 2)
    }

    @Test func namesFunctionsWithTheirArguments() throws {
        guard case .call("max", let arguments) = try form("max(0, net sales - goal)").shape else {
            Issue.record("no call")
            return
        }
        #expect(arguments.map(\.text) == ["0", "net sales - goal"])
    }

    @Test func showsConditionsLoopsAndFilters() throws {
        guard case .quantified(let iterations, let condition) = try form("every d in deals satisfies d >= goal").shape,
            case .comparison(.greaterOrEqual, _, _) = condition.shape
        else {
            Issue.record("no quantifier")
            return
        }
        #expect(iterations.map(\.name) == ["d"])
        guard case .filter(let list, _) = try form("deals[item > 3]").shape else {
            Issue.record("no filter")
            return
        }
        #expect(list.text == "deals")
        guard case .membership(let value, let tests) = try form(#"grade in ("a", not("b"))"#).shape else {
            Issue.record("no membership")
            return
        }
        #expect(value.text == "grade")
        #expect(tests.count == 2)
    }

    @Test func showsTheTestsOfACell() throws {
        let forms = try UnaryTests(parsing: "< goal, [1..5], ? * 2 > 7", names: names).forms
        guard forms.count == 3, case .compare(.less, _) = forms[0], case .value(let range) = forms[1],
            case .range = range.shape, case .condition = forms[2]
        else {
            Issue.record("other tests")
            return
        }
    }
}
