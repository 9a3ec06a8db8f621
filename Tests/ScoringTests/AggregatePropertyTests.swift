import Contracts
import Domain
import Testing

@testable import ScoringCore

/// The pure part: what facts come to may depend on which facts there are, and on nothing else.
@Suite struct AggregatePropertyTests {
    private struct Item {
        let sign: Int
        let amount: Int64
        let order: FactOrder
        let key: AggregateKey
        var reverses: UUID128?

        var part: Contribution {
            Contribution(
                key: key, sign: sign, amount: amount, dayOfMonth: Int64(order.day + 1), order: order,
                reverses: reverses)
        }
    }

    private func items(_ random: inout SeededNumbers) -> [Item] {
        var items: [Item] = []
        for _ in 0..<random.below(40) + 2 {
            let key = AggregateKey(subject: Int32(random.below(2)), series: 1, bucket: Int32(random.below(2)))
            let order = FactOrder(
                day: Int32(random.below(4)), microseconds: Int64(random.below(3)),
                id: UUID128(high: random.next(), low: random.next()))
            let item = Item(sign: 1, amount: Int64(random.below(9)) - 4, order: order, key: key)
            items.append(item)
            var undone = item
            // A chain: undone, brought back, undone again …
            for _ in 0..<random.below(4) {
                undone = Item(
                    sign: -undone.sign, amount: item.amount,
                    order: FactOrder(
                        day: order.day, microseconds: order.microseconds,
                        id: UUID128(high: random.next(), low: random.next())), key: key, reverses: undone.order.id)
                items.append(undone)
            }
        }
        return items
    }

    private func result(_ items: [Item], batches: Int) -> [AggregateKey: Aggregate] {
        var stored: [AggregateKey: Aggregate] = [:]
        let size = max(1, items.count / batches)
        for start in stride(from: 0, to: items.count, by: size) {
            var table = AggregateTable()
            for item in items[start..<min(start + size, items.count)] {
                let fits = table.add(item.part)
                #expect(fits)
            }
            for (key, value) in zip(table.keys, table.values) { stored[key, default: Aggregate()].merge(value) }
        }
        for key in stored.keys where stored[key]?.needsOrder == true {
            var live = LiveAmounts()
            for item in items where item.key == key { live.add(item.part) }
            stored[key]?.takeOrder(of: live.ordered)
        }
        return stored
    }

    @Test func orderAndBatchesDoNotMatter() {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = SeededNumbers(seed: seed)
        for _ in 0..<400 {
            let items = items(&random)
            let expected = result(items, batches: 1)
            let shuffled = result(items.shuffled(using: &random), batches: random.below(5) + 1)
            #expect(shuffled == expected, "seed \(seed)")
        }
    }

    @Test func aFactAndItsReversalLeaveNothing() {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = SeededNumbers(seed: seed)
        for _ in 0..<400 {
            let items = items(&random).filter { $0.reverses == nil }
            let undone = Item(
                sign: -1, amount: items[0].amount,
                order: FactOrder(
                    day: items[0].order.day, microseconds: items[0].order.microseconds,
                    id: UUID128(high: random.next(), low: random.next())), key: items[0].key,
                reverses: items[0].order.id)
            let without = result(Array(items.dropFirst()), batches: 1)[items[0].key]
            let with = result((items + [undone]).shuffled(using: &random), batches: random.below(3) + 1)[items[0].key]
            #expect(with?.count ?? 0 == without?.count ?? 0, "seed \(seed)")
            #expect(with?.sum ?? 0 == without?.sum ?? 0, "seed \(seed)")
            #expect(with?.weighted ?? 0 == without?.weighted ?? 0, "seed \(seed)")
            #expect(
                with?.last == without?.last && with?.min == without?.min && with?.max == without?.max, "seed \(seed)")
        }
    }

    @Test func aSumOutOfRangeIsRefusedWhole() {
        var table = AggregateTable()
        let key = AggregateKey(subject: 1, series: 1, bucket: 1)
        func part(_ amount: Int64, _ low: UInt64) -> Contribution {
            Contribution(
                key: key, sign: 1, amount: amount, dayOfMonth: 1,
                order: FactOrder(day: 1, microseconds: Int64(low), id: UUID128(high: 0, low: low)))
        }
        let fits = table.add(part(Int64.max - 5, 1))
        let fitsToo = table.add(part(6, 2))
        #expect(fits && !fitsToo)
        #expect(table.values[0].count == 1 && table.values[0].last == Int64.max - 5)
    }

    @Test func namesAreFoundAgain() {
        var table = ReferenceTable()
        for number in 0..<5_000 { table.insert("bank/manager/rm-\(number)", number: Int32(number)) }
        table.insert("bank/manager/rm-7", number: 99)
        for number in 0..<5_000 {
            #expect(table.number(of: Array("bank/manager/rm-\(number)".utf8).span) == Int32(number))
        }
        #expect(table.number(of: Array("bank/manager/rm-5000".utf8).span) == nil)
    }
}

extension Aggregate {
    /// What the store's upsert does.
    fileprivate mutating func merge(_ other: Aggregate) {
        count += other.count
        sum += other.sum
        weighted += other.weighted
        needsOrder = needsOrder || other.needsOrder
        if let order = other.lastOrder, lastOrder.map({ $0 < order }) ?? true {
            last = other.last
            lastOrder = order
        }
        min = [min, other.min].compactMap(\.self).min()
        max = [max, other.max].compactMap(\.self).max()
    }

    fileprivate mutating func takeOrder(of other: Aggregate) {
        last = other.last
        lastOrder = other.lastOrder
        min = other.min
        max = other.max
        needsOrder = false
    }
}
