import Domain

/// Baiyin: monthly appraisals and one violation.
struct DemoTobacco {
    let world: DemoWorld
    let seed: UInt64
    let month: Period

    var records: [SourceRecord] {
        let appraisals = (1...12).map { number in
            let date = month.last
            return SourceRecord(
                "hr.events", key: DemoWorld.cm(number),
                [
                    .text("eventId", "appraisal-\(DemoWorld.cm(number))-\(month)"),
                    .text("institution", DemoWorld.tobacco),
                    .text("event", "appraisal.scored"), .text("manager", DemoWorld.cm(number)),
                    .text("businessDate", date.description), .text("occurredAt", date.at("17:00:00")),
                    .text("amount", points(number)), .text("amountUnit", "points"),
                    .object("attributes", [.text("kind", "monthly"), .text("period", month.description)]),
                ])
        }
        return appraisals + (month.first.month == 2 ? [violation] : [])
    }

    /// Managers 3 and 10 reach 95 in all three months; 4 misses it once; 6 also does but breaks discipline.
    private func points(_ number: Int) -> String {
        let place = month.first.month - 1
        switch number {
        case 3: return ["96", "95", "97"][place]
        case 4: return ["96", "94.5", "98"][place]
        case 6: return "97"
        case 10: return ["95", "95.5", "99"][place]
        default:
            var random = SeededRandom(seed: seed, for: "points-\(number)-\(month)")
            return "\(random.pick(78...94))" + (random.once(in: 2) ? ".5" : "")
        }
    }

    private var violation: SourceRecord {
        let date = month.first.adding(days: 17)
        return SourceRecord(
            "hr.events", key: DemoWorld.cm(6),
            [
                .text("eventId", "violation-cm-06"), .text("institution", DemoWorld.tobacco),
                .text("event", "violation.judged"), .text("manager", DemoWorld.cm(6)),
                .text("businessDate", date.description), .text("occurredAt", date.at("11:00:00")),
                .object("attributes", [.text("severity", "major"), .text("kind", "order-tampering")]),
            ])
    }
}
