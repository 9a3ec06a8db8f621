import Domain
import FEEL

/// Values to try a condition with: one from every region that its literals divide the world into.
enum Samples {
    /// The numbers written in a condition, and the texts.
    static func literals(in text: String) -> (numbers: [Decimal128], texts: [String]) {
        var numbers: [Decimal128] = []
        var texts: [String] = []
        var rest = Substring(text)
        while let first = rest.first {
            if first == "\"" {
                let body = rest.dropFirst().prefix { $0 != "\"" }
                texts.append(String(body))
                rest = rest.dropFirst(body.count + 2)
            } else if first.isASCII, first.isNumber {
                var digits = rest.prefix { $0.isASCII && $0.isNumber }
                let after = rest.dropFirst(digits.count)
                if after.first == ".", let next = after.dropFirst().first, next.isASCII, next.isNumber {
                    let decimals = after.dropFirst().prefix { $0.isASCII && $0.isNumber }
                    digits = rest.prefix(digits.count + 1 + decimals.count)
                }
                if let number = Decimal128(String(digits)) { numbers += [number, -number] }
                rest = rest.dropFirst(digits.count)
            } else {
                rest = rest.dropFirst()
            }
        }
        return (numbers, texts)
    }

    /// Each boundary, a point between neighbours, and one beyond each end.
    static func around(_ boundaries: [Decimal128]) -> [Value] {
        let sorted = Set(boundaries.map(\.text)).compactMap { Decimal128($0) }.sorted()
        guard let low = sorted.first, let high = sorted.last else { return [.number(0), .number(1)] }
        var points = [low - 1]
        for (index, point) in sorted.enumerated() {
            points.append(point)
            if index + 1 < sorted.count { points.append((point + sorted[index + 1]) / 2) }
        }
        points.append(high + 1)
        return points.map(Value.number)
    }

    /// Calls `body` with every combination of one value from each list; gives up when there are too many.
    static func combinations(_ lists: [[Value]], limit: Int = 20_000, _ body: ([Value]) -> Void) -> Bool {
        var total = 1
        for list in lists {
            total *= max(list.count, 1)
            if total > limit { return false }
        }
        var places = [Int](repeating: 0, count: lists.count)
        for _ in 0..<total {
            body(zip(lists, places).map { $0.isEmpty ? .null : $0[$1] })
            for column in places.indices {
                places[column] += 1
                if places[column] < lists[column].count { break }
                places[column] = 0
            }
        }
        return true
    }
}
