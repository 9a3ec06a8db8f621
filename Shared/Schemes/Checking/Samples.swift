import Domain
import FEEL

/// The values written in formulas and cells: the places at which something may change.
struct Landmarks {
    var numbers: [Decimal128] = []
    var texts: Set<String> = []
    var days: [FEELDate] = []
    var times: [Int64] = []

    mutating func add(_ tests: [ExpressionForm.Test]) {
        for test in tests {
            switch test {
            case .any: break
            case .compare(_, let form), .value(let form), .condition(let form): add(form)
            case .not(let inner): add(inner)
            }
        }
    }

    mutating func add(_ form: ExpressionForm) {
        switch form.shape {
        case .literal(let value): add(value)
        case .negation(let operand):
            guard case .literal(.number(let number)) = operand.shape else { return add(operand) }
            numbers.append(-number)
        case .call(let name, let arguments):
            guard case .literal(.string(let text))? = arguments.first?.shape, arguments.count == 1 else {
                return arguments.forEach { add($0) }
            }
            if name == "date", let day = CalendarDate(text) { return days.append(FEELDate(day)) }
            if name == "time", let time = TimeOfDay(text) { return times.append(time.seconds) }
            texts.insert(text)
        default:
            for part in form.parts { add(part) }
            for test in form.tests { add([test]) }
        }
    }

    mutating func add(_ value: Value) {
        switch value {
        case .number(let number): numbers.append(number)
        case .string(let text): texts.insert(text)
        case .date(let day): days.append(day)
        case .time(let time): times.append(Int64(time.hour * 3600 + time.minute * 60 + time.second))
        case .list(let values): for value in values { add(value) }
        default: break
        }
    }
}

extension ExpressionForm {
    /// The expressions directly inside this one.
    var parts: [ExpressionForm] {
        switch shape {
        case .list(let elements), .and(let elements), .or(let elements), .call(_, let elements): elements
        case .range(let low, let high): [low, high]
        case .negation(let operand), .property(let operand, _): [operand]
        case .arithmetic(_, let left, let right), .comparison(_, let left, let right), .filter(let left, let right):
            [left, right]
        case .between(let value, let low, let high): [value, low, high]
        case .membership(let value, _): [value]
        case .conditional(let condition, let positive, let negative): [condition, positive, negative]
        case .loop(let iterations, let body), .quantified(let iterations, let body):
            iterations.flatMap { [$0.source] + [$0.end].compactMap { $0 } } + [body]
        case .context(let entries): entries.map(\.value)
        case .literal, .name, .other: []
        }
    }

    /// The tests of an `in`.
    var tests: [Test] { if case .membership(_, let tests) = shape { tests } else { [] } }
}

/// Values to try: one from every region that landmarks divide the world into.
enum Samples {
    /// Each landmark, a point between neighbours, and one beyond each end.
    static func around(_ landmarks: [Decimal128], in bounds: NumberBounds = NumberBounds()) -> [Value] {
        let ends = [bounds.low, bounds.high].compactMap { $0 }
        let sorted = Set((landmarks + ends).map(\.text)).compactMap { Decimal128($0) }.sorted()
        guard let low = sorted.first, let high = sorted.last else { return [0, 1, 2, 3].map(Value.number) }
        var points = [low - 1]
        for (index, point) in sorted.enumerated() {
            points.append(point)
            if bounds.areWhole { points += [point - 1, point + 1] }
            if index + 1 < sorted.count { points.append((point + sorted[index + 1]) / 2) }
        }
        points.append(high + 1)
        points = Set(points.filter(bounds.contains).map(\.text)).compactMap { Decimal128($0) }.sorted()
        return points.map(Value.number)
    }

    static func around(_ days: [FEELDate], default day: CalendarDate) -> [Value] {
        let numbers = days.isEmpty ? [FEELDate(day).daysSince1970] : days.map(\.daysSince1970)
        return Set(numbers.flatMap { [$0 - 1, $0, $0 + 1] }).sorted().compactMap {
            FEELDate(daysSince1970: $0).map(Value.date)
        }
    }

    static func around(times: [Int64]) -> [Value] {
        let seconds = times.isEmpty ? [12 * 3600] : times
        return Set(seconds.flatMap { [$0 - 60, $0, $0 + 60] }).filter { (0..<86_400).contains($0) }.sorted().map {
            Value(timeOfDay: $0 * 1_000_000)
        }
    }

    /// Calls `body` with every combination of one value from each list until it says `false`.
    ///
    /// - Returns: `false` when there are too many combinations to try.
    static func combinations(_ lists: [[Value]], limit: Int = 50_000, _ body: ([Value]) -> Bool) -> Bool {
        var total = 1
        for list in lists {
            total *= max(list.count, 1)
            if total > limit { return false }
        }
        var places = [Int](repeating: 0, count: lists.count)
        for _ in 0..<total {
            guard body(zip(lists, places).map({ $0.isEmpty ? .null : $0[$1] })) else { return true }
            for column in places.indices {
                places[column] += 1
                if places[column] < lists[column].count { break }
                places[column] = 0
            }
        }
        return true
    }
}

/// Between which numbers a figure always lies.
struct NumberBounds: Hashable {
    var low: Decimal128?
    var high: Decimal128?
    /// Whether it is a whole number.
    var areWhole = false

    func contains(_ number: Decimal128) -> Bool {
        if let low, number < low { return false }
        if let high, high < number { return false }
        return !areWhole || number.isInteger
    }
}
