/// What real streams bring besides good records: repeats, damaged records, a changed record under an old id.
struct DemoNoise {
    let seed: UInt64
    let phase: DemoPhase

    func applied(to records: [SourceRecord]) -> [SourceRecord] {
        var random = SeededRandom(seed: seed, for: "noise-\(phase.rawValue)")
        var result: [SourceRecord] = []
        result.reserveCapacity(records.count + records.count / 80)
        for record in records {
            result.append(record)
            guard case .topic("core.deposits") = record.door else { continue }
            if random.once(in: 100) { result.append(record) }
        }
        return result + damaged + (phase == .march ? [conflict] : [])
    }

    private func deposit(_ id: String, _ changes: [String: Field] = [:], without missing: String? = nil) -> SourceRecord
    {
        let fields: [Field] = [
            .text("eventId", id), .text("kind", "movement"), .text("institution", DemoWorld.post),
            .text("customer", DemoWorld.customer(5)), .text("businessDate", "2026-01-08"),
            .text("bookedAt", "2026-01-08T09:00:00+08:00"), .amount(1_00), .text("currency", "CNY"),
            .text("product", "savings"),
        ]
        return SourceRecord(
            "core.deposits", key: id, fields.filter { $0.name != missing }.map { changes[$0.name] ?? $0 })
    }

    private var damaged: [SourceRecord] {
        let name = "bad-\(phase.rawValue)"
        let good = deposit("\(name)-0").value
        return [
            SourceRecord(.topic("core.deposits"), key: name, Array(good.prefix(good.count / 2))),
            SourceRecord(.topic("core.deposits"), key: name, Array(good.dropLast(12)) + [0xFF, 0xFE, 0x22, 0x7D]),
            deposit("\(name)-1", ["amount": .text("amount", "123456789012345678901234567890")]),
            deposit("\(name)-2", ["currency": .text("currency", "USD")]),
            deposit("\(name)-3", ["businessDate": .text("businessDate", "2026-02-30")]),
            deposit("\(name)-4", ["customer": .number("customer", 17)]),
            deposit("\(name)-5", without: "amount"),
            SourceRecord(
                "hr.events", key: name,
                [
                    .text("eventId", "\(name)-6"), .text("institution", DemoWorld.post), .text("event", "lottery.won"),
                    .text("manager", DemoWorld.rm(2)), .text("businessDate", "2026-01-08"),
                    .text("occurredAt", "2026-01-08T09:00:00+08:00"),
                ]),
        ]
    }

    /// The same event id as an earlier record, with another amount.
    private var conflict: SourceRecord {
        deposit("dep-opening-\(DemoWorld.customer(5))", ["kind": .text("kind", "opening")])
    }
}
