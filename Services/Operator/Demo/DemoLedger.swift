import Domain

/// Deposit movements, month by month, and the balances that they leave.
struct DemoLedger {
    private let world: DemoWorld
    private let seed: UInt64
    /// Customer → balance in hundredths at the end of the last month generated; new customers included.
    private(set) var balances: [String: Int]
    /// Movements that a later month refers to.
    private var remembered: [String: [Field]] = [:]

    init(world: DemoWorld, seed: UInt64) {
        self.world = world
        self.seed = seed
        balances = Dictionary(uniqueKeysWithValues: world.customers.map { ($0.id, $0.opening) })
    }

    /// The month's records: openings first (in January), movements, and what was booked late or reversed.
    mutating func movements(of month: Period) -> [SourceRecord] {
        var records = month == .month(year: 2026, month: 1) ? world.customers.map(opening) : []
        for (number, customer) in world.customers.enumerated() {
            records += movements(of: customer, number, in: month)
        }
        records += newCustomers(in: month)
        if month == .month(year: 2026, month: 3) { records += lateAndReversed() }
        return records
    }

    private func opening(_ customer: DemoWorld.Customer) -> SourceRecord {
        record(
            "dep-opening-\(customer.id)", "opening", customer.id, on: "2025-12-31", at: "23:59:00", customer.opening)
    }

    private mutating func movements(
        of customer: DemoWorld.Customer, _ number: Int, in month: Period
    ) -> [SourceRecord] {
        var random = SeededRandom(seed: seed, for: "movements-\(month)-\(customer.id)")
        let before = balances[customer.id, default: 0]
        let days = month.last.days(since: month.first) + 1
        var balance = before
        var amounts: [(day: Int, amount: Int)] = (0..<random.pick(9...12)).map { _ in
            let amount = random.pick(-300...320) * 10_00
            return (random.pick(0...(days - 1)), balance + amount > 0 ? amount : abs(amount))
        }
        for movement in amounts { balance += movement.amount }
        if customer.manager == DemoStory.manager {
            // The regulation's example: 31.0, 31.0, 32.5 and 32.0 million at the month ends.
            let target = 775_000_00 + [1: 0, 2: 37_500_00, 3: 25_000_00][month.first.month, default: 0]
            amounts.append((days - 1, target - balance))
            balance = target
        }
        balances[customer.id] = balance
        return amounts.enumerated().map { place, movement in
            let date = month.first.adding(days: movement.day)
            let id = "dep-\(month)-\(customer.id)-\(place)"
            if id == Self.reversed {
                remembered[id] = fields(id, "movement", customer.id, date.description, "14:20:00", movement.amount)
            }
            let record = record(id, "movement", customer.id, on: date.description, at: "14:20:00", movement.amount)
            return date.day == 15 ? inFile(record, date) : record
        }
    }

    /// Each month about a third of the managers bring in a new customer.
    private mutating func newCustomers(in month: Period) -> [SourceRecord] {
        DemoWorld.developed(in: month, seed: seed).flatMap { developed -> [SourceRecord] in
            balances[developed.customer] = developed.amount
            let date = developed.date.description
            return [
                DemoReference.assignment(
                    "a-\(developed.customer)", developed.customer, developed.manager, from: date, to: nil,
                    event: "ref-a-\(developed.customer)"),
                record(
                    "dep-first-\(developed.customer)", "movement", developed.customer, on: date, at: "11:00:00",
                    developed.amount),
            ]
        }
    }

    private static let reversed = "dep-2026-02-\(DemoWorld.customer(DemoWorld.portfolio(of: 30).lowerBound))-0"

    /// Booked in January but sent in March, and a February movement undone in March.
    private func lateAndReversed() -> [SourceRecord] {
        let late = DemoWorld.customer(DemoWorld.portfolio(of: 20).lowerBound)
        var records = [record("dep-late-1", "movement", late, on: "2026-01-20", at: "16:45:00", 200_000_00)]
        if let original = remembered[Self.reversed] {
            records.append(
                SourceRecord(
                    "core.deposits", key: DemoWorld.customer(DemoWorld.portfolio(of: 30).lowerBound),
                    original.map { $0.name == "eventId" ? .text("eventId", "dep-reversal-1") : $0 }
                        + [.flag("reversal", true), .text("reverses", Self.reversed)]))
        }
        return records
    }

    private func fields(
        _ id: String, _ kind: String, _ customer: String, _ date: String, _ time: String, _ amount: Int
    ) -> [Field] {
        [
            .text("eventId", id), .text("kind", kind), .text("institution", DemoWorld.post),
            .text("customer", customer),
            .text("businessDate", date), .text("bookedAt", "\(date)T\(time)+08:00"), .amount(amount),
            .text("currency", "CNY"), .text("product", "savings"),
        ]
    }

    private func record(
        _ id: String, _ kind: String, _ customer: String, on date: String, at time: String, _ amount: Int
    ) -> SourceRecord {
        SourceRecord("core.deposits", key: customer, fields(id, kind, customer, date, time, amount))
    }

    /// On the 15th the core's stream is down and the day comes as an end-of-day file.
    private func inFile(_ record: SourceRecord, _ date: CalendarDate) -> SourceRecord {
        SourceRecord(.file("eod-\(date).ndjson"), key: record.key, record.value)
    }
}

extension DemoWorld {
    struct Developed {
        let manager: String
        let customer: String
        let date: CalendarDate
        /// First deposit, in hundredths.
        let amount: Int
        /// False when the customer's data went into the system only the next morning.
        let enteredInTime: Bool
    }

    /// The customers brought in during a month.
    static func developed(in month: Period, seed: UInt64) -> [Developed] {
        var random = SeededRandom(seed: seed, for: "developed-\(month)")
        let calendarMonth = month.first.month
        return (1...managersOfThePost).compactMap { number in
            let takesPart = random.once(in: 3)
            let date = month.first.adding(days: random.pick(3...24))
            let amount = random.pick(3...60) * 10_000_00
            let inTime = !random.once(in: 8)
            let customer = "n-\(calendarMonth)-\(padded(number, 3))"
            if number == 1 {
                guard calendarMonth == 2 else { return nil }
                return Developed(
                    manager: rm(1), customer: customer, date: month.first.adding(days: 4), amount: 300_000_00,
                    enteredInTime: true)
            }
            guard takesPart else { return nil }
            return Developed(manager: rm(number), customer: customer, date: date, amount: amount, enteredInTime: inTime)
        }
    }
}
