import Domain
import FEEL

extension DecisionTable {
    /// The value within an evaluation; the rules that matched are added to `matched`.
    func evaluate(in evaluation: inout Evaluation, matched: inout [Int]) -> Value {
        var inputs: [Value] = []
        inputs.reserveCapacity(columns.count)
        for (index, column) in columns.enumerated() {
            let value = column.expression.evaluate(in: &evaluation)
            if let allowed = column.allowed, allowed.matches(value, in: &evaluation) != true {
                return evaluation.fail("input \(index + 1) has a value that is not allowed")
            }
            inputs.append(value)
        }
        let single = hitPolicy == .first
        for index in rows.indices where holds(index, inputs, &evaluation) {
            matched.append(index)
            if single { break }
            if hitPolicy == .unique, matched.count > 1 {
                return evaluation.fail("rules \(matched[0] + 1) and \(index + 1) match, but only one may")
            }
        }
        if matched.isEmpty { return defaultResult(&evaluation) }
        return result(matched, &evaluation)
    }

    private func holds(_ row: Int, _ inputs: [Value], _ evaluation: inout Evaluation) -> Bool {
        // Cells that hold for everything are left out of the row when the table is read.
        for cell in rows[row].conditions where cell.tests.matches(inputs[cell.input], in: &evaluation) != true {
            return false
        }
        return true
    }

    /// The defaults of the outputs; without any, nothing, or the empty result of a collecting policy.
    private func defaultResult(_ evaluation: inout Evaluation) -> Value {
        guard results.contains(where: { $0.defaultValue != nil }) else {
            switch hitPolicy {
            case .collect(.count?): return 0
            case .collect(nil): return []
            default: return evaluation.fail("no rule matches")
            }
        }
        var values: [Value] = []
        for column in results { values.append(column.defaultValue?.evaluate(in: &evaluation) ?? .null) }
        return assembled(values, &evaluation) ?? .null
    }

    private func result(_ matched: [Int], _ evaluation: inout Evaluation) -> Value {
        switch hitPolicy {
        case .unique, .first: return output(matched[0], &evaluation) ?? .null
        case .any:
            guard let outputs = outputs(matched, &evaluation), let first = outputs.first else { return .null }
            guard outputs.allSatisfy({ $0 == first }) else {
                return evaluation.fail("several rules match and do not agree")
            }
            return first
        case .priority: return prioritised(matched, &evaluation)?.first ?? .null
        case .outputOrder: return prioritised(matched, &evaluation).map(Value.list) ?? .null
        case .ruleOrder: return outputs(matched, &evaluation).map(Value.list) ?? .null
        case .collect(let aggregation):
            guard let outputs = outputs(matched, &evaluation) else { return .null }
            return aggregation.map { aggregate(outputs, $0, &evaluation) } ?? .list(outputs)
        }
    }

    private func outputs(_ matched: [Int], _ evaluation: inout Evaluation) -> [Value]? {
        var values: [Value] = []
        values.reserveCapacity(matched.count)
        for index in matched {
            guard let value = output(index, &evaluation) else { return nil }
            values.append(value)
        }
        return values
    }

    private func cells(_ row: Int, _ evaluation: inout Evaluation) -> [Value] {
        rows[row].results.map { $0.evaluate(in: &evaluation) }
    }

    private func output(_ row: Int, _ evaluation: inout Evaluation) -> Value? {
        if results.count == 1 {
            return checked(rows[row].results[0].evaluate(in: &evaluation), results[0], &evaluation)
        }
        return assembled(cells(row, &evaluation), &evaluation)
    }

    /// One value, or a context of several outputs; nil when one is not allowed.
    private func assembled(_ values: [Value], _ evaluation: inout Evaluation) -> Value? {
        if results.count == 1 { return checked(values[0], results[0], &evaluation) }
        var entries: [(String, Value)] = []
        for (column, value) in zip(results, values) {
            guard let value = checked(value, column, &evaluation) else { return nil }
            entries.append((column.name, value))
        }
        return .context(Context(entries))
    }

    private func checked(_ value: Value, _ column: OutputColumn, _ evaluation: inout Evaluation) -> Value? {
        var value = value
        if let type = column.type {
            guard let converted = type.converting(value) else {
                evaluation.fail("a result is a \(value.typeName), which is not the output's type")
                return nil
            }
            value = converted
        }
        if let allowed = column.allowed, allowed.matches(value, in: &evaluation) != true {
            evaluation.fail("a result is not among the output's allowed values")
            return nil
        }
        return value
    }

    /// The outputs ordered by the place of their values among the allowed ones, column by column.
    private func prioritised(_ matched: [Int], _ evaluation: inout Evaluation) -> [Value]? {
        var ranked: [(ranks: [Int], value: Value)] = []
        for row in matched {
            let cells = cells(row, &evaluation)
            guard let value = assembled(cells, &evaluation) else { return nil }
            let ranks = zip(results, cells).map { column, cell in
                column.priorities.firstIndex(of: cell) ?? column.priorities.count
            }
            ranked.append((ranks, value))
        }
        let order = ranked.indices.sorted { left, right in
            let (a, b) = (ranked[left].ranks, ranked[right].ranks)
            return a == b ? left < right : a.lexicographicallyPrecedes(b)
        }
        return order.map { ranked[$0].value }
    }

    private func aggregate(
        _ values: [Value], _ aggregation: HitPolicy.Aggregation, _ evaluation: inout Evaluation
    ) -> Value {
        if aggregation == .count { return .number(values.count) }
        var numbers: [Decimal128] = []
        for value in values {
            guard let number = value.asNumber else {
                return evaluation.fail("\(aggregation.rawValue) needs numbers, not \(value.typeName)")
            }
            numbers.append(number)
        }
        switch aggregation {
        case .sum: return .number(numbers.reduce(.zero, +))
        case .min: return numbers.min().map(Value.number) ?? .null
        case .max: return numbers.max().map(Value.number) ?? .null
        case .count: return .number(values.count)
        }
    }
}
