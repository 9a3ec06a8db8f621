import Contracts
import Domain
import Foundation

@testable import Operator
@testable import Schemes

/// What a group's tests know, as records for the doors of Intake.
struct PackRecords {
    let group: PackGroup

    /// Who is who: the institution, its units and managers, its holidays.
    var reference: [EventWriter.Message] {
        var records: [[String: Any]] = [
            [
                "kind": "institution", "id": group.institution, "name": group.institution, "zone": "+08:00",
                "currency": "CNY",
            ],
            unit("u-0"),
        ]
        for one in group.cases {
            for subject in one.subjects.sorted() {
                switch subject.kind {
                case .manager: records.append(manager(one.named(subject.id)))
                case .unit: records.append(unit(one.named(subject.id)))
                case .customer, .loan: break
                }
            }
        }
        for day in group.cases.first?.holidays ?? [] {
            records.append([
                "kind": "calendar", "institution": group.institution, "date": day.description, "working": false,
                "name": "holiday",
            ])
        }
        return records.enumerated().map { number, record in
            message("reference.data", group.institution, record, "\(group.institution)-r-\(number)")
        }
    }

    private func unit(_ id: String) -> [String: Any] {
        ["kind": "unit", "institution": group.institution, "id": id, "name": id, "type": "department"]
    }

    private func manager(_ id: String) -> [String: Any] {
        [
            "kind": "manager", "institution": group.institution, "id": id, "unit": "u-0", "name": id,
            "language": "zh", "status": "active", "role": "manager", "businessDate": PackCase.since.description,
            "occurredAt": "\(PackCase.since)T00:00:00+08:00",
        ]
    }

    /// The facts of all tests, for the topic of activities.
    var facts: [EventWriter.Message] {
        group.cases.flatMap { one in
            one.run.facts.map { fact in
                var record = content(fact, one)
                record["event"] = fact.type
                if let reversed = fact.reverses {
                    record["reversal"] = true
                    record["reverses"] = identifier(reversed, one)
                }
                return message("hr.events", one.named(fact.subject.id), record, identifier(fact.id, one))
            }
        }
    }

    /// A decision as a CloudEvent for the HTTP door.
    func decision(_ answer: TestAnswer, _ one: PackCase, task: String, number: Int) -> String {
        let fact = answer.decision(of: one.run.subject)
        var data = content(fact, one)
        var attributes = data["attributes"] as? [String: Any] ?? [:]
        attributes["task"] = task
        data["attributes"] = attributes
        return json([
            "specversion": "1.0", "id": "\(identifier(fact.id, one))-\(number)", "source": "/journey",
            "type": fact.type, "time": fact.occurredAt.text(offsetMinutes: 480), "data": data,
        ])
    }

    private func identifier(_ fact: UUID128, _ one: PackCase) -> String { "\(group.institution)-\(one.prefix)\(fact)" }

    private func content(_ fact: Fact, _ one: PackCase) -> [String: Any] {
        var record: [String: Any] = [
            "institution": group.institution, "businessDate": fact.businessDate.description,
            "occurredAt": fact.occurredAt.text(offsetMinutes: 480),
        ]
        let member =
            switch fact.subject.kind {
            case .manager: "manager"
            case .unit: "unit"
            case .loan: "loan"
            case .customer: "aboutCustomer"
            }
        record[member] = one.named(fact.subject.id)
        record["customer"] = fact.customer
        record["amount"] = fact.amount?.description
        record["attributes"] = fact.attributes.mapValues { value -> Any in
            switch value {
            case .text(let text): one.renamed(text)
            case .number(let text): text
            case .flag(let flag): flag
            }
        }
        return record
    }

    private func message(_ topic: String, _ key: String, _ record: [String: Any], _ event: String)
        -> EventWriter.Message
    {
        var record = record
        record["eventId"] = event
        return EventWriter.Message(topic: topic, key: key, value: Array(json(record).utf8))
    }

    private func json(_ record: [String: Any]) -> String {
        let bytes =
            (try? JSONSerialization.data(withJSONObject: record, options: [.sortedKeys, .withoutEscapingSlashes]))
        return String(decoding: bytes ?? Data(), as: UTF8.self)
    }
}
