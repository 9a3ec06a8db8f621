import Contracts
import Domain
import Postgres
import SchemeLibrary
import Schemes
import ScoringCore
import ScoringStores
import TestServers
import Testing

@testable import Scoring

@Suite(.enabled(if: PostgresServer.isAvailable)) struct FactTests {
    private let subject = Story.manager(1)

    /// Reads facts without any scheme and gives the bank.
    private func bank(_ url: String, _ log: FactLog, batch: Int = 100) throws -> Bank {
        let bank = try Bank(url, log, schemes: [])
        try bank.read(batch: batch)
        return bank
    }

    private func audit(_ bank: Bank) throws -> [String] {
        var differences: [String] = []
        _ = try ScoringAudit(bank.connection, SchemeLibrary()).recomputeAggregates {
            differences.append("\($0.series) \($0.bucket) \($0.what)")
        }
        return differences
    }

    @Test func countsSumsAndLastsAreExactUnderRepeatsAndReversals() async throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        var story = Story(seed: seed)
        var facts: [Fact] = []
        for _ in 0..<600 {
            let manager = Story.manager(story.random.below(5))
            let fact = story.event(manager, on: day("2026-01-01").adding(days: story.random.below(80)))
            facts.append(fact)
            if story.random.below(6) == 0 {
                let undone = Story.reversal(of: fact)
                facts.append(undone)
                if story.random.below(3) == 0 { facts.append(Story.reversal(of: undone)) }
            }
        }
        let net = Dictionary(grouping: facts, by: \.type).mapValues { $0.reduce(0) { $0 + $1.sign } }
        for size in [1, 13, 1_000] {
            // Any order, with repeats.
            let told = (facts + facts.prefix(100)).shuffled(using: &story.random)
            var log = FactLog(partitions: 3)
            for fact in told { log.append(fact) }
            try await withTestDatabase { url in
                let bank = try bank(url, log, batch: size)
                #expect(try bank.count("SELECT count(*) FROM scoring.fact") == facts.count)
                let differences = try audit(bank)
                #expect(differences.isEmpty, "seed \(seed), batches of \(size): \(differences.prefix(3))")
                for (type, count) in net {
                    let stored = try bank.count(
                        """
                        SELECT coalesce(sum(a.count), 0)::int8 FROM scoring.aggregate a
                        JOIN scoring.series k ON k.no = a.series AND k.key = 'base:\(type)'
                        """)
                    #expect(stored == count, "seed \(seed) \(type)")
                }
                #expect(try bank.count("SELECT count(*) FROM scoring.early_reversal") == 0)
                #expect(bank.letters.isEmpty)
            }
        }
    }

    @Test func theAuditSeesAChangedAggregate() async throws {
        var story = Story(seed: 5)
        var log = FactLog(partitions: 1)
        log.append(story.fact("deposit.moved", subject, on: day("2026-01-05"), amount: 100, customer: "c-1"))
        try await withTestDatabase { url in
            let bank = try bank(url, log)
            #expect(try audit(bank).isEmpty)
            try bank.connection.run(script: "UPDATE scoring.aggregate SET sum = sum + 1")
            #expect(try audit(bank).count == 1)
        }
    }

    @Test func anotherContentUnderAKnownIdIsPutAside() async throws {
        var story = Story(seed: 1)
        var log = FactLog(partitions: 1)
        let fact = story.fact("deposit.moved", subject, on: day("2026-01-05"), amount: 100, customer: "c-1")
        var other = fact
        other.amount = Quantity(tenThousandths: 2_000_000)
        // The same content in another key order is no conflict.
        let text = String(decoding: log.bytes(fact), as: UTF8.self)
        let reordered =
            #"{"sourceId":"\#(fact.sourceID)","#
            + text.dropFirst().replacing(#","sourceId":"\#(fact.sourceID)""#, with: "")
        log.append(fact)
        log.append(other)
        log.append(Array(reordered.utf8), key: subject.description, to: 0)
        log.append(other)
        // Nor is the same content on another trace.
        let traced = text.dropLast() + #","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}"#
        log.append(Array(traced.utf8), key: subject.description, to: 0)
        for batch in [1, 10] {
            try await withTestDatabase { url in
                let bank = try bank(url, log, batch: batch)
                #expect(bank.letters == ["0/1 GR-SCORING-003", "0/3 GR-SCORING-003"])
                #expect(try bank.count("SELECT sum(sum)::int8 FROM scoring.aggregate") == 1_000_000)
            }
        }
    }

    @Test func damagedMessagesArePutAsideWithTheirCodes() async throws {
        var story = Story(seed: 2)
        var log = FactLog(partitions: 1)
        let fact = story.fact("deposit.moved", subject, on: day("2026-01-05"), amount: 100, customer: "c-1")
        let good = log.bytes(fact)
        let key = subject.description
        log.append(nil, key: key, to: 0)
        log.append(Array(good.dropLast(3)), key: key, to: 0)
        log.append(good, key: "dongguan-post/manager/rm-999", to: 0)
        log.append(good, key: nil, to: 0)
        log.append(
            Array(String(decoding: good, as: UTF8.self).replacing("2026-01-05\"", with: "2026-13-05\"").utf8), key: key,
            to: 0)
        var unknown = fact
        unknown.type = "nobody.knows"
        log.append(unknown)
        log.append(good, key: key, to: 0)
        try await withTestDatabase { url in
            let bank = try bank(url, log)
            #expect(
                bank.letters == [
                    "0/0 GR-FACT-014", "0/1 GR-FACT-003", "0/2 GR-SCORING-001", "0/3 GR-SCORING-001",
                    "0/4 GR-FACT-008", "0/5 GR-SCORING-002",
                ])
            #expect(try bank.count("SELECT count(*) FROM scoring.fact") == 1)
        }
    }

    @Test func aTypeIsKnownOnceItsSchemeIsPublished() async throws {
        let (scheme, bundle) = try TestSchema.pack("dongguan-post/big-customer-centre")
        let own = scheme.factTypes.subtracting(Story.canonicalTypes).sorted()
        try #require(!own.isEmpty, "the pack has a fact type of its own")
        var story = Story(seed: 3)
        var log = FactLog(partitions: 1)
        log.append(story.fact(own[0], subject, on: day("2026-01-05"), attributes: ["reason": .text("x")]))
        log.publish(scheme)
        log.append(story.fact(own[0], subject, on: day("2026-01-05"), attributes: ["reason": .text("x")]))
        let stranger = Subject(institution: "another-bank", kind: .manager, id: "rm-1")
        log.append(story.fact(own[0], stranger, on: day("2026-01-05"), attributes: ["reason": .text("x")]))
        try await withTestDatabase { url in
            let bank = try Bank(url, log, schemes: [(scheme, bundle)])
            try bank.read(batch: 100)
            #expect(bank.letters == ["0/0 GR-SCORING-002", "0/3 GR-SCORING-002"])
        }
    }

    @Test func aLatePublicationBuildsTheSameSeries() async throws {
        let (scheme, bundle) = try TestSchema.pack("dongguan-post/big-customer-centre")
        let seed = UInt64.random(in: 0..<1_000_000)
        var dumps: [[String]] = []
        for late in [false, true] {
            var story = Story(seed: seed)
            var log = FactLog(partitions: 2)
            if !late { log.publish(scheme) }
            for number in 0..<4 { log.append(story.profile(Story.manager(number), on: day("2026-01-01"))) }
            for _ in 0..<200 {
                let fact = story.event(
                    Story.manager(story.random.below(4)), on: day("2026-01-05").adding(days: story.random.below(20)))
                log.append(fact)
                if story.random.below(8) == 0 { log.append(Story.reversal(of: fact)) }
            }
            if late { log.publish(scheme) }
            try await withTestDatabase { url in
                let bank = try Bank(url, log, schemes: [(scheme, bundle)])
                try bank.read(batch: 50)
                #expect(try audit(bank).isEmpty, "seed \(seed)")
                dumps.append(try bank.dump().filter { $0.hasPrefix("aggregate") })
            }
        }
        #expect(dumps[0] == dumps[1], "seed \(seed)")
        #expect(dumps[0].contains { !$0.contains("|base:") })
    }
}

extension FactLog {
    func bytes(_ fact: Fact) -> [UInt8] {
        var bytes: [UInt8] = []
        FactCodec.encode(fact, into: &bytes)
        return bytes
    }
}

extension Story {
    static let canonicalTypes: Set<String> = [
        "manager.profile", "manager.appointed", "target.set", "portfolio.joined", "portfolio.left", "deposit.moved",
        "deposit.transferred", "customer.developed", "customer.entered", "customer.visited", "attendance.recorded",
        "report.submitted", "conduct.found", "complaint.judged", "disclosure.confirmed", "violation.judged",
        "appraisal.scored", "project.applied", "slot.requested", "decision.made", "application.filed", "exam.taken",
        "population.income", "loan.disbursed", "loan.repaid", "loan.overdue", "loan.lost", "limitation.lapsed",
    ]
}
