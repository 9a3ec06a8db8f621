import Contracts
import Domain
import Foundation
import IntakeCore
import Postgres
import TestServers
import Testing

@testable import Intake

/// Records through a door of their own, on a real store and a real-protocol broker.
@Suite(.enabled(if: PostgresServer.isAvailable), .serialized) struct IngestTests {
    @Test func takesKnowsAgainHoldsAndRefuses() async throws {
        try await IntakeHarness.run { harness in
            var session = try harness.session()
            try session.take("reference", Sample.manager("rm-1"), Sample.assignment("r-1", "a-1", "rm-1"))
            let result = try session.take(
                "core-banking", Sample.movement("e-1", "100.50"), Sample.movement("e-1", "100.50"),
                Sample.movement("e-1", "100.51"), Sample.movement("e-2", "7", customer: "c-9"),
                Sample.movement("e-3", "1", on: "2026-02-30"))
            #expect(result.outcomes.map(\.name) == ["accepted", "duplicate", "rejected", "suspended", "rejected"])
            #expect(result.ids == ["e-1", "e-1", "e-1", "e-2", "e-3"])
            let again = try session.take(
                "core-banking", Sample.movement("e-1", "100.50"), Sample.movement("e-2", "7", customer: "c-9"),
                Sample.movement("e-2", "8", customer: "c-9"))
            #expect(again.outcomes.map(\.name) == ["duplicate", "duplicate", "rejected"])

            let log = try FactLog(harness.broker)
            try log.read()
            #expect(Set(log.facts.map(\.type)) == ["manager.profile", "deposit.moved"])
            let moved = try #require(log.facts.first { $0.type == "deposit.moved" })
            #expect(moved.amount?.description == "100.5")
            #expect(moved.assignment == "a-1")
            #expect(log.keys.allSatisfy { $0 == "bank/manager/rm-1" })
            let profile = try #require(log.facts.first { $0.type == "manager.profile" })
            #expect(profile.attributes.keys.sorted() == ["role", "status", "unit"])

            let codes = try harness.connection.query("SELECT code, value FROM intake.dead_letter ORDER BY id")
            #expect(try codes.map { try $0.text(0) } == ["GR-INTAKE-121", "GR-INTAKE-107", "GR-INTAKE-121"])
            #expect(
                String(decoding: try codes[1].bytes(1), as: UTF8.self) == Sample.movement("e-3", "1", on: "2026-02-30"))
            let statement = try harness.connection.transaction { transaction throws(PostgresError) in
                try AccountingStore().statement(in: copy transaction)
            }
            let core = try #require(statement.sources.first { $0.id == "core-banking" })
            #expect([core.received, core.accepted, core.duplicate, core.suspended, core.rejected] == [8, 1, 3, 1, 3])
            #expect(core.suspendedOpen == 1)
            #expect(statement.isBalanced)
        }
    }

    @Test func undoesARecordOnceAndOnlyExactly() async throws {
        try await IntakeHarness.run { harness in
            var session = try harness.session()
            try session.take("reference", Sample.assignment("r-1", "a-1", "rm-1"))
            // The reversal may come first.
            let first = try session.take("core-banking", Sample.movement("n-1", "10", reverses: "e-1"))
            #expect(first.outcomes == [.accepted])
            let second = try session.take(
                "core-banking", Sample.movement("e-1", "10"), Sample.movement("n-2", "10", reverses: "e-1"),
                Sample.movement("e-2", "20"), Sample.movement("n-3", "21", reverses: "e-2"))
            #expect(second.outcomes.map(\.name) == ["accepted", "rejected", "accepted", "rejected"])
            let log = try FactLog(harness.broker)
            try log.read()
            #expect(log.effects == ["rm-1 deposit.moved 2026-03-05": "20"])
            let codes = try harness.connection.query("SELECT code FROM intake.dead_letter ORDER BY id")
            #expect(try codes.map { try $0.text(0) } == ["GR-INTAKE-122", "GR-INTAKE-123"])
        }
    }

    @Test func splitsAndMovesBalances() async throws {
        try await IntakeHarness.run { harness in
            var session = try harness.session()
            try session.take(
                "reference", Sample.assignment("r-1", "a-1", "rm-1", share: "0.6", to: "2026-03-10"),
                Sample.assignment("r-2", "a-2", "rm-2", share: "0.4", to: "2026-03-10"),
                Sample.assignment("r-3", "a-3", "rm-3", from: "2026-03-10"))
            try session.take(
                "core-banking", Sample.movement("e-1", "100.01"), Sample.movement("e-2", "5", on: "2026-03-11"))
            let log = try FactLog(harness.broker)
            try log.read()
            #expect(
                log.effects == [
                    "rm-1 deposit.moved 2026-03-05": "60.01", "rm-2 deposit.moved 2026-03-05": "40",
                    "rm-1 deposit.transferred 2026-03-10": "-60.01", "rm-2 deposit.transferred 2026-03-10": "-40",
                    "rm-3 deposit.transferred 2026-03-10": "100.01", "rm-3 deposit.moved 2026-03-11": "5",
                ])
        }
    }

    @Test func factsStayOnTheirRecordsTrace() async throws {
        try await IntakeHarness.run { harness in
            var session = try harness.session()
            try session.take(
                "reference", Sample.manager("rm-1"), Sample.assignment("r-1", "a-1", "rm-1", share: "0.6"),
                Sample.assignment("r-2", "a-2", "rm-2", share: "0.4"))
            let records = ["e-1", "e-2", "e-3"].map { Sample.movement($0, "100") }
            let traces = [Sample.trace(1), "00-nonsense", Sample.trace(3)]
            let source = try #require(
                session.ingestor.catalogue.document.sources.firstIndex { $0.id == "core-banking" })
            var input = IngestInput(source: source, bytes: [], ranges: [])
            for record in records {
                input.ranges.append(input.bytes.count..<input.bytes.count + record.utf8.count)
                input.bytes += record.utf8
            }
            input.company = { .init(trace: traces[$0]) }
            _ = try session.take(input, door: .init(name: "test", trace: "t"))
            let event = Sample.event("h-1", "complaint.judged", manager: "rm-1")
            try session.take(
                "events", event.replacing(#""source""#, with: #""traceparent":"\#(Sample.trace(4))","source""#))

            let log = try FactLog(harness.broker)
            try log.read()
            #expect(log.traces == ["e-1": Sample.trace(1), "e-3": Sample.trace(3), "h-1": Sample.trace(4)])
            let moved = log.facts.filter { $0.type == "deposit.moved" }
            #expect(
                moved.map { $0.amount?.description }.sorted { $0 ?? "" < $1 ?? "" } == [
                    "40", "40", "40", "60", "60", "60",
                ])
        }
    }

    @Test func anAssignmentStaysWithItsCustomer() async throws {
        try await IntakeHarness.run { harness in
            var session = try harness.session()
            let result = try session.take(
                "reference", Sample.assignment("r-1", "a-1", "rm-1"),
                Sample.assignment("r-2", "a-1", "rm-1", customer: "c-2"))
            #expect(result.outcomes.map(\.name) == ["accepted", "rejected"])
            let later = try session.take("reference", Sample.assignment("r-3", "a-1", "rm-1", customer: "c-3"))
            #expect(later.outcomes.map(\.name) == ["rejected"])
            // What is known already makes no new version.
            try session.take("reference", Sample.assignment("r-4", "a-1", "rm-1"))
            #expect(try harness.connection.query("SELECT count(*) FROM reference.assignment")[0].int8(0) == 1)
        }
    }

    @Test func holdsFactsAboutUnknownManagersUntilTheyAreKnown() async throws {
        try await IntakeHarness.run { harness in
            var session = try harness.session()
            let result = try session.take("http", Sample.event("h-1", "complaint.judged", manager: "rm-7"))
            #expect(result.outcomes == [.suspended])
            try session.take("reference", Sample.manager("rm-7"))
            try harness.withRelay {
                #expect(try harness.reconciler().round { false }.released == 1)
                try harness.untilPublished()
                let log = try FactLog(harness.broker)
                try log.read()
                #expect(log.facts.contains { $0.type == "complaint.judged" && $0.subject.id == "rm-7" })
            }
            #expect(
                try session.take("http", Sample.event("h-1", "complaint.judged", manager: "rm-7")).outcomes == [
                    .duplicate
                ])
        }
    }

    @Test func takesTheSameRecordFromTwoDoorsOnce() async throws {
        try await IntakeHarness.run { harness in
            var first = try harness.session(writer: 1)
            try first.take("reference", Sample.assignment("r-1", "a-1", "rm-1"))
            let records = (0..<2_000).map { Sample.movement("e-\($0)", "1") }
            let outcomes = try await withThrowingTaskGroup(of: [String].self) { group in
                for writer in 2...3 {
                    group.addTask {
                        var session = try harness.session(writer: Int16(writer))
                        return try session.take("core-banking", writer == 2 ? records : records.reversed()).outcomes
                            .map(\.name)
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(outcomes.count { $0 == "accepted" } == 2_000)
            #expect(outcomes.count { $0 == "duplicate" } == 2_000)
            let log = try FactLog(harness.broker)
            try log.read()
            #expect(log.effects == ["rm-1 deposit.moved 2026-03-05": "2000"])
        }
    }
}
