import Contracts
import Domain
import Foundation
import Messaging
import Postgres
import SchemeLibrary
import Schemes
import ScoringCore
import ScoringStores
import Synchronization
import TestServers
import Testing

@testable import Scoring

/// A value that threads share.
private final class Shared<Value: Sendable>: Sendable {
    private let guarded: Mutex<Value>

    init(_ value: Value) { guarded = Mutex(value) }

    var value: Value { guarded.withLock { $0 } }
    func change(_ body: (inout Value) -> Void) { guarded.withLock { body(&$0) } }
}

/// Runs `body` on so many threads at once and waits for all of them.
private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let group = DispatchGroup()
    for number in 0..<count {
        group.enter()
        Thread {
            body(number)
            group.leave()
        }.start()
    }
    group.wait()
}

/// The steps of a close: each may be the last one of a worker, and each may fail.
@Suite(.enabled(if: PostgresServer.isAvailable)) struct CloseStepTests {
    /// A month of a few managers in four partitions, closed, with a late fact that the next close takes up.
    private func months() throws -> (FactLog, Scheme, SchemeBundle) {
        let (scheme, bundle) = try TestSchema.pack("dongguan-post/big-customer-centre")
        var story = Story(seed: 11)
        var log = FactLog(partitions: 4)
        log.publish(scheme)
        for number in 0..<9 { log.append(story.profile(Story.manager(number), on: day("2026-01-01"))) }
        for period in ["2026-01", "2026-02"] {
            for _ in 0..<120 {
                let date = day("2026-01-01").adding(days: story.random.below(period == "2026-01" ? 31 : 59))
                log.append(story.event(Story.manager(story.random.below(9)), on: date))
            }
            log.close(scheme, month(period))
        }
        return (log, scheme, bundle)
    }

    @Test func aCloseThatDiesInAnyStepIsTakenUpByTheNextWorker() async throws {
        let (log, scheme, bundle) = try months()
        let reference = try await withTestDatabase { url in
            let bank = try Bank(url, log, schemes: [(scheme, bundle)])
            try bank.read(batch: 50)
            return try bank.dump()
        }
        // Compare, four partitions, end; the second close waits behind it and has its markers evaluated late.
        for steps in 0...6 {
            try await withTestDatabase { url in
                let bank = try Bank(url, log, schemes: [(scheme, bundle)])
                try bank.read(batch: 50, closesAtOnce: false, closes: false)
                for _ in 0..<steps { #expect(try bank.advance()) }
                let published = try bank.count(
                    "SELECT count(*) FROM scoring.close_partition WHERE published_at IS NOT NULL")
                #expect(published == max(0, min(steps - 1, 4)))
                try bank.dieInTheNextStep()
                #expect(
                    try bank.count("SELECT count(*) FROM scoring.close_partition WHERE published_at IS NOT NULL")
                        == published)
                try bank.finishCloses()
                let difference = Set(try bank.dump()).symmetricDifference(reference).sorted().prefix(4)
                #expect(difference.isEmpty, "died after \(steps) steps: \(difference)")
            }
        }
    }

    @Test func workersShareTheStepsOfACloseAndNoneIsDoneTwice() async throws {
        let (log, scheme, bundle) = try months()
        let reference = try await withTestDatabase { url in
            let bank = try Bank(url, log, schemes: [(scheme, bundle)])
            try bank.read(batch: 50)
            return try bank.dump()
        }
        try await withTestDatabase { url in
            let bank = try Bank(url, log, schemes: [(scheme, bundle)])
            try bank.read(batch: 50, closesAtOnce: false, closes: false)
            let failures = Shared<[String]>([])
            onThreads(3) { _ in
                do {
                    let connection = try Connection(ConnectionSettings(url))
                    let library = SchemeLibrary()
                    let options = FactOptions(partitions: 4, storesTraces: false)
                    let deadline = ContinuousClock.now + .seconds(60)
                    while try CloseStore(connection).hasWork(), ContinuousClock.now < deadline {
                        if try !CloseLoop.advance(connection, library, options) { Thread.sleep(forTimeInterval: 0.01) }
                    }
                } catch {
                    failures.change { $0.append("\(error)") }
                }
            }
            #expect(failures.value == [])
            let difference = Set(try bank.dump()).symmetricDifference(reference).sorted().prefix(4)
            #expect(difference.isEmpty, "\(difference)")
        }
    }

    @Test func aMarkerThatTheStoreRefusesWaitsAndIsEvaluatedOnceMended() async throws {
        let (log, scheme, bundle) = try months()
        let reference = try await withTestDatabase { url in
            let bank = try Bank(url, log, schemes: [(scheme, bundle)])
            try bank.read(batch: 1, closesAtOnce: false)
            return try bank.dump()
        }
        try await withTestDatabase { url in
            let bank = try Bank(url, log, schemes: [(scheme, bundle)])
            try bank.connection.run(
                script: "ALTER TABLE scoring.result ADD CONSTRAINT broken CHECK (partition <> 2)")
            let stuck = try #require(throws: ScoringFault.self) { try bank.read(batch: 1, closesAtOnce: false) }
            #expect(stuck.needsMending && stuck.code == "GR-SCORING-009")
            #expect(bank.letters.isEmpty)
            let obstacle = try #require(try CloseStore(bank.connection).obstacles().first)
            #expect(obstacle.partition == 2 && obstacle.period == "2026-01")
            #expect(obstacle.reason.contains("23514") || obstacle.reason.contains("broken"))
            #expect(try ScoringStatus(bank.connection).counts().stoppedCloses == 1)
            try bank.connection.run(script: "ALTER TABLE scoring.result DROP CONSTRAINT broken")
            try bank.read(batch: 1, closesAtOnce: false)
            #expect(try CloseStore(bank.connection).obstacles().isEmpty)
            #expect(bank.letters.isEmpty)
            let difference = Set(try bank.dump()).symmetricDifference(reference).sorted().prefix(4)
            #expect(difference.isEmpty, "\(difference)")
        }
    }

    @Test func aStepThatFailsIsReportedAndLeavesOtherStepsAlone() async throws {
        let (log, scheme, bundle) = try months()
        try await withTestDatabase { url in
            let bank = try Bank(url, log, schemes: [(scheme, bundle)])
            try bank.read(batch: 50, closesAtOnce: false, closes: false)
            try bank.connection.run(
                script: """
                    ALTER TABLE scoring.close_partition ADD CONSTRAINT broken
                    CHECK (partition <> 1 OR published_at IS NULL)
                    """)
            #expect(throws: (any Error).self) { try bank.finishCloses() }
            let obstacle = try #require(try CloseStore(bank.connection).obstacles().first)
            #expect(obstacle.partition == 1)
            // What failed rests for a while; the others go on, and the close does not end without it.
            try bank.finishCloses()
            #expect(
                try bank.count("SELECT count(*) FROM scoring.close_partition WHERE published_at IS NOT NULL") == 3)
            #expect(try bank.count("SELECT count(*) FROM scoring.close WHERE state = 'closed'") == 0)
            try bank.connection.run(
                script: """
                    ALTER TABLE scoring.close_partition DROP CONSTRAINT broken;
                    UPDATE scoring.close_obstacle SET last_at = last_at - interval '1 minute'
                    """)
            try bank.finishCloses()
            #expect(try bank.count("SELECT count(*) FROM scoring.close WHERE state = 'closed'") == 2)
            #expect(try CloseStore(bank.connection).obstacles().isEmpty)
        }
    }

    @Test func workersThatRegisterTheSameCloseAtOnceDoNotCollide() async throws {
        try await withTestDatabase { url in
            let connection = try Connection(ConnectionSettings(url))
            try TestSchema.apply(to: connection)
            let (workers, rounds) = (4, 400)
            let (arrived, failures) = (Shared(0), Shared<[String]>([]))
            onThreads(workers) { worker in
                do {
                    let connection = try Connection(ConnectionSettings(url))
                    for round in 0..<rounds {
                        let period = Period.day(day("2026-01-01").adding(days: round))
                        let marker = PeriodMarker(
                            close: CloseStore.id(Story.institution, period), institution: Story.institution,
                            period: period, attempt: 1, partition: Int32(worker), schemes: [], assignments: 0)
                        // All begin a round together; whoever failed is not waited for.
                        arrived.change { $0 += 1 }
                        let deadline = ContinuousClock.now + .seconds(5)
                        while arrived.value < (round + 1) * workers, failures.value.isEmpty,
                            ContinuousClock.now < deadline
                        { Thread.sleep(forTimeInterval: 0) }
                        guard failures.value.isEmpty else { return }
                        try CloseStore(connection).register(marker, partitions: workers)
                    }
                } catch {
                    failures.change { $0.append("\(error)") }
                }
            }
            #expect(failures.value == [])
            #expect(try connection.query("SELECT count(*) FROM scoring.close").first?.int8(0) == Int64(rounds))
        }
    }
}
