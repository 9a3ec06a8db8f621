import Domain

/// The post's daily discipline: morning meetings, logs, summaries, training, new customers' data.
struct DemoConduct {
    let world: DemoWorld
    let seed: UInt64
    let month: Period

    var records: [SourceRecord] {
        var random = SeededRandom(seed: seed, for: "conduct-\(month)")
        let days = world.calendar.workingDays(from: month.first, through: month.last)
        let managers = (1...DemoWorld.managersOfThePost).map { ($0, DemoWorld.rm($0)) }
        var records: [SourceRecord] = []
        for (number, manager) in managers {
            for (place, day) in days.enumerated() {
                records.append(meeting(number, manager, place, day, &random))
                if let log = log(number, manager, place, day, &random) { records.append(log) }
            }
            records += summaries(number, manager, &random)
            records.append(training(number, manager, &random))
        }
        return records + developed
    }

    private func event(
        _ id: String, _ type: String, _ manager: String, _ day: CalendarDate, _ time: String, _ attributes: [Field],
        more: [Field] = []
    ) -> SourceRecord {
        SourceRecord(
            "hr.events", key: manager,
            [
                .text("eventId", id), .text("institution", DemoWorld.post), .text("event", type),
                .text("manager", manager),
                .text("businessDate", day.description), .text("occurredAt", day.at(time)),
            ] + more + [.object("attributes", attributes)])
    }

    private func meeting(
        _ number: Int, _ manager: String, _ place: Int, _ day: CalendarDate, _ random: inout SeededRandom
    ) -> SourceRecord {
        let chance = random.pick(0...199)
        // Manager 1 is late twice in February, as in the regulation's example, and never otherwise.
        let late = number == 1 ? month.first.month == 2 && (place == 2 || place == 5) : chance == 0
        let absent = number != 1 && chance == 1
        let excused = chance == 2 && number != 1
        let status = late ? "late" : absent || excused ? "absent" : "on-time"
        return event(
            "meeting-\(manager)-\(day)", "attendance.recorded", manager, day, late ? "08:06:00" : "07:55:00",
            [.text("occasion", "morning-meeting"), .text("status", status), .flag("excused", excused)])
    }

    private func log(
        _ number: Int, _ manager: String, _ place: Int, _ day: CalendarDate, _ random: inout SeededRandom
    ) -> SourceRecord? {
        let missed = number == 1 ? month.first.month == 2 && [3, 7, 9].contains(place) : random.once(in: 120)
        guard !missed else { return nil }
        return event(
            "log-\(manager)-\(day)", "report.submitted", manager, day, "18:10:00",
            [.text("kind", "daily-log"), .text("for", day.description)])
    }

    private func summaries(_ number: Int, _ manager: String, _ random: inout SeededRandom) -> [SourceRecord] {
        var records: [SourceRecord] = []
        for week in month.parts(.week) {
            let late = number != 1 && random.once(in: 60)
            let monday = week.next.first
            let day = late ? monday.adding(days: 1) : world.calendar.workingDay(onOrAfter: monday)
            records.append(
                event(
                    "week-\(manager)-\(week)", "report.submitted", manager, day, "09:30:00",
                    [.text("kind", "weekly-summary"), .text("for", week.last.description)]))
        }
        let due = month.next.first.adding(days: number != 1 && random.once(in: 30) ? 3 : 1)
        records.append(
            event(
                "month-\(manager)-\(month)", "report.submitted", manager, due, "10:00:00",
                [.text("kind", "monthly-summary"), .text("for", month.last.description)]))
        records.append(
            event(
                "binding-\(manager)-\(month)", "report.submitted", manager, month.next.first.adding(days: 9),
                "16:00:00",
                [.text("kind", "log-binding"), .text("for", month.last.description)]))
        return records
    }

    private func training(_ number: Int, _ manager: String, _ random: inout SeededRandom) -> SourceRecord {
        let day = world.calendar.workingDay(onOrAfter: month.first.adding(days: 11))
        let chance = random.pick(0...39)
        let status = number == 1 ? "on-time" : chance == 0 ? "absent" : chance == 1 ? "late" : "on-time"
        return event(
            "training-\(manager)-\(month)", "attendance.recorded", manager, day, "14:00:00",
            [.text("occasion", "training"), .text("status", status), .flag("excused", false)])
    }

    private var developed: [SourceRecord] {
        DemoWorld.developed(in: month, seed: seed).flatMap { new in
            let entered = new.enteredInTime ? (new.date, "17:30:00") : (new.date.adding(days: 1), "09:00:00")
            let customer = [Field.text("customer", new.customer)]
            return [
                event(
                    "developed-\(new.customer)", "customer.developed", new.manager, new.date, "11:05:00",
                    [.text("outlet", "o-01"), .flag("first", true)],
                    more: customer + [.amount(new.amount), .text("amountUnit", "CNY")]),
                event(
                    "entered-\(new.customer)", "customer.entered", new.manager, entered.0, entered.1,
                    [.text("developedAt", new.date.at("11:05:00"))], more: customer),
            ]
        }
    }
}
