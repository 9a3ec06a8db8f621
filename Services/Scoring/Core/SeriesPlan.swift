public import Contracts
public import Domain

/// A scheme's series under its number in the store.
public struct KeptSeries: Sendable {
    public enum Bucket: Sendable { case day, month }

    public let number: Int32
    public let bucket: Bucket
    /// What a fact adds before its sign; `nil` when the series leaves it out.
    public let contribution: @Sendable (Fact) -> (group: String, amount: Int64)?

    public init(
        number: Int32, bucket: Bucket, contribution: @escaping @Sendable (Fact) -> (group: String, amount: Int64)?
    ) {
        self.number = number
        self.bucket = bucket
        self.contribution = contribution
    }
}

/// What is done with the facts of one type in one institution.
public struct TypePlan: Sendable {
    public let number: Int16
    public let name: String
    /// The series of all facts of the type by month, which exists without any scheme.
    public let baseSeries: Int32
    /// A scheme reads single facts of the type.
    public var isKept = false
    /// A scheme has rules that act on a single fact of the type.
    public var hasArrivals = false
    public var series: [KeptSeries] = []

    public init(number: Int16, name: String, baseSeries: Int32) {
        self.number = number
        self.name = name
        self.baseSeries = baseSeries
    }

    /// Whether more than the scanned fields is needed.
    public var needsWholeFact: Bool { hasArrivals || !series.isEmpty }
}

/// The parts of one fact in the aggregates of its subject.
public struct FactParts: Sendable {
    let subject: Int32
    let sign: Int
    let amount: Int64
    let order: FactOrder
    let month: Int32
    let dayOfMonth: Int64
    let reverses: UUID128?

    public init(
        subject: Int32, id: UUID128, sign: Int, amount: Int64?, businessDate: CalendarDate, occurredAt: Timestamp,
        reverses: UUID128?
    ) {
        self.reverses = reverses
        self.subject = subject
        self.sign = sign
        self.amount = amount ?? 0
        let (year, month, day) = businessDate.civil
        self.month = Int32(truncatingIfNeeded: year * 12 + month - 1)
        self.dayOfMonth = Int64(day)
        self.order = FactOrder(day: businessDate.dayNumber, microseconds: occurredAt.microseconds, id: id)
    }

    public init(_ view: FactView, subject: Int32) {
        self.init(
            subject: subject, id: view.id, sign: view.sign, amount: view.amount?.tenThousandths,
            businessDate: view.businessDate, occurredAt: view.occurredAt, reverses: view.reverses)
    }

    /// The part in the base series of its type.
    public func base(_ plan: TypePlan) -> Contribution { base(series: plan.baseSeries) }

    func base(series: Int32) -> Contribution {
        Contribution(
            key: AggregateKey(subject: subject, series: series, bucket: month), sign: sign, amount: amount,
            dayOfMonth: dayOfMonth, order: order, reverses: reverses)
    }

    /// The part in a scheme's series, or `nil` when the series leaves the fact out.
    public func part(of series: KeptSeries, _ fact: Fact, in table: inout AggregateTable) -> Contribution? {
        guard let (group, amount) = series.contribution(fact) else { return nil }
        let bucket = series.bucket == .month ? month : order.day
        let key = AggregateKey(
            subject: subject, series: series.number, bucket: bucket, group: table.group(group))
        return Contribution(
            key: key, sign: sign, amount: amount, dayOfMonth: dayOfMonth, order: order, reverses: reverses)
    }
}

extension AggregateTable {
    /// Adds a fact to the base series of its type and to the series of its institution's schemes.
    ///
    /// `false` when a sum leaves the range of the store; the fact must then be put aside whole.
    public mutating func add(_ parts: FactParts, _ plan: TypePlan, _ fact: Fact?) -> Bool {
        var contributions = [parts.base(plan)]
        if let fact {
            for series in plan.series {
                if let part = parts.part(of: series, fact, in: &self) { contributions.append(part) }
            }
        }
        for (index, contribution) in contributions.enumerated() where !add(contribution) {
            for earlier in contributions[..<index] { takeBack(earlier) }
            return false
        }
        return true
    }

    /// Adds a fact that is in no scheme's series.
    public mutating func addBase(_ parts: FactParts, series: Int32) -> Bool {
        add(parts.base(series: series))
    }

    private mutating func takeBack(_ part: Contribution) {
        _ = add(
            Contribution(
                key: part.key, sign: -part.sign, amount: part.amount, dayOfMonth: part.dayOfMonth, order: part.order))
        reorder(part.key)
    }
}

extension FactView {
    /// Whether `key` is `institution/kind/subject` of this fact.
    public func isKeyed(by key: Span<UInt8>, in value: Span<UInt8>) -> Bool {
        let kindText = kind.rawValue.utf8Span.span
        let first = Int(institution.count)
        let second = first + 1 + kindText.count
        guard key.count == second + 1 + Int(subject.count), key[first] == UInt8(ascii: "/"),
            key[second] == UInt8(ascii: "/")
        else { return false }
        for index in 0..<first where key[index] != value[Int(institution.start) + index] { return false }
        for index in 0..<kindText.count where key[first + 1 + index] != kindText[index] { return false }
        for index in 0..<Int(subject.count) where key[second + 1 + index] != value[Int(subject.start) + index] {
            return false
        }
        return true
    }
}
