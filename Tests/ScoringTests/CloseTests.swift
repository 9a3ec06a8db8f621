import Contracts
import Domain
import Postgres
import Schemes
import ScoringCore
import ScoringStores
import TestServers
import Testing

@testable import Scoring

@Suite(.enabled(if: PostgresServer.isAvailable)) struct CloseTests {
    /// Three months with late facts, reversals and repeats, each closed.
    private func quarter(seed: UInt64, managers: Int = 6) throws -> (FactLog, Scheme, SchemeBundle) {
        let (scheme, bundle) = try TestSchema.pack("dongguan-post/big-customer-centre")
        var story = Story(seed: seed)
        var log = FactLog(partitions: 4)
        var told: [Fact] = []
        log.publish(scheme)
        for number in 0..<managers { log.append(story.profile(Story.manager(number), on: day("2026-01-01"))) }
        for (first, period) in [("2026-01-01", "2026-01"), ("2026-02-01", "2026-02"), ("2026-03-01", "2026-03")] {
            for _ in 0..<managers * 20 {
                let manager = Story.manager(story.random.below(managers))
                let fact = story.event(manager, on: day(first).adding(days: story.random.below(28)))
                told.append(fact)
                log.append(fact)
                switch story.random.below(12) {
                case 0: log.append(Story.reversal(of: story.random.pick(told)))
                case 1: log.append(story.random.pick(told))
                default: break
                }
            }
            log.close(scheme, month(period))
        }
        return (log, scheme, bundle)
    }

    @Test func resultsDoNotDependOnBatchesOrWorkers() async throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        let (log, scheme, bundle) = try quarter(seed: seed)
        var reference: [String] = []
        for (batch, workers, closesAtOnce) in [(1, 1, true), (7, 4, true), (500, 1, false), (64, 4, false)] {
            let dump = try await withTestDatabase { url in
                let bank = try Bank(url, log, schemes: [(scheme, bundle)])
                try bank.read(batch: batch, workers: workers, closesAtOnce: closesAtOnce)
                #expect(try bank.count("SELECT count(*) FROM scoring.close WHERE state = 'closed'") == 3)
                #expect(try bank.count("SELECT count(*) FROM scoring.result WHERE revision > 1") > 0)
                return try bank.dump()
            }
            if reference.isEmpty {
                reference = dump
                #expect(dump.count > 500)
            }
            let difference = Set(dump).symmetricDifference(reference).sorted().prefix(6)
            #expect(difference.isEmpty, "seed \(seed), batches of \(batch), \(workers) workers: \(difference)")
        }
    }
}
