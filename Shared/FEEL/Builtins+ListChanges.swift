import Domain

extension Builtins {
    static let listChanges: [Builtin] = [
        Builtin("append", [Form("list", "item", variadic: true)]) { arguments, frame in
            guard let values = list(arguments[0]) else { return wrong("append", arguments, &frame) }
            return grown(values + arguments.dropFirst(), &frame)
        },
        Builtin("concatenate", [Form("list", variadic: true)]) { arguments, frame in
            var result: [Value] = []
            for argument in arguments {
                guard let values = list(argument) else { return wrong("concatenate", arguments, &frame) }
                result += values
            }
            return grown(result, &frame)
        },
        Builtin("insert before", [Form("list", "position", "newItem")]) { arguments, frame in
            guard var values = list(arguments[0]), let index = index(arguments, values.count) else {
                return wrong("insert before", arguments, &frame)
            }
            values.insert(arguments[2], at: index)
            return grown(values, &frame)
        },
        Builtin("remove", [Form("list", "position")]) { arguments, frame in
            guard var values = list(arguments[0]), let index = index(arguments, values.count) else {
                return wrong("remove", arguments, &frame)
            }
            values.remove(at: index)
            return .list(values)
        },
        Builtin("list replace", [Form("list", "position", "newItem"), Form("list", "match", "newItem")], replace),
        Builtin("reverse", [Form("list")]) { arguments, frame in
            list(arguments[0]).map { .list($0.reversed()) } ?? wrong("reverse", arguments, &frame)
        },
        Builtin("union", [Form("list", variadic: true)]) { arguments, frame in
            var result: [Value] = []
            for argument in arguments {
                guard let values = list(argument) else { return wrong("union", arguments, &frame) }
                result += values
            }
            return distinct(result, &frame)
        },
        Builtin("distinct values", [Form("list")]) { arguments, frame in
            guard let values = list(arguments[0]) else { return wrong("distinct values", arguments, &frame) }
            return distinct(values, &frame)
        },
        Builtin("flatten", [Form("list")]) { arguments, frame in
            guard let values = list(arguments[0]) else { return wrong("flatten", arguments, &frame) }
            var result: [Value] = []
            return flatten(values, into: &result, &frame) ? .list(result) : .null
        },
    ]

    private static func grown(_ values: [Value], _ frame: inout Evaluation) -> Value {
        frame.spend(values.count) ? .list(values) : .null
    }

    /// The index a position from 1, or from -1 backwards, stands for.
    private static func index(_ arguments: [Value], _ count: Int) -> Int? {
        guard let position = integer(arguments, 1), position != 0, position.magnitude <= count else { return nil }
        return position > 0 ? position - 1 : count + position
    }

    private static func distinct(_ values: [Value], _ frame: inout Evaluation) -> Value {
        var result: [Value] = []
        for value in values {
            guard frame.spend(1 + result.count / 8) else { return .null }
            if !result.contains(where: { Operators.equal($0, value, &frame.stepsLeft) == true }) {
                result.append(value)
            }
        }
        return .list(result)
    }

    private static func flatten(_ values: [Value], into result: inout [Value], _ frame: inout Evaluation) -> Bool {
        guard frame.spend(values.count + 1) else { return false }
        for value in values {
            if case .list(let inner) = value {
                guard flatten(inner, into: &result, &frame) else { return false }
            } else {
                result.append(value)
            }
        }
        return true
    }

    private static func replace(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        guard var values = list(arguments[0]) else { return wrong("list replace", arguments, &frame) }
        guard case .function(let match) = single(arguments[1]) else {
            guard let index = index(arguments, values.count) else { return wrong("list replace", arguments, &frame) }
            values[index] = arguments[2]
            return .list(values)
        }
        for (index, value) in values.enumerated() {
            guard case .boolean(let matched) = match.call([value, arguments[2]], &frame) else {
                return wrong("list replace", arguments, &frame)
            }
            if matched { values[index] = arguments[2] }
        }
        return .list(values)
    }
}
