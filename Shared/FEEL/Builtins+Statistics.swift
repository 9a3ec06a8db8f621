import Domain

extension Builtins {
    static let statistics: [Builtin] = [
        Builtin("sum", [Form("list", variadic: true)], sum),
        onNumbers("product") { $0.reduce(.one, *) },
        onNumbers("mean") { $0.reduce(.zero, +) / Decimal128($0.count) },
        onNumbers("median") { numbers in
            let sorted = numbers.sorted()
            let middle = sorted.count / 2
            return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        },
        onNumbers("stddev") { numbers in
            guard numbers.count > 1 else { return .notANumber }
            let mean = numbers.reduce(.zero, +) / Decimal128(numbers.count)
            let squares = numbers.reduce(Decimal128.zero) { $0 + ($1 - mean) * ($1 - mean) }
            return (squares / Decimal128(numbers.count - 1)).squareRoot
        },
        Builtin("mode", [Form("list", variadic: true)], mode),
    ]

    private static func numbers(_ values: [Value]) -> [Decimal128]? {
        var result: [Decimal128] = []
        result.reserveCapacity(values.count)
        for value in values {
            guard case .number(let number) = value else { return nil }
            result.append(number)
        }
        return result
    }

    private static func onNumbers(_ name: String, _ body: @escaping @Sendable ([Decimal128]) -> Decimal128) -> Builtin {
        Builtin(name, [Form("list", variadic: true)]) { arguments, frame in
            guard let values = elements(arguments), let numbers = numbers(values) else {
                return wrong(name, arguments, &frame)
            }
            if numbers.isEmpty { return frame.fail("“\(name)” has no result for an empty list") }
            return result(body(numbers), name, &frame)
        }
    }

    /// The sum of numbers; of durations too, which the standard's `+` allows as well.
    private static func sum(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        guard let values = elements(arguments), let first = values.first else { return wrong("sum", arguments, &frame) }
        if case .number = first {
            guard let numbers = numbers(values) else { return wrong("sum", arguments, &frame) }
            return result(numbers.reduce(.zero, +), "sum", &frame)
        }
        var total = first
        switch first {
        case .yearsMonthsDuration, .daysTimeDuration: break
        default: return wrong("sum", arguments, &frame)
        }
        for value in values.dropFirst() {
            guard value.typeName == total.typeName, let next = Operators.calculate(.add, total, value) else {
                return wrong("sum", arguments, &frame)
            }
            total = next
        }
        return total
    }

    private static func mode(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        guard let values = elements(arguments), let numbers = numbers(values) else {
            return wrong("mode", arguments, &frame)
        }
        var counts: [Decimal128: Int] = [:]
        for number in numbers { counts[number, default: 0] += 1 }
        let most = counts.values.max() ?? 0
        return .list(counts.filter { $0.value == most }.keys.sorted().map(Value.number))
    }
}
