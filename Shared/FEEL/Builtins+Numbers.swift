import Domain

extension Builtins {
    static let numbers: [Builtin] = [
        Builtin("abs", [Form("n")]) { arguments, frame in
            switch single(arguments[0]) {
            case .number(let value): return .number(value.magnitude)
            case .yearsMonthsDuration(let value):
                return value.totalMonths < 0
                    ? Operators.negate(.yearsMonthsDuration(value)) ?? .null : single(arguments[0])
            case .daysTimeDuration(let value):
                return value.seconds < 0 ? Operators.negate(.daysTimeDuration(value)) ?? .null : single(arguments[0])
            default: return wrong("abs", arguments, &frame)
            }
        },
        Builtin("modulo", [Form("dividend", "divisor")]) { arguments, frame in
            guard let dividend = number(arguments, 0), let divisor = number(arguments, 1) else {
                return wrong("modulo", arguments, &frame)
            }
            return result(dividend.modulo(divisor), "modulo", &frame)
        },
        numeric("sqrt") { $0.squareRoot },
        numeric("log") { $0.naturalLogarithm },
        numeric("exp") { $0.exponential },
        parity("odd", remainder: 1),
        parity("even", remainder: 0),
    ]

    static let rounding: [Builtin] = [
        rounded("decimal", .halfEven, scaleRequired: true),
        rounded("floor", .floor, scaleRequired: false),
        rounded("ceiling", .ceiling, scaleRequired: false),
        rounded("round up", .up, scaleRequired: true),
        rounded("round down", .down, scaleRequired: true),
        rounded("round half up", .halfUp, scaleRequired: true),
        rounded("round half down", .halfDown, scaleRequired: true),
    ]

    static func result(_ value: Decimal128, _ name: String, _ frame: inout Evaluation) -> Value {
        value.isNaN ? frame.fail("“\(name)” has no result for this number") : .number(value)
    }

    private static func numeric(_ name: String, _ body: @escaping @Sendable (Decimal128) -> Decimal128) -> Builtin {
        Builtin(name, [Form("number")]) { arguments, frame in
            guard let value = number(arguments, 0) else { return wrong(name, arguments, &frame) }
            guard frame.spend(5_000) else { return .null }
            return result(body(value), name, &frame)
        }
    }

    private static func parity(_ name: String, remainder: Decimal128) -> Builtin {
        Builtin(name, [Form("number")]) { arguments, frame in
            guard let value = number(arguments, 0), value.isInteger else { return wrong(name, arguments, &frame) }
            return .boolean(value.modulo(2) == remainder)
        }
    }

    private static func rounded(_ name: String, _ mode: Decimal128.RoundingMode, scaleRequired: Bool) -> Builtin {
        Builtin(name, [Form("n", "scale", required: scaleRequired ? 2 : 1)]) { arguments, frame in
            guard let value = number(arguments, 0) else { return wrong(name, arguments, &frame) }
            var scale = 0
            if arguments.count == 2 {
                guard let given = integer(arguments, 1), given >= -6111, given <= 6176 else {
                    return frame.fail("“\(name)” needs a scale from -6111 to 6176")
                }
                scale = given
            }
            return result(value.rounded(scale: scale, mode), name, &frame)
        }
    }
}
