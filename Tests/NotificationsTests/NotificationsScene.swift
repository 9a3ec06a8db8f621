import Contracts
import Domain
import Foundation
import Postgres
import ServiceHarness
import TestServers

/// A store and a broker for Notifications, the Dongguan Post scheme with notices added, and events for it.
struct NotificationsScene {
    static let scheme = "dongguan-post/big-customer-centre"
    let store: GradusStore
    let stream: EventStream

    /// A notice whose template asks for a value that no event has.
    private static let added = """

              - notice: careless
                title: { zh: 疏漏, en: Careless }
                clause: S72.R3 「扣罚」
                event: gradus.status.changed.v1
                to: manager
                body: { zh: "{{nothing of the kind}}", en: "x" }

        """

    static func run(_ body: (NotificationsScene) async throws -> Void) async throws {
        try await withTestDatabase { url in
            let broker = try KafkaBroker.development()
            defer { broker.stop() }
            let store = try GradusStore(url, services: ["Operator", "Notifications"])
            let lines = added.split(separator: "\n", omittingEmptySubsequences: false).map { $0.dropFirst(0) }
            let document = try GradusStore.pack(scheme) + lines.joined(separator: "\n")
            try store.publish("big-customer-centre", institution: "dongguan-post", document: document)
            try await body(NotificationsScene(store: store, stream: try EventStream(broker)))
            store.connection.close()
        }
    }

    func service(_ extra: [String: String] = [:]) async throws -> ServiceProcess {
        var environment = stream.environment(store.url).merging(extra) { _, own in own }
        environment["GRADUS_INSTITUTION"] = "dongguan-post"
        environment["GRADUS_DELIVERY_INTERVAL_MILLISECONDS"] = "100"
        environment["GRADUS_DELIVERY_WAIT_SECONDS"] = "1"
        environment["GRADUS_DELIVERY_ATTEMPTS"] = environment["GRADUS_DELIVERY_ATTEMPTS"] ?? "3"
        return try await ServiceProcess("gradus-notifications", environment: environment)
    }

    func subject(_ id: String) -> Subject { Subject(institution: "dongguan-post", kind: .manager, id: id) }

    func finding(_ id: String, _ name: String) throws -> EventStream.Record {
        let event = FindingEvent(
            id: DeterministicID.make("finding", id, name), institution: "dongguan-post", subject: subject(id),
            scheme: Self.scheme, version: 1, rule: "S72.R3", clause: "S72.R3 「扣罚」",
            date: CalendarDate("2026-02-03") ?? .earliest,
            period: .month(year: 2026, month: 2), amount: "20.00", currency: .cny, fund: nil,
            fact: DeterministicID.make("fact", name), text: BilingualText(zh: "晨会迟到 <b>", en: "Late at the meeting"))
        return try EventStream.Record(event, id: event.id, .findingRaised, key: event.subject.description)
    }

    func statement(_ id: String) throws -> EventStream.Record {
        let event = StatementEvent(
            id: DeterministicID.make("statement", id), run: DeterministicID.make("run"), institution: "dongguan-post",
            subject: subject(id), month: .month(year: 2026, month: 2), currency: .cny, total: "2880.00",
            carriedIn: "0.00", payable: "2880.00", carriedOut: "0.00", lines: [])
        return try EventStream.Record(event, id: event.id, .statementFinalised, key: event.subject.description)
    }

    func request(
        _ notice: String, rule: String, due: Timestamp, values: [String: String], rows: [[String: String]] = [],
        scheme: String = scheme
    ) throws -> EventStream.Record {
        let event = NoticeRequest(
            id: DeterministicID.make("request", notice, scheme), institution: "dongguan-post", scheme: scheme,
            version: 1,
            rule: rule, clause: rule, audience: Audience(kind: .everyone), subject: subject("rm-1"),
            values: values.merging(["notice": notice]) { own, _ in own }, rows: rows, dueAt: due, fact: nil)
        return try EventStream.Record(event, id: event.id, .noticeRequested, key: subject("rm-1").description)
    }

    func status(_ id: String) throws -> EventStream.Record {
        let event = StatusEvent(
            id: DeterministicID.make("status", id), institution: "dongguan-post", subject: subject(id),
            scheme: Self.scheme, version: 1, rule: "S78.R5", clause: "S78.R5", status: "suspended",
            from: CalendarDate("2026-02-03") ?? .earliest, fact: nil)
        return try EventStream.Record(event, id: event.id, .statusChanged, key: event.subject.description)
    }

    /// Waits until a query gives this text.
    func wait(_ expected: String, _ sql: String) async throws {
        _ = try await eventually("\(sql) = \(expected)") {
            try store.text(sql) == expected ? true : nil
        }
    }
}
