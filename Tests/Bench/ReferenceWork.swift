import Contracts
import Domain

/// The work that every run of the benchmark does: one million facts of ten thousand managers over a quarter, with
/// repeats and damaged messages, and the truth about them.
struct ReferenceWork {
    /// What a base aggregate must come to.
    struct Truth: Equatable {
        var count: Int64 = 0
        var sum: Int64 = 0
        var last: Int64 = 0
        var order = (day: Int32.min, at: Int64.min, id: UUID128(high: 0, low: 0))

        static func == (lhs: Truth, rhs: Truth) -> Bool {
            lhs.count == rhs.count && lhs.sum == rhs.sum && lhs.last == rhs.last
        }
    }

    struct TruthKey: Hashable {
        let manager: Int32
        let type: Int32
        let month: Int32
    }

    static let institution = "reference-bank"
    static let types = [
        "deposit.moved", "loan.disbursed", "customer.visited", "customer.developed", "loan.repaid",
    ]

    let messages: Int
    let managers: Int
    private(set) var truth: [TruthKey: Truth] = [:]
    private(set) var valid = 0
    private(set) var repeats = 0
    private(set) var damaged = 0
    private var random: SeededNumbers
    private var history: [Int: Fact] = [:]
    private let historyLength = 200_000
    private var buffer: [UInt8] = []

    init(messages: Int, managers: Int, seed: UInt64) {
        self.messages = messages
        self.managers = managers
        random = SeededNumbers(seed: seed)
        buffer.reserveCapacity(1_024)
    }

    /// Makes the messages in order and hands each to `body` with its key.
    mutating func generate(_ body: (_ key: [UInt8], _ value: [UInt8]) throws -> Void) rethrows {
        for index in 0..<messages {
            let chance = random.below(10_000)
            buffer.removeAll(keepingCapacity: true)
            let fact: Fact
            if chance < 100, index > 0,
                let earlier = history[(index - 1 - random.below(min(index, historyLength))) % historyLength]
            {
                fact = earlier
                repeats += 1
                FactCodec.encode(fact, into: &buffer)
            } else {
                let manager = random.below(managers)
                fact = self.fact(index, manager)
                FactCodec.encode(fact, into: &buffer)
                if chance < 110 {
                    damage(index)
                    damaged += 1
                    history[index % historyLength] = nil
                } else {
                    note(fact, manager)
                    history[index % historyLength] = fact
                }
            }
            try body(Array(fact.subject.description.utf8), buffer)
        }
    }

    private mutating func fact(_ index: Int, _ manager: Int) -> Fact {
        let day = CalendarDate(dayNumber: 20_454 + Int32(index * 90 / messages))
        let type = random.below(Self.types.count)
        let amount = Int64(random.below(20_000_000)) * 100 - (type == 0 ? 500_000_000 : 0)
        let moment = Timestamp(startOf: day).microseconds + Int64(28_800 + random.below(36_000)) * 1_000_000
        return Fact(
            id: UUID128(high: random.next(), low: random.next()),
            subject: Subject(institution: Self.institution, kind: .manager, id: "rm-\(100_000 + manager)"),
            type: Self.types[type], businessDate: day, occurredAt: Timestamp(microseconds: moment),
            amount: Quantity(tenThousandths: amount), unit: "CNY", customer: "c-\(1_000_000 + random.below(400_000))",
            source: "core-banking", sourceID: "evt-\(10_000_000 + index)",
            attributes: [
                "channel": .text("counter"), "product": .text("savings"), "branch": .text("o-\(manager % 97)"),
            ])
    }

    private mutating func note(_ fact: Fact, _ manager: Int) {
        valid += 1
        let (year, month, _) = fact.businessDate.civil
        let type = Int32(Self.types.firstIndex(of: fact.type) ?? 0)
        let key = TruthKey(manager: Int32(manager), type: type, month: Int32(year * 12 + month - 1))
        var entry = truth[key] ?? Truth()
        let amount = fact.amount?.tenThousandths ?? 0
        let order = (day: fact.businessDate.dayNumber, at: fact.occurredAt.microseconds, id: fact.id)
        entry.count += 1
        entry.sum += amount
        if (order.day, order.at, order.id) > (entry.order.day, entry.order.at, entry.order.id) {
            entry.order = order
            entry.last = amount
        }
        truth[key] = entry
    }

    /// Five kinds of damage, each of which must be put aside and never counted.
    private mutating func damage(_ index: Int) {
        switch index % 5 {
        case 0: buffer.removeLast(20)
        case 1: replace(#""amount":""#, #""amount":{""#)
        case 2: replace(#""businessDate":"2026-"#, #""businessDate":"2026/"#)
        case 3: buffer[buffer.count / 2] = 0xFF
        default: replace(#""kind":"manager""#, #""kind":"nobody!""#)
        }
    }

    private mutating func replace(_ old: StaticString, _ new: StaticString) {
        let needle = Array(old.description.utf8)
        guard
            let start = (0..<(buffer.count - needle.count)).first(where: {
                Array(buffer[$0..<$0 + needle.count]) == needle
            })
        else { return }
        buffer.replaceSubrange(start..<start + needle.count, with: new.description.utf8)
    }
}
