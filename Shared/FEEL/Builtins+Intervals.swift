import Domain

/// The relations between points and ranges of the standard.
extension Builtins {
    /// A point or a range with both ends, as an interval; a point is its own closed range.
    struct Interval {
        let low: Value
        let high: Value
        let lowIncluded: Bool
        let highIncluded: Bool
        let isPoint: Bool

        init(_ value: Value) {
            if case .range(let range) = value {
                (low, high) = (range.low, range.high)
                (lowIncluded, highIncluded) = (range.lowIncluded, range.highIncluded)
                isPoint = false
            } else {
                (low, high) = (value, value)
                (lowIncluded, highIncluded) = (true, true)
                isPoint = true
            }
        }
    }

    static let intervals: [Builtin] = [
        relation("before", points: true, ranges: true, before),
        relation("after", points: true, ranges: true) { try before($1, $0) },
        relation("meets") { a, b in try same(a.high, b.low) && a.highIncluded && b.lowIncluded },
        relation("met by") { a, b in try same(b.high, a.low) && b.highIncluded && a.lowIncluded },
        relation("overlaps", overlaps),
        relation("overlaps before") { a, b in
            let startsEarlier = try below(a.low, b.low) || (same(a.low, b.low) && a.lowIncluded && !b.lowIncluded)
            let endsEarlier = try below(a.high, b.high) || (same(a.high, b.high) && (!a.highIncluded || b.highIncluded))
            return try startsEarlier && endsEarlier && overlaps(a, b)
        },
        relation("overlaps after") { a, b in
            let startsLater = try below(b.low, a.low) || (same(b.low, a.low) && b.lowIncluded && !a.lowIncluded)
            let endsLater = try below(b.high, a.high) || (same(b.high, a.high) && (a.highIncluded || !b.highIncluded))
            return try startsLater && endsLater && overlaps(a, b)
        },
        relation("finishes", points: true, ranges: false, finishes),
        relation("finished by", pointSecond: true) { try finishes($1, $0) },
        relation("includes", pointSecond: true) { try inside($1, $0) },
        relation("during", points: true, ranges: false, inside),
        relation("starts", points: true, ranges: false, starts),
        relation("started by", pointSecond: true) { try starts($1, $0) },
        relation("coincides", points: true, ranges: true) { a, b in
            try a.isPoint == b.isPoint && same(a.low, b.low) && same(a.high, b.high)
                && a.lowIncluded == b.lowIncluded && a.highIncluded == b.highIncluded
        },
    ]

    private struct NoOrder: Error {}
    private typealias Relation = @Sendable (Interval, Interval) throws -> Bool

    /// A relation of two ranges; `points` admits a point first, `ranges` a point second as well.
    private static func relation(
        _ name: String, points: Bool = false, ranges: Bool = false, pointSecond: Bool = false,
        _ body: @escaping Relation
    ) -> Builtin {
        let forms = [
            Form("range1", "range2"), Form("point", "range"), Form("range", "point"), Form("point1", "point2"),
        ]
        return Builtin(name, forms) { arguments, frame in
            let first = Interval(single(arguments[0]))
            let second = Interval(single(arguments[1]))
            guard !first.isPoint || points, !second.isPoint || ranges || pointSecond,
                let holds = try? body(first, second)
            else { return wrong(name, arguments, &frame) }
            return .boolean(holds)
        }
    }

    private static func order(_ left: Value, _ right: Value) throws -> Int {
        guard let order = Operators.order(left, right) else { throw NoOrder() }
        return order
    }

    private static func below(_ left: Value, _ right: Value) throws -> Bool { try order(left, right) < 0 }
    private static func same(_ left: Value, _ right: Value) throws -> Bool { try order(left, right) == 0 }

    private static func before(_ a: Interval, _ b: Interval) throws -> Bool {
        try below(a.high, b.low) || (same(a.high, b.low) && (!a.highIncluded || !b.lowIncluded))
    }

    private static func overlaps(_ a: Interval, _ b: Interval) throws -> Bool {
        let reachesB = try below(b.low, a.high) || (same(b.low, a.high) && b.lowIncluded && a.highIncluded)
        let reachesA = try below(a.low, b.high) || (same(a.low, b.high) && a.lowIncluded && b.highIncluded)
        return reachesB && reachesA
    }

    private static func finishes(_ a: Interval, _ b: Interval) throws -> Bool {
        guard try same(a.high, b.high), a.highIncluded == b.highIncluded else { return false }
        return try a.isPoint || below(b.low, a.low) || (same(b.low, a.low) && (!a.lowIncluded || b.lowIncluded))
    }

    private static func starts(_ a: Interval, _ b: Interval) throws -> Bool {
        guard try same(a.low, b.low), a.lowIncluded == b.lowIncluded else { return false }
        return try a.isPoint || below(a.high, b.high) || (same(a.high, b.high) && (!a.highIncluded || b.highIncluded))
    }

    private static func inside(_ a: Interval, _ b: Interval) throws -> Bool {
        let low = try below(b.low, a.low) || (same(b.low, a.low) && (b.lowIncluded || !a.lowIncluded))
        let high = try below(a.high, b.high) || (same(a.high, b.high) && (b.highIncluded || !a.highIncluded))
        return low && high
    }
}
