import Domain
import IntakeCore
import Testing

/// Whatever the order, however often, and with whatever knowledge records were credited: the net effect is the same.
@Suite struct CreditingPropertyTests {
    static let day = CalendarDate(year: 2026, month: 1, day: 1) ?? CalendarDate(dayNumber: 0)
    let crediting = Crediting(stock: StockTypes(["deposit.moved"]))

    struct Effect: Hashable {
        var manager: String
        var type: String
        var customer: String
        var date: CalendarDate
    }

    /// One history of the world: movements, and versions of assignments in the order in which each id was changed.
    struct History {
        var movements: [Movement] = []
        var versions: [[Assignment]] = []

        init(seed: UInt64) {
            var random = SeededGenerator(seed: seed)
            for number in 0..<25 { movements.append(Self.movement(number, &random)) }
            for number in 25..<30 {
                guard var reversal = movements.filter({ $0.sign == 1 }).randomElement(using: &random) else { continue }
                reversal.reversalOf = reversal.sourceID
                reversal.sourceID = "reversal-of-\(reversal.sourceID)"
                reversal.sign = -1
                if !movements.contains(where: { $0.key == reversal.key }), number > 0 { movements.append(reversal) }
            }
            for number in 0..<7 { versions.append(Self.versions(number, &random)) }
        }

        static func movement(_ number: Int, _ random: inout SeededGenerator) -> Movement {
            let date = day.adding(days: Int.random(in: 0..<90, using: &random))
            let isStock = Bool.random(using: &random)
            return Movement(
                institution: "bank", source: "core", sourceID: "e-\(number)",
                type: isStock ? "deposit.moved" : "customer.developed",
                customer: "c-\(Int.random(in: 0..<2, using: &random))", date: date,
                occurredAt: Timestamp(startOf: date),
                offsetMinutes: 480, amount: Quantity(minorUnits: Int64.random(in: -99_999...99_999, using: &random)),
                unit: "CNY", attributes: ["product": .text("savings")])
        }

        static func versions(_ number: Int, _ random: inout SeededGenerator) -> [Assignment] {
            let customer = "c-\(number % 2)"
            return (0..<Int.random(in: 1...3, using: &random)).map { _ in
                let from = day.adding(days: Int.random(in: 0..<60, using: &random))
                let to = Bool.random(using: &random) ? nil : from.adding(days: Int.random(in: 0..<40, using: &random))
                let share = [400_000, 600_000, 333_333, 1_000_000].randomElement(using: &random) ?? 1
                return Assignment(
                    no: 0, institution: "bank", id: "a-\(number)", customer: customer,
                    manager: "rm-\(Int.random(in: 0..<3, using: &random))",
                    share: Share(millionths: Int64(share)) ?? .whole,
                    validFrom: from, validTo: to)
            }
        }
    }

    @Test(arguments: 0..<80)
    func endsTheSameInAnyOrder(seed: Int) throws {
        let history = History(seed: UInt64(seed))
        let final = history.versions.compactMap(\.last)
        var expected: [Effect: Int64] = [:]
        for movement in history.movements {
            add(
                crediting.lines(of: movement, under: final.filter { $0.customer == movement.customer }).map(\.fact),
                &expected)
        }
        for run in 0..<3 {
            var world = World(crediting: crediting, random: SeededGenerator(seed: UInt64(seed * 31 + run)))
            world.play(history)
            var found: [Effect: Int64] = [:]
            add(world.log.filter { $0.source != Portfolio.source }, &found)
            #expect(found.filter { $0.value != 0 } == expected.filter { $0.value != 0 }, "seed \(seed), run \(run)")
        }
    }

    private func add(_ facts: [Fact], _ sums: inout [Effect: Int64]) {
        for fact in facts {
            let effect = Effect(
                manager: fact.subject.id, type: fact.type, customer: fact.customer ?? "", date: fact.businessDate)
            sums[effect, default: 0] += Int64(fact.sign) * (fact.amount?.tenThousandths ?? 0)
        }
    }

    /// A log without repeated ids, writers with old knowledge, and corrections that see only what has arrived.
    struct World {
        let crediting: Crediting
        var random: SeededGenerator
        var log: [Fact] = []
        var held: [Movement.Key: Movement] = [:]
        var known: [[String: Assignment]] = [[:]]
        private var ids: Set<UUID128> = []

        init(crediting: Crediting, random: SeededGenerator) {
            self.crediting = crediting
            self.random = random
        }

        mutating func play(_ history: History) {
            var movements = (history.movements + history.movements.prefix(8)).shuffled(using: &random)
            var versions = history.versions
            while !movements.isEmpty || versions.contains(where: { !$0.isEmpty }) {
                if Bool.random(using: &random), let movement = movements.popLast() {
                    arrive(movement)
                } else if let index = versions.indices.filter({ !versions[$0].isEmpty }).randomElement(using: &random) {
                    let version = versions[index].removeFirst()
                    known.append((known.last ?? [:]).merging([version.id: version]) { $1 })
                    correct(version.customer, seeing: log.count)
                }
            }
            for customer in ["c-0", "c-1"] { correct(customer, seeing: log.count) }
            let count = log.count
            for customer in ["c-0", "c-1"] { correct(customer, seeing: log.count) }
            #expect(log.count == count, "a second correction must find nothing to do")
        }

        private mutating func arrive(_ movement: Movement) {
            let age = Int.random(in: 0..<min(3, known.count), using: &random)
            let assignments = known[known.count - 1 - age].values.filter { $0.customer == movement.customer }
            let lines = crediting.lines(of: movement, under: Array(assignments))
            if lines.isEmpty { held[movement.key] = movement }
            write(lines.map(\.fact))
        }

        private mutating func correct(_ customer: String, seeing count: Int) {
            let assignments = (known.last ?? [:]).values.filter { $0.customer == customer }
            let correction = crediting.correction(
                existing: log.prefix(count).filter { $0.customer == customer },
                held: held.values.filter { $0.customer == customer }, assignments: Array(assignments))
            for key in correction.released { held[key] = nil }
            write(correction.facts)
        }

        private mutating func write(_ facts: [Fact]) {
            for fact in facts where ids.insert(fact.id).inserted { log.append(fact) }
        }
    }
}
