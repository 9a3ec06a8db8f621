import Contracts
import Domain
import Foundation
import IntakeCore
import Messaging
import Postgres
import TestServers
import Testing

@testable import Intake

extension IntakeHarness {
    /// Publishes the outbox while `body` runs.
    func withRelay<Value>(_ body: () throws -> Value) throws -> Value {
        var settings = OutboxRelaySettings(
            schema: "intake", kafka: broker.configuration(), database: try ConnectionSettings(url))
        settings.idlePause = .milliseconds(20)
        let relay = OutboxRelay(settings, logger: logger)
        Thread.detachNewThread { try? relay.run() }
        defer { relay.stop() }
        return try body()
    }

    /// Waits until the broker has everything that the outbox held.
    func untilPublished() throws {
        let store = try connection
        defer { store.close() }
        for _ in 0..<400 {
            guard try store.query("SELECT EXISTS (SELECT FROM intake.outbox)")[0].bool(0) else { return }
            usleep(25_000)
        }
        Issue.record("the outbox was not emptied")
    }
}

/// Credits follow assignments that change after the fact.
@Suite(.enabled(if: PostgresServer.isAvailable), .serialized) struct RecreditTests {
    let march = Period(.month, containing: CalendarDate(year: 2026, month: 3, day: 1) ?? .earliest)

    @Test func releasesSuspenseWhenAnAssignmentArrives() async throws {
        try await IntakeHarness.run { harness in
            var session = try harness.session()
            #expect(try session.take("core-banking", Sample.movement("e-1", "10")).outcomes == [.suspended])
            try session.take("reference", Sample.assignment("r-1", "a-1", "rm-1"))
            try harness.withRelay {
                #expect(try harness.reconciler().round { false }.released == 1)
                #expect(try harness.reconciler().round { false }.customers == 0)
                let log = try FactLog(harness.broker)
                try harness.untilPublished()
                try log.read()
                #expect(
                    log.effects == ["rm-1 deposit.moved 2026-03-05": "10", "rm-1 portfolio.joined 2026-01-01": "1"])
            }
        }
    }

    @Test func movesCreditsAtARetroactiveHandOver() async throws {
        try await IntakeHarness.run { harness in
            var session = try harness.session()
            try session.take("reference", Sample.assignment("r-1", "a-1", "rm-1"))
            try session.take(
                "core-banking", Sample.movement("e-1", "500", on: "2026-01-10"),
                Sample.movement("e-2", "30", on: "2026-03-12"))
            try harness.withRelay {
                let log = try FactLog(harness.broker)
                _ = try harness.reconciler().round { false }
                try harness.untilPublished()
                try log.read()
                try log.store(on: harness.connection)
                try session.take(
                    "reference", Sample.assignment("r-2", "a-1", "rm-1", to: "2026-03-10"),
                    Sample.assignment("r-3", "a-2", "rm-2", from: "2026-03-10"))
                let work = try harness.reconciler().round { false }
                #expect(work.reversed == 1)
                try harness.untilPublished()
                try log.read()
                #expect(
                    log.effects == [
                        "rm-1 deposit.moved 2026-01-10": "500", "rm-1 deposit.transferred 2026-03-10": "-500",
                        "rm-2 deposit.transferred 2026-03-10": "500", "rm-2 deposit.moved 2026-03-12": "30",
                        "rm-1 portfolio.joined 2026-01-01": "1", "rm-1 portfolio.left 2026-03-10": "1",
                        "rm-2 portfolio.joined 2026-03-10": "1",
                    ])
            }
        }
    }

    /// A crash between producing and committing, then other assignments: both credits stand until the check.
    @Test func theCheckRepairsWhatACrashLeftBehind() async throws {
        try await IntakeHarness.run { harness in
            var session = try harness.session()
            try session.take("reference", Sample.assignment("r-1", "a-1", "rm-1"))
            // The facts are acknowledged, then the transaction fails: as if the process had died in between.
            struct Death: Error {}
            let source = try #require(
                session.ingestor.catalogue.document.sources.firstIndex { $0.id == "core-banking" })
            let record = Array(Sample.movement("e-1", "10").utf8)
            let input = IngestInput(source: source, bytes: record, ranges: [0..<record.count])
            #expect(throws: (any Error).self) {
                try session.take(input, door: .init(name: "test", trace: "t")) { _, _ in throw Death() }
            }
            var next = try harness.session()
            try next.take(
                "reference", Sample.assignment("r-2", "a-1", "rm-1", to: "2026-02-01"),
                Sample.assignment("r-3", "a-2", "rm-2", from: "2026-02-01"))
            try next.take("core-banking", Sample.movement("e-1", "10"))
            let log = try FactLog(harness.broker)
            try log.read()
            #expect(log.effects["rm-1 deposit.moved 2026-03-05"] == "10")
            #expect(log.effects["rm-2 deposit.moved 2026-03-05"] == "10")
            try harness.withRelay {
                try log.store(on: harness.connection)
                let check = try harness.reconciler()
                    .check("bank", march, patience: .seconds(10), by: "op") { false }
                #expect(check.reversed == 1)
                #expect(check.drained)
                try harness.untilPublished()
                try log.read()
                try log.store(on: harness.connection)
                #expect(log.effects["rm-1 deposit.moved 2026-03-05"] == nil)
                #expect(log.effects["rm-2 deposit.moved 2026-03-05"] == "10")
                let again = try harness.reconciler().check("bank", march, patience: .seconds(10), by: nil) { false }
                #expect(again.reversed + again.credited == 0)
                #expect(again.assignmentVersion == 3)
            }
        }
    }

    @Test func aCheckWithoutAStoreSaysSo() async throws {
        try await IntakeHarness.run { harness in
            try harness.connection.run(script: "DROP VIEW scoring.published_position")
            #expect(throws: IntakeFault.self) {
                try harness.reconciler().check("bank", march, patience: .seconds(1), by: nil) { false }
            }
        }
    }
}
