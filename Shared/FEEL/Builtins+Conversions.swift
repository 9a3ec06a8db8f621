import Domain

extension Builtins {
    static let conversions: [Builtin] = [
        Builtin("string", [Form("from")]) { arguments, _ in
            arguments[0].isNull ? .null : .string(single(arguments[0]).text)
        },
        Builtin("number", [Form("from", "grouping separator", "decimal separator", required: 1)], toNumber),
        Builtin("not", [Form("negand")]) { arguments, _ in
            single(arguments[0]).asBoolean.map { .boolean(!$0) } ?? .null
        },
        Builtin("is", [Form("value1", "value2", requiredByName: 0)]) { arguments, _ in
            .boolean(arguments.count == 2 && identical(arguments[0], arguments[1]))
        },
        Builtin("range", [Form("from")]) { arguments, frame in
            guard let text = string(arguments, 0), let range = range(from: text) else {
                return wrong("range", arguments, &frame)
            }
            return range
        },
    ]

    /// Sameness down to the notation of the zone, as `is` wants it.
    private static func identical(_ left: Value, _ right: Value) -> Bool {
        left == right
    }

    private static func toNumber(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        guard var text = string(arguments, 0) else { return wrong("number", arguments, &frame) }
        var separators: [String?] = []
        for argument in arguments.dropFirst() {
            let argument = single(argument)
            guard argument.isNull || argument.asString != nil else { return wrong("number", arguments, &frame) }
            separators.append(argument.asString)
        }
        let grouping = separators.first ?? nil
        let point = separators.count > 1 ? separators[1] : nil
        guard grouping == nil || [" ", ",", "."].contains(grouping), point == nil || [",", "."].contains(point),
            grouping == nil || grouping != point
        else { return frame.fail("“number” takes “ ”, “,” or “.” as separators, two different ones") }
        if let grouping { text.replace(grouping, with: "") }
        if let point, point != "." {
            guard !text.contains(".") else { return wrong("number", arguments, &frame) }
            text.replace(point, with: ".")
        }
        guard let value = Decimal128(text) else { return frame.fail("“number” cannot read the text as a number") }
        return .number(value)
    }

    /// A range from its text: two ends that are literals.
    private static func range(from text: String) -> Value? {
        guard var parser = try? Parser(text, names: Names([]), library: Library.literals, limits: Limits()),
            let syntax = try? parser.parseAll()
        else { return nil }
        let compiler = Compiler(names: Names([]), dialect: Expression.Dialect()) { _ in (1, 1) }
        return literalRange(syntax, compiler)
    }

    private static func literalRange(_ syntax: Syntax, _ compiler: Compiler) -> Value? {
        var compiler = compiler
        guard case .range(let range) = syntax.kind else { return nil }
        guard isLiteralEnd(range.low), isLiteralEnd(range.high), let node = try? compiler.compile(syntax) else {
            return nil
        }
        var frame = Evaluation(inputs: [], collects: false, limits: Limits())
        guard case .range(let range) = node.evaluate(&frame) else { return nil }
        guard !range.low.isNull || !range.high.isNull else { return nil }
        return .range(range)
    }

    /// Whether an end is a literal, or a date, time or duration made from a text literal.
    private static func isLiteralEnd(_ syntax: Syntax) -> Bool {
        switch syntax.kind {
        case .literal(let value): return !value.isNull
        case .call(let callee, .positional(let arguments)):
            guard case .name(let name) = callee.kind, arguments.count == 1 else { return false }
            guard case .literal(.string) = arguments[0].kind else { return false }
            return ["date", "time", "date and time", "duration"].contains(name)
        default: return false
        }
    }
}

extension Library {
    /// The names of the functions that may make the end of a range given as text.
    static let literals = NameTable(["date", "time", "date and time", "duration"])
}
