import FEEL

/// What an expression can be: a number with its unit, a text out of certain words, a day …
indirect enum Sort: Hashable, Sendable {
    /// Nothing is known.
    case any
    /// `null`.
    case nothing
    case number(Measured)
    /// The words it can be, when they are known.
    case text(Set<String>?)
    case flag, date, time, moment
    /// A length of time; the unit that a number of it counts, when it is written in the formula.
    case duration(Dimension?)
    case list(Sort)
    case record([String: Sort])
    case range(Sort)

    static let plain = Sort.number(.plain)

    static func unit(_ dimension: Dimension) -> Sort { .number(Measured(dimension)) }

    init(_ form: AttributeForm) {
        self =
            switch form {
            case .text: .text(nil)
            case .number: .number(.unknown)
            case .flag: .flag
            case .date: .date
            case .moment: .moment
            case .choice(let words): .text(Set(words))
            }
    }

    init(_ value: Value) {
        self =
            switch value {
            case .null: .nothing
            case .boolean: .flag
            case .number: .plain
            case .string(let text): .text([text])
            case .date: .date
            case .time: .time
            case .dateTime: .moment
            case .yearsMonthsDuration(let duration): .duration(Self.unit(of: duration))
            case .daysTimeDuration(let duration): .duration(Self.unit(of: duration))
            case .list(let values):
                .list(values.map(Sort.init).reduce(.nothing) { $0.joined($1) ?? .any })
            case .context, .range, .function: .any
            }
    }

    private static func unit(of duration: YearsMonthsDuration) -> Dimension? {
        switch duration.totalMonths {
        case 1: Dimension(["months": 1])
        case 12: Dimension(["years": 1])
        default: nil
        }
    }

    private static func unit(of duration: DaysTimeDuration) -> Dimension? {
        switch duration.text {
        case "P1D": Dimension(["days": 1])
        case "PT1H": Dimension(["hours": 1])
        default: nil
        }
    }

    /// What two branches, or the two sides of a comparison, can be together; `nil` when nothing.
    func joined(_ other: Sort) -> Sort? {
        switch (self, other) {
        case (.nothing, let sort), (let sort, .nothing): sort
        case (.any, let sort), (let sort, .any): sort
        case (.number(let left), .number(let right)): left.joined(right).map(Sort.number)
        case (.text(let left?), .text(let right?)): .text(left.union(right))
        case (.text, .text): .text(nil)
        case (.duration(let left), .duration(let right)): .duration(left == right ? left : nil)
        case (.list(let left), .list(let right)): left.joined(right).map(Sort.list)
        case (.range(let left), .range(let right)): left.joined(right).map(Sort.range)
        case (.record(let left), .record(let right)): .record(left.merging(right) { $0.joined($1) ?? .any })
        default: self == other ? self : nil
        }
    }

    /// The element of a list; what is no list counts as a list of one.
    var element: Sort {
        switch self {
        case .list(let element), .range(let element): element
        default: self
        }
    }

    /// What `value.name` is.
    func member(_ name: String) -> Sort {
        switch self {
        case .record(let fields): fields[name] ?? .any
        case .list(let element): .list(element.member(name))
        case .date, .time, .moment: .plain
        case .duration: Dimension.bases.contains(name) ? .unit(Dimension([name: 1])) : .any
        default: .any
        }
    }

    /// How a fault names it.
    var text: String {
        switch self {
        case .any, .nothing: "unknown"
        case .number(.plain): "a number"
        case .number(.unknown): "a number"
        case .number(let measured): "in \(measured.text)"
        case .text: "a text"
        case .flag: "yes or no"
        case .date: "a date"
        case .time: "a time of day"
        case .moment: "a moment"
        case .duration: "a length of time"
        case .list: "a list"
        case .record: "an entry of a list"
        case .range: "a range"
        }
    }
}
