import Domain
import Postgres
import Schemes
import TestServers
import Testing

@testable import Scoring

/// Silence, lifelong responsibility and exclusions in the real store.
@Suite(.enabled(if: PostgresServer.isAvailable)) struct ShapeTests {
    private static let manager = Subject(institution: "examples", kind: .manager, id: "rm-001")
    private static let loan = Subject(institution: "examples", kind: .loan, id: "l-1")

    private func fact(
        _ type: String, _ date: String, of subject: Subject = manager, amount: Int64? = nil,
        _ attributes: [String: String] = [:]
    ) -> Fact {
        Fact(
            id: DeterministicID.make("shape", type, date, subject.description), subject: subject, type: type,
            businessDate: day(date), occurredAt: Timestamp(startOf: day(date)).adding(seconds: 30_000),
            amount: amount.map { Quantity(tenThousandths: $0 * 10_000) }, unit: amount == nil ? nil : "CNY",
            customer: nil, source: "shape", sourceID: "\(type)-\(date)",
            attributes: attributes.mapValues(AttributeValue.text))
    }

    @Test func silenceIsConsentAtTheCloseAfterItsTimeAndOnlyOnce() async throws {
        let (scheme, bundle) = try TestSchema.pack("examples/publication")
        let proposed = fact("review.proposed", "2026-06-05", ["grade": "middle"])
        let first = DeterministicID.make(
            "task",
            [scheme.id, "review of the level", Self.manager.description, proposed.id.description, "0"])
        var log = FactLog(partitions: 1)
        log.publish(scheme)
        log.append(proposed)
        log.append(
            fact("decision.made", "2026-06-08", ["task": first.description, "decision": "decide", "by": "u-1"]))
        for period in ["2026-06-14", "2026-06-15", "2026-06-16"] { log.close(scheme, month(period)) }
        let told = log
        try await withTestDatabase { url in
            let bank = try Bank(url, told, schemes: [(scheme, bundle)])
            try bank.read(batch: 100)
            let held = "SELECT valid_from::text FROM scoring.grade WHERE grade = 'middle' AND state = 'held'"
            #expect(try bank.connection.query(held).map { try $0.text(0) } == ["2026-06-16"])
            #expect(try bank.count("SELECT count(*) FROM scoring.task WHERE state = 'open'") == 0)
        }
    }

    @Test func aLossReachesThePersonsOfYearsAgoAndItsReversalTakesTheSharesBack() async throws {
        let (scheme, bundle) = try TestSchema.pack("examples/lifelong")
        let lost = fact("loan.lost", "2031-05-10", of: Self.loan, amount: 1000)
        var log = FactLog(partitions: 1)
        log.publish(scheme)
        log.append(
            fact(
                "loan.disbursed", "2026-02-01", of: Self.loan, amount: 30_000,
                ["investigator": "u-1", "reviewer": "u-2", "approver": "u-3"]))
        log.append(lost)
        log.close(scheme, month("2031-05"))
        log.append(Story.reversal(of: lost))
        log.close(scheme, month("2031-06"))
        let told = log
        try await withTestDatabase { url in
            let bank = try Bank(url, told, schemes: [(scheme, bundle)])
            try bank.read(batch: 100)
            let found = try bank.connection.query("SELECT event, state FROM scoring.finding")
            let events = try found.map { try $0.text(0) }
            #expect(events.count == 3)
            for person in ["u-1", "u-2", "u-3"] { #expect(events.contains { $0.contains(person) }) }
            #expect(try found.allSatisfy { try $0.text(1) == "withdrawn" })
        }
    }

    @Test func whoIsLeftOutHasAResultThatSaysWhy() async throws {
        let (scheme, bundle) = try TestSchema.pack("examples/outside")
        var log = FactLog(partitions: 1)
        log.publish(scheme)
        log.append(
            fact("manager.profile", "2026-01-01", ["duty": "internal-data", "status": "正式", "transfer": "health"]))
        log.append(fact("appraisal.scored", "2026-01-10", amount: 99))
        log.close(scheme, month("2026-01"))
        let told = log
        try await withTestDatabase { url in
            let bank = try Bank(url, told, schemes: [(scheme, bundle)])
            try bank.read(batch: 100)
            let reported = "SELECT count(*) FROM scoring.result WHERE gaps LIKE '%moved to internal data work%'"
            #expect(try bank.count(reported) == 1)
            #expect(try bank.count("SELECT count(*) FROM scoring.result WHERE score IS NOT NULL") == 0)
        }
    }
}
