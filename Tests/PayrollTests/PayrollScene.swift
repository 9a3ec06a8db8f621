import Contracts
import Domain
import Foundation
import PayrollCore
import Postgres
import ServiceHarness
import TestServers

/// A running Payroll with a store and a broker of its own, and the events that Scoring would send it.
struct PayrollScene {
    static let scheme = "dongguan-post/big-customer-centre"
    static let january = Period.month(year: 2026, month: 1)
    static let february = january.next
    static let march = february.next

    let store: GradusStore
    let stream: EventStream
    let institution = "dongguan-post"

    /// Runs `body` with a store that has the Dongguan Post scheme and a broker with empty topics.
    static func run(_ body: (PayrollScene) async throws -> Void) async throws {
        try await withTestDatabase { url in
            let broker = try KafkaBroker.development()
            defer { broker.stop() }
            let store = try GradusStore(url, services: ["Operator", "Payroll"])
            try store.publish(
                "big-customer-centre", institution: "dongguan-post", document: try GradusStore.pack(scheme))
            try await body(PayrollScene(store: store, stream: try EventStream(broker)))
            store.connection.close()
        }
    }

    func service(group: String = "gradus-payroll") async throws -> ServiceProcess {
        var environment = stream.environment(store.url)
        environment["GRADUS_KAFKA_GROUP"] = group
        return try await ServiceProcess("gradus-payroll", environment: environment)
    }

    func subject(_ id: String) -> Subject { Subject(institution: institution, kind: .manager, id: id) }

    /// A result of the Dongguan Post scheme: grade four and the balances given.
    func score(
        _ id: String, _ period: Period, old: String, mark: String, new: String = "0", other: String = "0",
        revision: Int = 1, causes: [String] = []
    ) throws -> EventStream.Record {
        let type: EventType = revision == 1 ? .scoreFinalised : .scoreRevised
        let subject = subject(id)
        let event = ScoreEvent(
            id: DeterministicID.make("score", id, "\(period)", "\(revision)", old), institution: institution,
            subject: subject, scheme: Self.scheme, version: 1, period: period, revision: revision,
            close: close(revision == 1 ? period : period.next), cut: Cut(topic: "t", partition: 0, offset: 1),
            score: nil, grade: "四级",
            figures: [
                "base pay of the grade": "1200", "balance of old customers": old, "highest earlier balance": mark,
                "balance of new customers": new, "other pay granted": other, "commission rate": "0.001",
            ], causes: causes.map { DeterministicID.make("fact", $0) })
        return try EventStream.Record(event, id: event.id, type, key: subject.description)
    }

    func finding(
        _ id: String, _ name: String, _ amount: String, _ period: Period, withdrawn: Bool = false
    ) throws -> EventStream.Record {
        let type: EventType = withdrawn ? .findingWithdrawn : .findingRaised
        let event = FindingEvent(
            id: DeterministicID.make("finding", id, name), institution: institution, subject: subject(id),
            scheme: Self.scheme, version: 1, rule: "S72.R3", clause: "S72.R3 「扣罚」", date: period.first,
            period: period, amount: amount, currency: .cny, fund: "activity-fund",
            fact: DeterministicID.make("fact", name), text: BilingualText(zh: "晨会迟到", en: "Late at the meeting"))
        return try EventStream.Record(
            event, id: event.id, type, key: event.subject.description,
            emission: DeterministicID.make("emission", id, name, type.rawValue).description)
    }

    func closed(_ period: Period, finalised: Int, revised: Int = 0) throws -> EventStream.Record {
        let event = PeriodClosed(
            id: DeterministicID.make("closed", "\(period)"), institution: institution, period: period,
            close: close(period), attempt: 1, finalised: finalised, revised: revised, cuts: [])
        return try EventStream.Record(event, id: event.id, .periodClosed, key: institution)
    }

    private func close(_ period: Period) -> UUID128 { DeterministicID.make("close", institution, "\(period)") }

    /// The worked example X82.4: February's result with fines of 40, 30 and 50 yuan.
    func example() throws -> [EventStream.Record] {
        let fines =
            [("late 1", "20.00"), ("late 2", "20.00"), ("log 1", "10.00"), ("log 2", "10.00")]
            + [("log 3", "10.00"), ("complaint", "50.00")]
        return try [score("rm-1", Self.february, old: "32500000", mark: "31000000", new: "300000")]
            + fines.map { try finding("rm-1", $0.0, $0.1, Self.february) }
    }

    /// Opens a month's run as `li` and waits until it is calculated.
    func calculatedRun(_ month: Period, on service: ServiceProcess) async throws -> [String: Any] {
        let body = "{\"institution\":\"\(institution)\",\"month\":\"\(month)\"}"
        let opened = try await service.request("POST", "/v1/runs", as: "li", body: body)
        guard opened.status == 201 || opened.status == 200, let id = opened.json["id"] as? String else {
            throw ServiceProcess.Unavailable(description: "not opened: \(opened.text)")
        }
        return try await eventually("run of \(month) calculated") {
            let run = try await service.request("GET", "/v1/runs/\(id)", as: "reader").json
            return run["state"] as? String == "open" ? nil : run
        }
    }

    /// Takes a run through approval and release by two people.
    func release(_ run: [String: Any], on service: ServiceProcess) async throws {
        let path = "/v1/runs/\(run["id"] as? String ?? "")"
        let approved = try await service.request("POST", path + "/approve", as: "wang")
        let released = try await service.request("POST", path + "/release", as: "li")
        guard approved.status == 200, released.status == 200 else {
            throw ServiceProcess.Unavailable(description: "not released: \(approved.text) \(released.text)")
        }
    }
}
