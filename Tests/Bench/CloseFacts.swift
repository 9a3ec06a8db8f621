import Contracts
import Domain

/// The facts that a close is measured on: those of the reference bank, or made-up ones that any pack can read.
struct CloseFacts {
    let institution: String
    let scheme: String
    private let isReference: Bool

    init(institution: String, scheme: String) {
        self.institution = institution
        self.scheme = scheme
        isReference = scheme == ReferenceBank.scheme
    }

    func manager(_ number: Int) -> Subject {
        Subject(institution: institution, kind: .manager, id: "rm-\(1_000_000 + number)")
    }

    /// What is known of one manager in March 2026.
    func facts(of number: Int) -> [Fact] {
        var random = SeededNumbers(seed: UInt64(number) &+ 3)
        return isReference ? reference(number, &random) : general(manager(number), &random)
    }

    private func reference(_ number: Int, _ random: inout SeededNumbers) -> [Fact] {
        let subject = manager(number)
        let manager = ReferenceBank.manager(number)
        let profile = fact(
            "manager.profile", subject, &random,
            ["unit": .text("u-\(number % 40)"), "tier": .text(["A", "B", "C"][manager.tier])])
        return [profile]
            + zip(ReferenceBank.indicators, manager.actuals).map { indicator, actual in
                var fact = fact("kpi.recorded", subject, &random, ["kpi": .text(indicator.name)])
                fact.amount = Quantity(tenThousandths: actual * 100)
                return fact
            }
    }

    private func general(_ manager: Subject, _ random: inout SeededNumbers) -> [Fact] {
        var facts = [
            fact(
                "manager.profile", manager, &random,
                ["unit": .text("u-\(random.below(40))"), "status": .text("active")])
        ]
        for _ in 0..<6 {
            var moved = fact("deposit.moved", manager, &random, ["product": .text("savings")])
            moved.amount = Quantity(tenThousandths: Int64(random.below(5_000_000)) * 10_000)
            facts.append(moved)
        }
        for _ in 0..<4 {
            var developed = fact(
                "customer.developed", manager, &random, ["outlet": .text("o-1"), "first": .flag(true)])
            developed.amount = Quantity(tenThousandths: Int64(random.below(90_000)) * 10_000)
            facts.append(developed)
        }
        return facts
    }

    private func fact(
        _ type: String, _ manager: Subject, _ random: inout SeededNumbers, _ attributes: [String: AttributeValue]
    ) -> Fact {
        let day = CalendarDate(dayNumber: 20_513 + Int32(random.below(28)))
        return Fact(
            id: DeterministicID.make("fact", "bench", manager.id, String(random.next())), subject: manager, type: type,
            businessDate: type == "manager.profile" ? CalendarDate(dayNumber: 20_454) : day,
            occurredAt: Timestamp(startOf: day).adding(seconds: Int64(30_000 + random.below(20_000))),
            unit: "CNY", customer: isReference ? nil : "c-\(random.below(500_000))", source: "bench",
            sourceID: "b-\(random.next())", attributes: attributes)
    }
}
