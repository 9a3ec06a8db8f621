import Domain

/// What a number counts or measures: yuan, points, yuan per customer. The empty dimension is a ratio.
struct Dimension: Hashable, Sendable {
    /// Base units with their powers; none of them is zero.
    private let powers: [String: Int]

    static let ratio = Dimension([:])
    static let count = Dimension(["count": 1])
    static let points = Dimension(["points": 1])
    static let percent = Dimension(["percent": 1])

    init(_ powers: [String: Int]) { self.powers = powers.filter { $0.value != 0 } }

    init(_ currency: Currency) { self.init([currency.code: 1]) }

    func times(_ other: Dimension) -> Dimension {
        Dimension(powers.merging(other.powers) { $0 + $1 })
    }

    func over(_ other: Dimension) -> Dimension { times(other.raised(to: -1)) }

    func raised(to exponent: Int) -> Dimension { Dimension(powers.mapValues { $0 * exponent }) }

    func power(of base: String) -> Int { powers[base] ?? 0 }

    /// The unit as a scheme writes it: `CNY/count`.
    var text: String {
        let above = Self.product(powers.filter { $0.value > 0 })
        let below = Self.product(powers.filter { $0.value < 0 }.mapValues { -$0 })
        if below.isEmpty { return above.isEmpty ? "ratio" : above }
        return "\(above.isEmpty ? "1" : above)/\(below.replacing("*", with: "/"))"
    }

    private static func product(_ powers: [String: Int]) -> String {
        powers.sorted { $0.key < $1.key }.flatMap { [String](repeating: $0.key, count: $0.value) }
            .joined(separator: "*")
    }

    // MARK: reading

    static let bases: Set<String> = ["count", "points", "percent", "rank", "years", "months", "days", "hours"]

    /// Reads `CNY`, `points`, `CNY/count` or `CNY*days`; `nil` when a part is not a unit of the scheme.
    init?(_ text: String, currency: Currency) {
        var dimension = Dimension.ratio
        var divides = false
        var word = ""
        for character in text + "*" {
            guard character == "/" || character == "*" else {
                word.append(character)
                continue
            }
            guard let base = Self.base(word.filter { $0 != " " }, currency) else { return nil }
            dimension = divides ? dimension.over(base) : dimension.times(base)
            divides = character == "/"
            word = ""
        }
        self = dimension
    }

    private static func base(_ word: String, _ currency: Currency) -> Dimension? {
        switch word {
        case "ratio", "1": .ratio
        case "%": .percent
        case currency.code: Dimension(currency)
        default: bases.contains(word) ? Dimension([word: 1]) : nil
        }
    }
}

/// What is known about the unit of a number.
enum Measured: Hashable, Sendable {
    /// Nothing: a fact's amount or attribute, or a figure without a declared unit. It fits everything.
    case unknown
    /// A number written in the formula: it takes the unit that the other side has.
    case plain
    /// One of these; `ratio * 100` may be percent or points.
    case units(Set<Dimension>)

    init(_ dimension: Dimension) { self = .units([dimension]) }

    /// What both sides of `+`, `<` or `if` can be together; `nil` when they cannot be meant together.
    func joined(_ other: Measured) -> Measured? {
        switch (self, other) {
        case (.units(let left), .units(let right)):
            let common = left.intersection(right)
            return common.isEmpty ? nil : .units(common)
        case (.units, _): return self
        case (_, .units): return other
        case (.unknown, _), (_, .unknown): return .unknown
        case (.plain, .plain): return .plain
        }
    }

    func times(_ other: Measured) -> Measured { combined(other) { $0.times($1) } }

    /// An average for each piece, `sum of points / answers`, is in the unit of one of them or in that unit a piece.
    func over(_ other: Measured) -> Measured {
        let quotient = combined(other) { $0.over($1) }
        guard case .units(let units) = self, case .units(let pieces) = other, pieces.contains(.count),
            case .units(let found) = quotient
        else { return quotient }
        return .units(found.union(units.filter { $0 != .ratio && $0.power(of: "count") == 0 }))
    }

    private func combined(_ other: Measured, _ operation: (Dimension, Dimension) -> Dimension) -> Measured {
        switch (self, other) {
        case (.unknown, _), (_, .unknown): .unknown
        case (.plain, .plain): .plain
        case (.units(let left), .plain): .units(Set(left.map { operation($0, .ratio) }))
        case (.plain, .units(let right)): .units(Set(right.map { operation(.ratio, $0) }))
        case (.units(let left), .units(let right)):
            .units(Set(left.flatMap { one in right.map { operation(one, $0) } }))
        }
    }

    func raised(to exponent: Int) -> Measured {
        if case .units(let units) = self { .units(Set(units.map { $0.raised(to: exponent) })) } else { self }
    }

    /// A ratio times a hundred is percent or points, also when it is divided only afterwards (`100 * sales / target`).
    var timesHundred: Measured {
        guard case .units(let units) = self else { return self }
        return .units(
            Set(
                units.flatMap { unit -> [Dimension] in
                    if unit == .ratio { return [.percent, .points] }
                    if unit.power(of: "percent") < 0 { return [unit.times(.percent)] }
                    return [unit, unit.times(.percent), unit.times(.points)]
                }))
    }

    /// A hundredth of percent is a ratio, and one of points may be one.
    var overHundred: Measured {
        guard case .units(let units) = self else { return self }
        return .units(
            Set(
                units.flatMap { unit -> [Dimension] in
                    if unit.power(of: "percent") > 0 { return [unit.over(.percent)] }
                    return unit.power(of: "points") > 0 ? [unit, unit.over(.points)] : [unit]
                }))
    }

    /// How many whole times something is contained may be a count.
    var wholeTimes: Measured {
        if case .units(let units) = self, units.contains(.ratio) { .units(units.union([.count])) } else { self }
    }

    var text: String {
        switch self {
        case .unknown: "of unknown unit"
        case .plain: "a number"
        case .units(let units): units.map(\.text).sorted().joined(separator: " or ")
        }
    }
}
