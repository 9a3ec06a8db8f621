import Domain

/// Visits to customers, as often as each balance asks for; a few are missed.
struct DemoVisits {
    let world: DemoWorld
    let seed: UInt64
    let month: Period
    /// Balances at the end of the month before.
    let balances: [String: Int]

    var records: [SourceRecord] {
        var random = SeededRandom(seed: seed, for: "visits-\(month)")
        return world.customers.flatMap { customer -> [SourceRecord] in
            windows(for: balances[customer.id, default: 0]).compactMap { window -> SourceRecord? in
                let day = window.lowerBound + random.pick(0...(window.upperBound - window.lowerBound))
                let missed = random.once(in: 150)
                let manager = holder(of: customer, day: day)
                guard !missed || manager == DemoStory.manager else { return nil }
                let date = month.first.adding(days: day - 1)
                return SourceRecord(
                    "crm.activities", key: manager,
                    [
                        .text("eventId", "visit-\(customer.id)-\(date)"), .text("institution", DemoWorld.post),
                        .text("event", "customer.visited"), .text("manager", manager), .text("customer", customer.id),
                        .text("businessDate", date.description), .text("occurredAt", date.at("15:10:00")),
                        .object("attributes", [.text("form", "yes")]),
                    ])
            }
        }
    }

    /// Days of the month in each of which one visit is due.
    private func windows(for balance: Int) -> [ClosedRange<Int>] {
        let days = month.last.day
        switch balance {
        case 1_000_000_00...: return [1...7, 8...14, 15...21, 22...28]
        case 500_000_00...: return [1...15, 16...days]
        default: return [1...days]
        }
    }

    private func holder(of customer: DemoWorld.Customer, day: Int) -> String {
        guard let number = Int(customer.id.dropFirst(2)), DemoStory.handedOver.contains(number) else {
            return customer.manager
        }
        let date = month.first.adding(days: day - 1)
        return date.description < DemoStory.handoverDate ? customer.manager : DemoWorld.rm(8)
    }
}
