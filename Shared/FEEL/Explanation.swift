import Domain

extension Expression {
    /// The text of the expression with the values its variables have, as it stands in traces and statements:
    /// `(32500000 - 31000000) × 0.001`.
    public func explain(_ values: [Value]) -> String {
        Explanation(names: names, values: values).text(syntax)
    }
}

extension UnaryTests {
    /// The tests with the values their variables have: `>= 95`, `[18..21]`.
    public func explain(_ values: [Value]) -> String {
        Explanation(names: Names([]), values: values).text(syntax)
    }
}

/// Writes syntax back as text, with values in the place of variables.
struct Explanation {
    let names: Names
    let values: [Value]
    /// Names declared inside the expression, which have no value of their own yet.
    var hidden: Set<String> = []

    func text(_ syntax: Syntax) -> String {
        switch syntax.kind {
        case .literal(let value): return value.rendered
        case .unreadable(let text): return "@" + Value.quoted(text)
        case .name(let name): return text(name: name)
        case .group(let inner): return "(" + text(inner) + ")"
        case .list(let elements): return "[" + elements.map { text($0) }.joined(separator: ", ") + "]"
        case .range(let range):
            return (range.lowIncluded ? "[" : "(") + text(range.low) + ".." + text(range.high)
                + (range.highIncluded ? "]" : ")")
        case .comparisonRange(let sign, let end): return "(" + sign.symbol + " " + text(end) + ")"
        case .negate(let operand): return "-" + text(operand)
        case .arithmetic(let sign, let left, let right): return text(left) + " " + sign.symbol + " " + text(right)
        case .comparison(let sign, let left, let right): return text(left) + " " + sign.symbol + " " + text(right)
        case .and(let parts): return parts.map { text($0) }.joined(separator: " and ")
        case .or(let parts): return parts.map { text($0) }.joined(separator: " or ")
        case .between(let value, let low, let high):
            return text(value) + " between " + text(low) + " and " + text(high)
        case .conditional(let condition, let positive, let negative):
            return "if " + text(condition) + " then " + text(positive) + " else " + text(negative)
        default: return compound(syntax)
        }
    }

    private func compound(_ syntax: Syntax) -> String {
        switch syntax.kind {
        case .context(let entries):
            let inner = hiding(entries.map(\.name))
            return "{" + entries.map { $0.name + ": " + inner.text($0.value) }.joined(separator: ", ") + "}"
        case .inTests(let value, let tests): return text(value) + " in (" + text(tests) + ")"
        case .instanceOf(let operand, let type): return text(operand) + " instance of " + type.text
        case .path(let operand, let name): return path(operand, name)
        case .filter(let operand, let condition):
            return text(operand) + "[" + text(condition) + "]"
        case .call(let callee, let arguments): return text(callee) + "(" + text(arguments) + ")"
        case .loop(let iterations, let body):
            let inner = hiding(iterations.map(\.name) + ["partial"])
            return "for " + inner.text(iterations) + " return " + inner.text(body)
        case .quantified(let every, let iterations, let condition):
            let inner = hiding(iterations.map(\.name))
            return (every ? "every " : "some ") + inner.text(iterations) + " satisfies " + inner.text(condition)
        case .function(let parameters, let body):
            let names = parameters.map(\.name)
            return "function(" + names.joined(separator: ", ") + ") " + hiding(names).text(body)
        default: return "function"
        }
    }

    private func hiding(_ names: [String]) -> Explanation {
        var copy = self
        copy.hidden.formUnion(names)
        return copy
    }

    private func text(name: String) -> String {
        guard !hidden.contains(name), let slot = names.slot(of: name), slot < values.count else { return name }
        switch values[slot] {
        case .list, .context, .function: return name
        default: return values[slot].rendered
        }
    }

    /// The value a path leads to, when it starts at a variable that holds a context.
    private func path(_ operand: Syntax, _ name: String) -> String {
        if let value = value(operand)?.asContext?[name] {
            switch value {
            case .list, .context, .function: break
            default: return value.rendered
            }
        }
        return text(operand) + "." + name
    }

    private func value(_ syntax: Syntax) -> Value? {
        switch syntax.kind {
        case .name(let name) where !hidden.contains(name):
            names.slot(of: name).flatMap { $0 < values.count ? values[$0] : nil }
        case .path(let operand, let name): value(operand)?.asContext?[name]
        default: nil
        }
    }

    private func text(_ iterations: [Syntax.Iteration]) -> String {
        iterations.map { iteration in
            iteration.name + " in " + text(iteration.source) + (iteration.end.map { ".." + text($0) } ?? "")
        }.joined(separator: ", ")
    }

    private func text(_ arguments: Syntax.Arguments) -> String {
        switch arguments {
        case .positional(let values): values.map { text($0) }.joined(separator: ", ")
        case .named(let values): values.map { $0.name + ": " + text($0.value) }.joined(separator: ", ")
        }
    }

    func text(_ tests: [Syntax.Test]) -> String {
        tests.map { test in
            switch test {
            case .any: "-"
            case .compare(let sign, let end): sign.symbol + " " + text(end)
            case .expression(let value, _): text(value)
            case .not(let inner): "not(" + text(inner) + ")"
            }
        }.joined(separator: ", ")
    }
}

extension Arithmetic {
    /// The sign as it is printed for people.
    fileprivate var symbol: String {
        switch self {
        case .multiply: "×"
        case .divide: "÷"
        default: rawValue
        }
    }
}

extension Comparison {
    /// The sign as it is printed for people.
    fileprivate var symbol: String {
        switch self {
        case .lessOrEqual: "≤"
        case .greaterOrEqual: "≥"
        case .notEqual: "≠"
        default: rawValue
        }
    }
}
