import Domain
import FEEL

extension SortReader {
    mutating func arithmetic(
        _ sign: ExpressionForm.Sign, _ left: ExpressionForm, _ right: ExpressionForm
    ) -> Sort {
        let (first, second) = (sort(of: left), sort(of: right))
        switch (first, second) {
        case (.number(let a), .number(let b)): return numbers(sign, left, a, right, b)
        case (.text, .text): return .text(nil)
        case (.duration, _), (_, .duration), (.date, _), (_, .date), (.moment, _), (_, .moment), (.time, _), (_, .time):
            return times(sign, left, first, right, second)
        case (.any, _), (_, .any), (.nothing, _), (_, .nothing): return .any
        case (.list, _), (_, .list): return .any
        default:
            mismatch(left, first, right, second, "be calculated with")
            return .any
        }
    }

    private func numbers(
        _ sign: ExpressionForm.Sign, _ left: ExpressionForm, _ a: Measured, _ right: ExpressionForm, _ b: Measured
    ) -> Sort {
        switch sign {
        case .multiply:
            if right.isHundred { return .number(a.timesHundred) }
            if left.isHundred { return .number(b.timesHundred) }
            return .number(a.times(b))
        case .divide: return .number(right.isHundred ? a.overHundred : a.over(b))
        case .power:
            guard case .literal(.number(let number)) = right.shape, let exponent = Int(exactly: number) else {
                return .number(a.joined(Measured(.ratio)) == nil ? .unknown : a)
            }
            return .number(a.raised(to: exponent))
        default:
            if let joined = a.joined(b) { return .number(joined) }
            mismatch(left, .number(a), right, .number(b), sign == .add ? "be added" : "be subtracted")
            return .number(.unknown)
        }
    }

    /// Days, moments and lengths of time.
    private func times(
        _ sign: ExpressionForm.Sign, _ left: ExpressionForm, _ first: Sort, _ right: ExpressionForm, _ second: Sort
    ) -> Sort {
        switch (sign, first, second) {
        case (.divide, .duration, .duration(let unit)): return unit.map(Sort.unit) ?? .plain
        case (.multiply, .duration(let unit), .number(let count)):
            checkCount(count, right, of: unit, left)
            return .duration(nil)
        case (.multiply, .number(let count), .duration(let unit)):
            checkCount(count, left, of: unit, right)
            return .duration(nil)
        case (.divide, .duration, .number): return .duration(nil)
        case (.add, .duration, .duration), (.subtract, .duration, .duration): return .duration(nil)
        case (.subtract, .date, .date), (.subtract, .moment, .moment), (.subtract, .time, .time): return .duration(nil)
        case (.add, .date, .duration), (.subtract, .date, .duration), (.add, .duration, .date): return .date
        case (.add, _, .duration), (.subtract, _, .duration): return first
        case (_, .any, _), (_, _, .any), (_, .nothing, _), (_, _, .nothing): return .any
        default:
            mismatch(left, first, right, second, "be calculated with")
            return .any
        }
    }

    /// `duration("P1Y") * n` wants years.
    private func checkCount(
        _ count: Measured, _ form: ExpressionForm, of unit: Dimension?, _ duration: ExpressionForm
    ) {
        guard let unit, count.joined(Measured(unit)) == nil, count.joined(Measured(.ratio)) == nil,
            count.joined(Measured(.count)) == nil
        else { return }
        report(
            .units, "`\(form.text)` is in \(count.text) and `\(duration.text)` is one of \(unit.text)",
            "multiply by a number of \(unit.text)")
    }

    // MARK: functions

    mutating func call(_ name: String, _ arguments: [ExpressionForm]) -> Sort {
        switch name {
        case "sum", "min", "max", "mean", "median", "mode", "stddev":
            let common = combined(arguments, name)
            return name == "mode" ? .list(common) : common
        case "append", "concatenate", "union", "insert before", "list replace", "remove", "distinct values", "reverse",
            "sublist", "flatten", "sort":
            return lists(name, arguments)
        case "list contains":
            if arguments.count == 2 {
                let list = sort(of: arguments[0])
                compare(arguments[0], list.element, arguments[1], sort(of: arguments[1]))
            }
            return .flag
        case "not":
            for argument in arguments { expectFlag(argument) }
            return .flag
        default:
            let sorts = arguments.map { sort(of: $0) }
            return result(of: name, arguments, sorts)
        }
    }

    private func result(of name: String, _ arguments: [ExpressionForm], _ sorts: [Sort]) -> Sort {
        let first = sorts.first ?? .any
        switch name {
        case "count", "string length", "index of": return .unit(.count)
        case "abs": return first
        case "modulo": return first
        case "floor", "ceiling", "round up", "round down", "round half up", "round half down", "decimal":
            guard case .number(let measured) = first, arguments.count == 1 || arguments[1].isZero else { return first }
            return .number(measured.wholeTimes)
        case "sqrt", "log", "exp": return .number(.unknown)
        case "number": return .number(.unknown)
        case "date": return .date
        case "time": return .time
        case "date and time", "now": return .moment
        case "today": return .date
        case "duration": return Self.duration(arguments)
        case "years and months duration": return .duration(nil)
        case "string", "substring", "upper case", "lower case", "substring before", "substring after", "replace",
            "string join", "day of week", "month of year":
            return .text(nil)
        case "all", "any", "contains", "starts with", "ends with", "matches", "even", "odd", "is", "before", "after",
            "overlaps",
            "includes", "during", "is defined":
            return .flag
        case "day of year", "week of year": return .plain
        case "split": return .list(.text(nil))
        default: return .any
        }
    }

    private static func duration(_ arguments: [ExpressionForm]) -> Sort {
        guard case .literal(.string(let text))? = arguments.first?.shape else { return .duration(nil) }
        let bases = ["P1Y": "years", "P12M": "years", "P1M": "months", "P1D": "days", "PT1H": "hours"]
        return .duration(bases[text].map { Dimension([$0: 1]) })
    }

    /// What `sum` or `max` of a list or of its arguments is.
    private mutating func combined(_ arguments: [ExpressionForm], _ name: String) -> Sort {
        if arguments.count == 1 { return sort(of: arguments[0]).element }
        return alike(arguments, "go into one `\(name)`")
    }

    private mutating func lists(_ name: String, _ arguments: [ExpressionForm]) -> Sort {
        let sorts = arguments.map { sort(of: $0) }
        guard let first = sorts.first else { return .any }
        switch name {
        case "append", "concatenate", "union":
            var element = first.element
            for (form, sort) in zip(arguments, sorts).dropFirst() {
                guard let joined = element.joined(sort.element) else {
                    mismatch(arguments[0], element, form, sort.element, "stand in one list")
                    continue
                }
                element = joined
            }
            return .list(element)
        default:
            if case .list = first { return first }
            return .list(first)
        }
    }
}

extension ExpressionForm {
    fileprivate var isHundred: Bool {
        if case .literal(.number(let number)) = shape { number == 100 } else { false }
    }

    fileprivate var isZero: Bool {
        if case .literal(.number(let number)) = shape { number.isZero } else { false }
    }
}
