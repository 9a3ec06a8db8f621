/// A type of the language, with the restrictions a model may put on it.
public indirect enum FEELType: Sendable {
    /// Everything.
    case any
    /// Only null.
    case null
    /// True and false.
    case boolean
    /// Decimal numbers.
    case number
    /// Texts.
    case string
    /// Days.
    case date
    /// Times of day.
    case time
    /// Moments.
    case dateTime
    /// Lengths in months.
    case yearsMonthsDuration
    /// Lengths in seconds.
    case daysTimeDuration
    /// Lists of one type.
    case list(FEELType)
    /// Contexts with at least these entries.
    case context([(name: String, type: FEELType)])
    /// Ranges of one type.
    case range(FEELType)
    /// Functions with these parameters and result.
    case function([FEELType], FEELType)
    /// Values of a type that pass a check, such as the allowed values of a model's type.
    case restricted(FEELType, @Sendable (Value) -> Bool)

    static let simple: [String: FEELType] = [
        "Any": .any, "Null": .null, "boolean": .boolean, "number": .number, "string": .string, "date": .date,
        "time": .time, "date and time": .dateTime, "date time": .dateTime, "dateTime": .dateTime,
        "years and months duration": .yearsMonthsDuration, "yearMonthDuration": .yearsMonthsDuration,
        "days and time duration": .daysTimeDuration, "dayTimeDuration": .daysTimeDuration,
        "list": .list(.any), "context": .context([]), "function": .function([], .any), "range": .range(.any),
    ]

    /// A type the language itself names, such as `number` or `days and time duration`.
    public static func named(_ name: String) -> FEELType? { simple[name] }

    /// Whether a value is of this type, restrictions included; null is of no type but `Null`.
    ///
    /// A function is taken at its word where its types are not known.
    public func includes(_ value: Value) -> Bool {
        switch (self, value) {
        case (.list(let element), .list(let values)): values.allSatisfy { element.admits($0) }
        case (.context(let entries), .context(let context)):
            entries.allSatisfy { entry in context[entry.name].map { entry.type.admits($0) } ?? false }
        case (.range(let element), .range(let range)): element.admits(range.low) && element.admits(range.high)
        case (.function(let parameters, let result), .function(let function)):
            Self.fits(function, parameters, result)
        case (.restricted(let base, let check), _): base.includes(value) && check(value)
        default: isSimple(value)
        }
    }

    /// Whether `value instance of` this type: restrictions do not count, and a function must be known to conform.
    func describes(_ value: Value) -> Bool {
        switch (self, value) {
        case (.list(let element), .list(let values)): values.allSatisfy { $0.isNull || element.describes($0) }
        case (.context(let entries), .context(let context)):
            entries.allSatisfy { entry in
                context[entry.name].map { $0.isNull || entry.type.describes($0) } ?? false
            }
        case (.range(let element), .range(let range)):
            [range.low, range.high].allSatisfy { $0.isNull || element.describes($0) }
        case (.function(let parameters, let result), .function(let function)):
            Self.conforms(function, parameters, result)
        case (.restricted(let base, _), _): base.describes(value)
        default: isSimple(value)
        }
    }

    private func isSimple(_ value: Value) -> Bool {
        switch (self, value) {
        case (.any, _): !value.isNull
        case (.null, .null), (.boolean, .boolean), (.number, .number), (.string, .string), (.date, .date),
            (.time, .time), (.dateTime, .dateTime), (.yearsMonthsDuration, .yearsMonthsDuration),
            (.daysTimeDuration, .daysTimeDuration):
            true
        default: false
        }
    }

    private static func fits(_ function: Function, _ parameters: [FEELType], _ result: FEELType) -> Bool {
        if case .builtin(let builtin) = function.body { return builtin.accepts(parameters.count) }
        guard function.parameters.count == parameters.count else { return false }
        for (given, wanted) in zip(function.parameters, parameters) {
            guard let type = given.type else { continue }
            guard wanted.conforms(to: type) else { return false }
        }
        return function.result.map { $0.conforms(to: result) } ?? true
    }

    /// Whether a value may stand where this type is wanted; null may stand anywhere.
    func admits(_ value: Value) -> Bool {
        value.isNull || includes(value)
    }

    /// The value made to fit this type: as it is, out of or into a list of one, a date as its midnight; nil otherwise.
    public func converting(_ value: Value) -> Value? {
        if admits(value) { return value }
        if case .list(let values) = value, values.count == 1, admits(values[0]) { return values[0] }
        switch self {
        case .list(let element): return element.includes(value) ? .list([value]) : nil
        case .restricted(.list(let element), let check):
            let list = Value.list([value])
            return element.includes(value) && check(list) ? list : nil
        case .dateTime:
            guard let date = value.asDate else { return nil }
            return .dateTime(
                FEELDateTime(date: date, time: FEELTime(secondOfDay: 0, nanosecond: 0, zone: .offset(seconds: 0))))
        default: return nil
        }
    }

    private static func conforms(_ function: Function, _ parameters: [FEELType], _ result: FEELType) -> Bool {
        guard function.parameters.count == parameters.count else { return false }
        for (given, wanted) in zip(function.parameters, parameters) {
            guard wanted.conforms(to: given.type ?? .any) else { return false }
        }
        return (function.result ?? .any).conforms(to: result)
    }

    /// Whether every value of this type is one of the other.
    func conforms(to other: FEELType) -> Bool {
        switch (self, other) {
        case (_, .any), (.null, _): return true
        case (.boolean, .boolean), (.number, .number), (.string, .string), (.date, .date), (.time, .time),
            (.dateTime, .dateTime), (.yearsMonthsDuration, .yearsMonthsDuration),
            (.daysTimeDuration, .daysTimeDuration):
            return true
        case (.list(let left), .list(let right)), (.range(let left), .range(let right)):
            return left.conforms(to: right)
        case (.context(let left), .context(let right)):
            return right.allSatisfy { wanted in
                left.contains { $0.name == wanted.name && $0.type.conforms(to: wanted.type) }
            }
        case (.function(let leftParameters, let left), .function(let rightParameters, let right)):
            return leftParameters.count == rightParameters.count
                && zip(leftParameters, rightParameters).allSatisfy { $1.conforms(to: $0) } && left.conforms(to: right)
        case (.restricted(let base, _), _): return base.conforms(to: other)
        case (_, .restricted(let base, _)): return conforms(to: base)
        default: return false
        }
    }
}
