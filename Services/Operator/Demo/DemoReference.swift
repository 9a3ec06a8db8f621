import Domain

/// Institutions, units, staff, customers, assignments, targets, the calendar and the appointments.
struct DemoReference {
    let world: DemoWorld

    var records: [SourceRecord] {
        institutions + units + calendar + staff + customers + assignments + targets + appointments
    }

    static let began = "2025-12-01"

    private func reference(_ id: String, _ kind: String, _ institution: String, _ fields: [Field]) -> SourceRecord {
        SourceRecord(
            "reference.data", key: institution,
            [.text("eventId", "ref-\(id)"), .text("kind", kind), .text("institution", institution)] + fields)
    }

    private var institutions: [SourceRecord] {
        [(DemoWorld.post, "东莞邮政大客户中心"), (DemoWorld.tobacco, "白银区烟草专卖局")].map { id, name in
            SourceRecord(
                "reference.data", key: id,
                [
                    .text("eventId", "ref-institution-\(id)"), .text("kind", "institution"), .text("id", id),
                    .text("name", name), .text("zone", "+08:00"), .text("currency", "CNY"),
                ])
        }
    }

    private var units: [SourceRecord] {
        let post = [(DemoWorld.centre, "大客户中心", "department")] + (1...6).map { ("o-0\($0)", "网点\($0)", "outlet") }
        let tobacco = [("u-marketing", "营销部", "department")]
        return [(DemoWorld.post, post), (DemoWorld.tobacco, tobacco)].flatMap { institution, units in
            units.map { id, name, type in
                reference(
                    "unit-\(id)", "unit", institution,
                    [.text("id", id), .text("name", name), .null("parent"), .text("type", type)])
            }
        }
    }

    private var calendar: [SourceRecord] {
        [DemoWorld.post, DemoWorld.tobacco].flatMap { institution in
            (DemoWorld.holidays.map { ($0, false, "节假日") } + DemoWorld.makeUpDays.map { ($0, true, "调休上班") }).map {
                date, working, name in
                reference(
                    "day-\(institution)-\(date)", "calendar", institution,
                    [.text("date", date), .flag("working", working), .text("name", name)])
            }
        }
    }

    private var staff: [SourceRecord] {
        world.managers.map { person in
            reference(
                "staff-\(person.id)", "manager", person.institution,
                [
                    .text("id", person.id), .text("unit", person.unit), .text("name", person.name),
                    .text("email", "\(person.id)@\(person.institution).example"), .null("webhook"),
                    .text("language", "zh"), .text("status", "active"), .text("role", person.role),
                    .text("entry", "2024-07-01"), .text("education", "bachelor"),
                    .text("businessDate", Self.began), .text("occurredAt", "\(Self.began)T09:00:00+08:00"),
                ])
        }
    }

    private var customers: [SourceRecord] {
        world.customers.map { customer in
            reference(
                "customer-\(customer.id)", "customer", DemoWorld.post,
                [.text("id", customer.id), .text("unit", DemoWorld.centre), .null("tier")])
        }
    }

    private var assignments: [SourceRecord] {
        world.customers.flatMap { customer -> [SourceRecord] in
            // One customer's assignment comes only in February: until then its movements wait in suspense.
            if customer.id == DemoStory.unassigned { return [] }
            if customer.id == DemoStory.shared {
                return [
                    assignment("a-\(customer.id)", customer.id, customer.manager, share: "0.6"),
                    assignment("b-\(customer.id)", customer.id, DemoStory.sharedWith, share: "0.4"),
                ]
            }
            return [assignment("a-\(customer.id)", customer.id, customer.manager)]
        }
    }

    private func assignment(
        _ id: String, _ customer: String, _ manager: String, share: String = "1"
    ) -> SourceRecord {
        DemoReference.assignment(id, customer, manager, share: share, from: Self.began, to: nil, event: "ref-\(id)")
    }

    static func assignment(
        _ id: String, _ customer: String, _ manager: String, share: String = "1", from: String, to: String?,
        event: String
    ) -> SourceRecord {
        SourceRecord(
            "reference.data", key: DemoWorld.post,
            [
                .text("eventId", event), .text("kind", "assignment"), .text("institution", DemoWorld.post),
                .text("id", id), .text("customer", customer), .text("manager", manager), .text("share", share),
                .text("validFrom", from), to.map { .text("validTo", $0) } ?? .null("validTo"),
            ])
    }

    private var targets: [SourceRecord] {
        world.managers.filter { $0.institution == DemoWorld.post && $0.role == "manager" }.flatMap { person in
            ["2026-01", "2026-02", "2026-03"].map { month in
                reference(
                    "target-\(person.id)-\(month)", "target", DemoWorld.post,
                    [
                        .text("manager", person.id), .text("kpi", "new-balance"), .text("period", month),
                        .text("amount", "2000000.00"), .text("amountUnit", "CNY"), .text("businessDate", "\(month)-01"),
                        .text("occurredAt", "\(month)-01T09:00:00+08:00"),
                    ])
            }
        }
    }

    private var appointments: [SourceRecord] {
        world.managers.filter { $0.role == "manager" }.map { person in
            let post = person.institution == DemoWorld.post
            let number = Int(person.id.suffix(2)) ?? 0
            return SourceRecord(
                "hr.events", key: person.id,
                [
                    .text("eventId", "appointed-\(person.id)"), .text("institution", person.institution),
                    .text("event", "manager.appointed"), .text("manager", person.id),
                    .text("businessDate", Self.began), .text("occurredAt", "\(Self.began)T09:00:00+08:00"),
                    .object(
                        "attributes",
                        [
                            .text("ladder", post ? "manager grade" : "客户经理级别"),
                            .text("grade", post ? "四级" : (number <= 2 ? "二级" : number <= 9 ? "三级" : "见习")),
                            .text("from", Self.began),
                        ]),
                ])
        }
    }
}

/// The few people and customers that the demonstration follows by name.
enum DemoStory {
    /// Manager 1 repeats the regulation's worked example: February pays 2,880.00 yuan.
    static let manager = DemoWorld.rm(1)
    /// A customer that nobody was assigned to until February.
    static let unassigned = DemoWorld.customer(1_990)
    /// A customer shared 60/40 between two managers.
    static let shared = DemoWorld.customer(410)
    static let sharedWith = DemoWorld.rm(12)
    /// Customers handed over from manager 7 to manager 8 on 10 February.
    static let handedOver = 241...250
    static let handoverDate = "2026-02-10"
}
