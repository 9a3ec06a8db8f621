public import Domain

/// Names one running aggregate: a bucket of a series of one subject, for one group.
public struct AggregateKey: Hashable, Sendable {
    public let subject: Int32
    public let series: Int32
    public let bucket: Int32
    /// Index into the table's ``AggregateTable/groups``; 0 is the empty group.
    public let group: Int32

    public init(subject: Int32, series: Int32, bucket: Int32, group: Int32 = 0) {
        self.subject = subject
        self.series = series
        self.bucket = bucket
        self.group = group
    }
}

/// Where a fact stands in the order that decides which amount is the last.
public struct FactOrder: Hashable, Sendable, Comparable {
    public let day: Int32
    public let microseconds: Int64
    public let id: UUID128

    public init(day: Int32, microseconds: Int64, id: UUID128) {
        self.day = day
        self.microseconds = microseconds
        self.id = id
    }

    public static func < (lhs: FactOrder, rhs: FactOrder) -> Bool {
        if lhs.day != rhs.day { return lhs.day < rhs.day }
        if lhs.microseconds != rhs.microseconds { return lhs.microseconds < rhs.microseconds }
        return lhs.id < rhs.id
    }
}

/// What a batch adds to one aggregate. Amounts are ten-thousandths.
public struct Aggregate: Hashable, Sendable {
    public var count: Int64 = 0
    public var sum: Int64 = 0
    /// Σ amount × day of the month, from which average daily balances follow.
    public var weighted: Int64 = 0
    public var last: Int64?
    public var lastOrder: FactOrder?
    public var min: Int64?
    public var max: Int64?
    /// A reversal touched it: `last`, `min` and `max` must be worked out again from the facts.
    public var needsOrder = false

    public init() {}
}

/// A fact's part in one aggregate.
public struct Contribution: Sendable {
    public let key: AggregateKey
    public let sign: Int
    public let amount: Int64
    public let dayOfMonth: Int64
    public let order: FactOrder
    /// The fact that this one undoes.
    public let reverses: UUID128?

    public init(
        key: AggregateKey, sign: Int, amount: Int64, dayOfMonth: Int64, order: FactOrder, reverses: UUID128? = nil
    ) {
        self.key = key
        self.sign = sign
        self.amount = amount
        self.dayOfMonth = dayOfMonth
        self.order = order
        self.reverses = reverses
    }
}

/// Adds the facts of a batch together, so that the store is touched once for each aggregate and not for each fact.
public struct AggregateTable: Sendable {
    /// The texts of groups; the first is empty.
    public private(set) var groups = [""]
    public private(set) var keys: [AggregateKey] = []
    public private(set) var values: [Aggregate] = []
    private var groupNumbers: [String: Int32] = ["": 0]
    private var slots = [Int32](repeating: 0, count: 1_024)

    public init() {}

    /// Forgets everything but the memory it took.
    public mutating func removeAll() {
        keys.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        if groups.count > 1 {
            groups = [""]
            groupNumbers = ["": 0]
        }
        for index in slots.indices { slots[index] = 0 }
    }

    public mutating func group(_ text: String) -> Int32 {
        if let known = groupNumbers[text] { return known }
        let number = Int32(groups.count)
        groups.append(text)
        groupNumbers[text] = number
        return number
    }

    /// Adds one fact's part; `false` when a sum leaves the range of the store, and then nothing has changed.
    public mutating func add(_ part: Contribution) -> Bool {
        let position = place(of: part.key)
        let signed = Int64(part.sign) * part.amount
        let (weight, weightOverflow) = signed.multipliedReportingOverflow(by: part.dayOfMonth)
        let (sum, sumOverflow) = values[position].sum.addingReportingOverflow(signed)
        let (weighted, weightedOverflow) = values[position].weighted.addingReportingOverflow(weight)
        guard !weightOverflow, !sumOverflow, !weightedOverflow else { return false }
        values[position].count += Int64(part.sign)
        values[position].sum = sum
        values[position].weighted = weighted
        if part.sign < 0 || part.reverses != nil {
            values[position].needsOrder = true
        } else {
            values[position].see(part.amount, at: part.order)
        }
        return true
    }

    /// Has `last`, `min` and `max` of an aggregate worked out again.
    public mutating func reorder(_ key: AggregateKey) {
        values[place(of: key)].needsOrder = true
    }

    /// The same for all aggregates of a subject in this table.
    public mutating func reorder(subject: Int32) {
        for position in keys.indices where keys[position].subject == subject { values[position].needsOrder = true }
    }

    /// The days that the buckets at `positions` cover together; there must be at least one.
    public func days(of positions: [Int], isDaily: (Int32) -> Bool) -> ClosedRange<CalendarDate> {
        var first = CalendarDate.latest
        var last = CalendarDate.earliest
        for position in positions {
            let key = keys[position]
            let start: CalendarDate
            let end: CalendarDate
            if isDaily(key.series) {
                start = CalendarDate(dayNumber: key.bucket)
                end = start
            } else {
                start = CalendarDate(year: Int(key.bucket) / 12, month: Int(key.bucket) % 12 + 1, day: 1) ?? .earliest
                end = start.adding(months: 1).adding(days: -1)
            }
            first = Swift.min(first, start)
            last = Swift.max(last, end)
        }
        return first...Swift.max(first, last)
    }

    /// The positions in the order of their keys, in which the store is written so that workers never wait in a circle.
    public func sortedPositions() -> [Int] {
        keys.indices.sorted { left, right in
            let (first, second) = (keys[left], keys[right])
            if first.subject != second.subject { return first.subject < second.subject }
            if first.series != second.series { return first.series < second.series }
            if first.bucket != second.bucket { return first.bucket < second.bucket }
            return groups[Int(first.group)].utf8.lexicographicallyPrecedes(groups[Int(second.group)].utf8)
        }
    }

    private mutating func place(of key: AggregateKey) -> Int {
        var slot = Self.hash(key) & (slots.count - 1)
        while slots[slot] != 0 {
            let position = Int(slots[slot]) - 1
            if keys[position] == key { return position }
            slot = (slot + 1) & (slots.count - 1)
        }
        keys.append(key)
        values.append(Aggregate())
        slots[slot] = Int32(keys.count)
        if keys.count * 2 > slots.count { grow() }
        return keys.count - 1
    }

    private mutating func grow() {
        slots = [Int32](repeating: 0, count: slots.count * 4)
        for (position, key) in keys.enumerated() {
            var slot = Self.hash(key) & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(position + 1)
        }
    }

    private static func hash(_ key: AggregateKey) -> Int {
        let left = UInt64(UInt32(bitPattern: key.subject)) << 32 | UInt64(UInt32(bitPattern: key.series))
        let right = UInt64(UInt32(bitPattern: key.bucket)) << 32 | UInt64(UInt32(bitPattern: key.group))
        var hash = left &* 0x9E37_79B9_7F4A_7C15 ^ right &* 0xC2B2_AE3D_27D4_EB4F
        hash ^= hash >> 32
        return Int(truncatingIfNeeded: hash &* 0x9E37_79B9_7F4A_7C15 >> 20)
    }
}

extension Aggregate {
    /// Takes in an amount that counts.
    public mutating func see(_ amount: Int64, at order: FactOrder) {
        if lastOrder.map({ $0 < order }) ?? true {
            last = amount
            lastOrder = order
        }
        min = Swift.min(min ?? amount, amount)
        max = Swift.max(max ?? amount, amount)
    }
}
