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

extension CloseTests {
    /// One manager, one month, and what follows it.
    private func told(partitions: Int = 2, _ tell: (inout Story, inout FactLog, Scheme) -> Void) throws -> (
        FactLog, Scheme, SchemeBundle
    ) {
        let (scheme, bundle) = try TestSchema.pack("dongguan-post/big-customer-centre")
        var story = Story(seed: 4)
        var log = FactLog(partitions: partitions)
        log.publish(scheme)
        log.append(story.profile(Story.manager(1), on: day("2026-01-01")))
        tell(&story, &log, scheme)
        return (log, scheme, bundle)
    }

    private func late(_ story: inout Story, on date: String) -> Fact {
        story.fact(
            "attendance.recorded", Story.manager(1), on: day(date),
            attributes: ["occasion": .text("morning-meeting"), "status": .text("late"), "excused": .flag(false)])
    }

    @Test func aReversalWithdrawsAFindingInAnyOrder() async throws {
        for reversalFirst in [false, true] {
            let (log, scheme, bundle) = try told { story, log, _ in
                let fact = late(&story, on: "2026-01-06")
                let pair = [fact, Story.reversal(of: fact)]
                for fact in reversalFirst ? pair.reversed() : pair { log.append(fact) }
                log.append(late(&story, on: "2026-01-07"))
            }
            for batch in [1, 100] {
                try await withTestDatabase { url in
                    let bank = try Bank(url, log, schemes: [(scheme, bundle)])
                    try bank.read(batch: batch)
                    let raised = try bank.events(.findingRaised).count
                    let withdrawn = try bank.events(.findingWithdrawn).count
                    #expect(raised - withdrawn == 1, "\(raised) raised, \(withdrawn) withdrawn")
                    #expect(try bank.count("SELECT count(*) FROM scoring.finding WHERE state = 'raised'") == 1)
                }
            }
        }
    }

    @Test func whatAFactBringsAboutStaysOnItsTrace() async throws {
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let (log, scheme, bundle) = try told { story, log, _ in
            let fact = late(&story, on: "2026-01-06")
            let traced = log.bytes(fact).dropLast() + #","traceparent":"\#(trace)"}"#.utf8
            log.append(Array(traced), key: fact.subject.description, to: log.partition(of: fact.subject))
            log.append(late(&story, on: "2026-01-07"))
        }
        try await withTestDatabase { url in
            let bank = try Bank(url, log, schemes: [(scheme, bundle)])
            try bank.read(batch: 100)
            let raised = try bank.connection.query(
                "SELECT traceparent FROM scoring.outbox WHERE type = $1 ORDER BY id",
                [.text(EventType.findingRaised.rawValue)])
            #expect(try raised.map { try $0.optionalText(0) } == [trace, nil])
        }
    }

    @Test func factsAfterTheMarkerAreLeftToARevision() async throws {
        var lateFact: Fact?
        let (log, scheme, bundle) = try told { story, log, scheme in
            log.append(
                story.fact(
                    "deposit.moved", Story.manager(1), on: day("2026-01-10"), amount: 500, customer: "c-1",
                    attributes: ["product": .text("savings")]))
            log.close(scheme, month("2026-01"))
            let fact = story.fact(
                "customer.developed", Story.manager(1), on: day("2026-01-20"), amount: 900_000, customer: "c-1",
                attributes: ["outlet": .text("o-1"), "first": .flag(true)])
            lateFact = fact
            log.append(fact)
            log.close(scheme, month("2026-02"))
        }
        try await withTestDatabase { url in
            let bank = try Bank(url, log, schemes: [(scheme, bundle)])
            try bank.read(batch: 100)
            let finalised = try bank.events(.scoreFinalised)
            let revised = try bank.events(.scoreRevised)
            #expect(finalised.count == 2 && revised.count == 1)
            let first = try JSONText.decode(ScoreEvent.self, finalised[0])
            let second = try JSONText.decode(ScoreEvent.self, try #require(revised.first))
            #expect(first.period == second.period && second.revision == 2)
            let cause = try #require(lateFact)
            #expect(second.causes == [cause.id])
            #expect(first.figures != second.figures)
            #expect(try bank.count("SELECT count(*) FROM scoring.late") == 0)
            #expect(
                try bank.count("SELECT count(*) FROM scoring.result WHERE revision = 1 AND period = '2026-01'") == 1)
        }
    }

    @Test func aRepeatedMarkerChangesNothing() async throws {
        let (log, scheme, bundle) = try told { story, log, scheme in
            log.append(late(&story, on: "2026-01-06"))
            log.close(scheme, month("2026-01"))
            log.close(scheme, month("2026-01"))
        }
        try await withTestDatabase { url in
            let bank = try Bank(url, log, schemes: [(scheme, bundle)])
            try bank.read(batch: 1)
            #expect(try bank.events(.periodClosed).count == 1)
            #expect(try bank.events(.scoreFinalised).count == 1)
            #expect(bank.letters.isEmpty)
        }
    }

    @Test func aMarkerOfAnUnknownSchemeIsPutAside() async throws {
        let (log, _, bundle) = try told { _, log, scheme in log.close(scheme, month("2026-01")) }
        _ = bundle
        try await withTestDatabase { url in
            let bank = try Bank(url, log, schemes: [])
            try bank.read(batch: 10)
            #expect(bank.letters.allSatisfy { $0.hasSuffix("GR-SCORING-005") } && bank.letters.count == 4)
        }
    }

    @Test func creditsThatNoLongerMatchFailTheAttemptAndTheNextOneCloses() async throws {
        let (log, scheme, bundle) = try told(partitions: 1) { story, log, scheme in
            var fact = story.fact(
                "deposit.moved", Story.manager(1), on: day("2026-01-10"), amount: 500, customer: "c-1",
                attributes: ["product": .text("savings")])
            fact.assignment = "a-1"
            log.append(fact)
            log.close(scheme, month("2026-01"), attempt: 1, assignments: 0)
            log.close(scheme, month("2026-01"), attempt: 2, assignments: 1)
        }
        try await withTestDatabase { url in
            let bank = try Bank(url, log, schemes: [(scheme, bundle)])
            try bank.connection.run(
                script: """
                    INSERT INTO reference.assignment (institution, id, customer, manager, share, valid_from)
                    VALUES ('dongguan-post', 'a-1', 'c-1', 'rm-101', 1, '2026-01-01')
                    """)
            try bank.read(batch: 1)
            let close = try #require(
                try CloseStore(bank.connection).attempt(CloseStore.id(Story.institution, month("2026-01"))))
            #expect(close.state == .closed && close.attempt == 2 && close.finalised == 1)
            #expect(try bank.count("SELECT sum(unsupported)::int8 FROM scoring.close_partition WHERE attempt = 1") == 1)
            #expect(try bank.count("SELECT count(*) FROM scoring.result") == 1)
        }
    }
}
