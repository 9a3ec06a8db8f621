import Domain

extension Builtins {
    static let lists: [Builtin] = [
        Builtin("list contains", [Form("list", "element")]) { arguments, frame in
            guard let values = list(arguments[0]) else { return wrong("list contains", arguments, &frame) }
            return .boolean(values.contains { Operators.equal($0, arguments[1], &frame.stepsLeft) == true })
        },
        Builtin("count", [Form("list")]) { arguments, frame in
            guard let values = list(arguments[0]) else { return wrong("count", arguments, &frame) }
            return .number(values.count)
        },
        extreme("min") { $0 < 0 },
        extreme("max") { $0 > 0 },
        quantifier("all", deciding: false),
        quantifier("any", deciding: true),
        Builtin("index of", [Form("list", "match")]) { arguments, frame in
            guard let values = list(arguments[0]) else { return wrong("index of", arguments, &frame) }
            return .list(
                values.indices.filter { Operators.equal(values[$0], arguments[1], &frame.stepsLeft) == true }
                    .map { .number($0 + 1) })
        },
        Builtin("sublist", [Form("list", "start position", "length", required: 2)], sublist),
        Builtin("sort", [Form("list", "precedes")], sort),
    ]

    private static func extreme(_ name: String, _ better: @escaping @Sendable (Int) -> Bool) -> Builtin {
        Builtin(name, [Form("list", variadic: true)]) { arguments, frame in
            guard let values = elements(arguments), var best = values.first else {
                return wrong(name, arguments, &frame)
            }
            guard Operators.order(best, best) != nil else { return wrong(name, arguments, &frame) }
            for value in values.dropFirst() {
                guard let order = Operators.order(value, best) else { return wrong(name, arguments, &frame) }
                if better(order) { best = value }
            }
            return best
        }
    }

    /// `all` and `any`: an element that decides is enough; anything but true and false makes the rest unknown.
    private static func quantifier(_ name: String, deciding: Bool) -> Builtin {
        Builtin(name, [Form("list", variadic: true)]) { arguments, frame in
            guard let values = elements(arguments) else { return wrong(name, arguments, &frame) }
            var unknown = false
            for value in values {
                switch value {
                case .boolean(deciding): return .boolean(deciding)
                case .boolean: break
                case .null: unknown = true
                default: return wrong(name, arguments, &frame)
                }
            }
            return unknown ? .null : .boolean(!deciding)
        }
    }

    private static func sublist(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        guard let values = list(arguments[0]), let start = integer(arguments, 1) else {
            return wrong("sublist", arguments, &frame)
        }
        guard start != 0, start.magnitude <= values.count else {
            return frame.fail("“sublist” has no position \(start) in a list of \(values.count)")
        }
        let from = start > 0 ? start - 1 : values.count + start
        var to = values.count
        if arguments.count == 3, !arguments[2].isNull {
            guard let length = integer(arguments, 2), length >= 0, length <= values.count - from else {
                return frame.fail("“sublist” reaches beyond the list")
            }
            to = from + length
        }
        return .list(Array(values[from..<to]))
    }

    /// A stable merge sort, so that a comparison that contradicts itself cannot do harm.
    private static func sort(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        guard let values = list(arguments[0]), case .function(let precedes) = single(arguments[1]) else {
            return wrong("sort", arguments, &frame)
        }
        return merged(values[...], precedes, &frame).map(Value.list) ?? wrong("sort", arguments, &frame)
    }

    private static func merged(_ values: ArraySlice<Value>, _ precedes: Function, _ frame: inout Evaluation) -> [Value]?
    {
        guard values.count > 1 else { return Array(values) }
        let middle = values.startIndex + values.count / 2
        guard let left = merged(values[..<middle], precedes, &frame),
            let right = merged(values[middle...], precedes, &frame)
        else { return nil }
        var result: [Value] = []
        result.reserveCapacity(values.count)
        var i = 0
        var j = 0
        while i < left.count, j < right.count {
            guard frame.spend(), case .boolean(let rightFirst) = precedes.call([right[j], left[i]], &frame) else {
                return nil
            }
            if rightFirst {
                result.append(right[j])
                j += 1
            } else {
                result.append(left[i])
                i += 1
            }
        }
        return result + left[i...] + right[j...]
    }
}
