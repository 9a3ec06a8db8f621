public import Domain

/// A value of the expression language: what a variable holds and what an expression gives.
public enum Value: Sendable {
    /// Nothing, or the result of something that went wrong.
    case null
    /// True or false.
    case boolean(Bool)
    /// A decimal number of up to 34 digits.
    case number(Decimal128)
    /// A text.
    case string(String)
    /// A calendar date.
    case date(FEELDate)
    /// A time of day, with or without an offset or a zone.
    indirect case time(FEELTime)
    /// A date and a time of day.
    indirect case dateTime(FEELDateTime)
    /// A length in years and months.
    case yearsMonthsDuration(YearsMonthsDuration)
    /// A length in days, hours, minutes and seconds.
    case daysTimeDuration(DaysTimeDuration)
    /// Values in order.
    case list([Value])
    /// Named values.
    case context(Context)
    /// All values between two ends.
    indirect case range(ValueRange)
    /// Something that can be called.
    case function(Function)
}

extension Value {
    /// A date; nil when there is no such day.
    @inlinable
    public static func date(year: Int, month: Int, day: Int) -> Value? {
        FEELDate(year: year, month: month, day: day).map(Value.date)
    }

    /// A number.
    @inlinable
    public static func number(_ value: Int) -> Value { .number(Decimal128(value)) }

    /// The boolean, if this is one.
    @inlinable public var asBoolean: Bool? {
        if case .boolean(let value) = self { return value }
        return nil
    }

    /// The number, if this is one.
    @inlinable public var asNumber: Decimal128? {
        if case .number(let value) = self { return value }
        return nil
    }

    /// The text, if this is one.
    @inlinable public var asString: String? {
        if case .string(let value) = self { return value }
        return nil
    }

    /// The date, if this is one.
    @inlinable public var asDate: FEELDate? {
        if case .date(let value) = self { return value }
        return nil
    }

    /// The list, if this is one.
    @inlinable public var asList: [Value]? {
        if case .list(let value) = self { return value }
        return nil
    }

    /// The context, if this is one.
    @inlinable public var asContext: Context? {
        if case .context(let value) = self { return value }
        return nil
    }

    /// Whether this is null.
    @inlinable public var isNull: Bool {
        if case .null = self { return true }
        return false
    }

    /// The name of the value's type as the language writes it.
    public var typeName: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .number: "number"
        case .string: "string"
        case .date: "date"
        case .time: "time"
        case .dateTime: "date and time"
        case .yearsMonthsDuration: "years and months duration"
        case .daysTimeDuration: "days and time duration"
        case .list: "list"
        case .context: "context"
        case .range: "range"
        case .function: "function"
        }
    }
}

extension Value: Equatable {
    /// Sameness of values as tests and caches want it: null equals null, values of different types differ.
    ///
    /// The language's own `=` differs (it is null between types); expressions use that one.
    public static func == (lhs: Value, rhs: Value) -> Bool {
        switch (lhs, rhs) {
        case (.null, .null): true
        case (.boolean(let left), .boolean(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left == right
        case (.date(let left), .date(let right)): left == right
        case (.time(let left), .time(let right)): left == right
        case (.dateTime(let left), .dateTime(let right)): left == right
        case (.yearsMonthsDuration(let left), .yearsMonthsDuration(let right)): left == right
        case (.daysTimeDuration(let left), .daysTimeDuration(let right)): left == right
        case (.list(let left), .list(let right)): left == right
        case (.context(let left), .context(let right)): left == right
        case (.range(let left), .range(let right)): left == right
        case (.function(let left), .function(let right)): left === right
        default: false
        }
    }
}

extension Value: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
    ExpressibleByArrayLiteral, ExpressibleByNilLiteral
{
    /// `true` and `false`.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .number(Decimal128(value)) }
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A list.
    public init(arrayLiteral elements: Value...) { self = .list(elements) }
    /// Null.
    public init(nilLiteral: ()) { self = .null }
}

/// All values between two ends, or those a one-sided comparison admits.
public struct ValueRange: Sendable, Equatable {
    /// What a range written as a comparison means; `between` for one written with two ends.
    public enum Form: Sendable {
        /// `[1..10]`
        case between
        /// `(< 10)`, `(<= 10)`, `(> 10)`, `(>= 10)`
        case oneSided
        /// `(= 10)`
        case equal
        /// `(!= 10)`
        case notEqual
    }

    /// The lower end; null when open.
    public let low: Value
    /// The upper end; null when open.
    public let high: Value
    /// Whether the lower end belongs to the range.
    public let lowIncluded: Bool
    /// Whether the upper end belongs to the range.
    public let highIncluded: Bool
    /// How the range was written.
    public let form: Form

    /// A range; the ends must be of one type, which the caller has checked.
    public init(low: Value, lowIncluded: Bool, high: Value, highIncluded: Bool, form: Form = .between) {
        self.low = low
        self.high = high
        self.lowIncluded = lowIncluded
        self.highIncluded = highIncluded
        self.form = form
    }
}
