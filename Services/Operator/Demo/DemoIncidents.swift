import Domain

/// What does not happen every day: complaints, breaches, a handover, a late assignment, projects, slots.
struct DemoIncidents {
    let world: DemoWorld
    let month: Period

    var records: [SourceRecord] {
        switch month.first.month {
        case 1: conduct(DemoWorld.rm(13), "unrelated-activity", 14) + conduct(DemoWorld.rm(5), "no-badge", 20)
        case 2: handover + lateAssignment + complaints + conduct(DemoWorld.rm(13), "unrelated-activity", 11) + project
        default: conduct(DemoWorld.rm(13), "unrelated-activity", 9) + slots + disclosure
        }
    }

    private func event(
        _ id: String, _ type: String, _ subject: Field, _ day: Int, _ time: String, _ attributes: [Field]
    ) -> SourceRecord {
        let date = month.first.adding(days: day - 1)
        return SourceRecord(
            "hr.events", key: id,
            [
                .text("eventId", id), .text("institution", DemoWorld.post), .text("event", type), subject,
                .text("businessDate", date.description), .text("occurredAt", date.at(time)),
                .object("attributes", attributes),
            ])
    }

    private func conduct(_ manager: String, _ kind: String, _ day: Int) -> [SourceRecord] {
        [
            event(
                "conduct-\(manager)-\(month)", "conduct.found", .text("manager", manager), day, "15:00:00",
                [.text("kind", kind)])
        ]
    }

    private var handover: [SourceRecord] {
        DemoStory.handedOver.flatMap { number -> [SourceRecord] in
            let customer = DemoWorld.customer(number)
            return [
                DemoReference.assignment(
                    "a-\(customer)", customer, DemoWorld.rm(7), from: DemoReference.began, to: DemoStory.handoverDate,
                    event: "handover-out-\(customer)"),
                DemoReference.assignment(
                    "h-\(customer)", customer, DemoWorld.rm(8), from: DemoStory.handoverDate, to: nil,
                    event: "handover-in-\(customer)"),
            ]
        }
    }

    private var lateAssignment: [SourceRecord] {
        let number = Int(DemoStory.unassigned.dropFirst(2)) ?? 1
        return [
            DemoReference.assignment(
                "a-\(DemoStory.unassigned)", DemoStory.unassigned,
                DemoWorld.rm((number - 1) / DemoWorld.customersPerManager + 1), from: DemoReference.began, to: nil,
                event: "assigned-late-\(DemoStory.unassigned)")
        ]
    }

    /// Complaints come from the branches' own system, over HTTP.
    private var complaints: [SourceRecord] {
        [(DemoStory.manager, "yes", 12), (DemoWorld.rm(9), "no", 13), (DemoWorld.rm(33), "yes", 24)].map {
            manager, justified, day in
            let date = month.first.adding(days: day - 1)
            let data: [Field] = [
                .text("institution", DemoWorld.post), .text("manager", manager),
                .text("businessDate", date.description),
                .object("attributes", [.text("justified", justified)]),
            ]
            let cloudEvent: [Field] = [
                .text("specversion", "1.0"), .text("id", "complaint-\(manager)-\(date)"), .text("source", "/branches"),
                .text("type", "complaint.judged"), .text("time", date.at("10:00:00")),
                .text("datacontenttype", "application/json"), .object("data", data),
            ]
            return SourceRecord(.http, key: manager, Array(Field.object(cloudEvent).utf8))
        }
    }

    private var project: [SourceRecord] {
        [
            event(
                "project-1", "project.applied", .text("manager", DemoWorld.rm(21)), 24, "10:30:00",
                [.text("project", "p-001")])
        ]
    }

    private var slots: [SourceRecord] {
        [(DemoWorld.rm(3), 101), (DemoWorld.rm(4), 102)].map { manager, sequence in
            event(
                "slot-\(sequence)", "slot.requested", .text("unit", "o-01"), 4, "09:00:00",
                [
                    .text("manager", manager), .text("outlet", "o-01"), .text("date", "2026-03-06"),
                    .text("half", "am"),
                    .number("seq", sequence),
                ])
        }
    }

    private var disclosure: [SourceRecord] {
        [event("disclosure-1", "disclosure.confirmed", .text("manager", DemoWorld.rm(44)), 17, "16:00:00", [])]
    }
}
