import Foundation
import Kafka
import Ledger
import Messaging
import Postgres
import TestServers
import Testing

@Suite(.enabled(if: PostgresServer.isAvailable), .serialized) struct ExactlyOnceTests {
    static func values(_ count: Int) -> [String] { (0..<count).map { "v\($0)" } }

    @Test func appliesEveryMessageOnceAndTellsKafkaThePosition() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url)
            try shop.send(Self.values(4_000))
            try shop.withLoop(shop.settings { $0.batchMessages = 300 }) { loop in
                try shop.wait { try shop.entries >= 4_000 && loop.status.partitions.count == 4 && loop.status.lag == 0 }
                #expect(loop.status.isJoined)
                #expect(loop.status.partitions.map(\.state) == Array(repeating: .running, count: 4))
                #expect(loop.status.partitions.map(\.position) == Array(repeating: 1_000, count: 4))
            }
            try shop.checkExact(entries: 4_000)
            let reader = try Consumer(shop.broker.configuration(["group.id": shop.group]), logger: quiet)
            let told = try reader.committed(
                (0..<4).map { TopicPartition(shop.topic, $0) }, timeoutMilliseconds: 5_000)
            #expect(Array(told.values) == Array(repeating: 1_000, count: 4))
            #expect(try shop.number("SELECT sum(applied)::int8 FROM svc.stream_offset") == 4_000)
        }
    }

    /// The broker's idea of the position is wrong on purpose; the database's counts.
    @Test func goesOnWhereTheDatabaseStandsWhateverKafkaRemembers() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url)
            try shop.send(Self.values(400))
            try shop.withLoop(shop.settings()) { _ in try shop.wait { try shop.entries >= 400 } }
            let meddler = try Consumer(shop.broker.configuration(["group.id": shop.group]), logger: quiet)
            meddler.commitAsync(Dictionary(uniqueKeysWithValues: (0..<4).map { (TopicPartition(shop.topic, $0), 0) }))
            try shop.send(Self.values(400))
            try shop.withLoop(shop.settings()) { _ in try shop.wait { try shop.entries >= 800 } }
            try shop.checkExact(entries: 800)
        }
    }

    @Test func appliesAgainWhatARestoredDatabaseHasForgotten() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url)
            try shop.send(Self.values(400))
            try shop.withLoop(shop.settings()) { _ in try shop.wait { try shop.entries >= 400 } }
            try shop.connection.run(
                script: """
                    DELETE FROM svc.ledger WHERE "offset" >= 50;
                    UPDATE svc.stream_offset SET next_offset = 50;
                    """)
            try shop.withLoop(shop.settings()) { _ in try shop.wait { try shop.entries >= 400 } }
            try shop.checkExact(entries: 400)
        }
    }

    @Test func losesAndDoublesNothingWhenItsProcessIsKilledAgainAndAgain() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url)
            try shop.send(Self.values(20_000))
            var kills = 0
            while try shop.entries < 20_000, kills < 12 {
                let worker = try shop.startWorker(
                    batch: 200, delayMicroseconds: 5_000, kafkaGroup: "\(shop.group)-\(kills)")
                let target = min(try shop.entries + 3_500, 20_000)
                try shop.wait(seconds: 40) { try shop.entries >= target }
                worker.signal(SIGKILL)
                _ = worker.wait()
                kills += 1
            }
            #expect(kills >= 3)
            try shop.checkExact(entries: 20_000)
        }
    }

    /// Somebody else claims partitions while a loop is at work, as a successor does whose predecessor only seems dead.
    @Test func dropsItsBatchesWhenAnotherClaimFencesIt() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url)
            try shop.send(Self.values(20_000))
            let slow: @Sendable (Int) -> LedgerHandler = { _ in LedgerHandler(after: { usleep(3_000) }) }
            try shop.withLoop(shop.settings { $0.batchMessages = 200 }, handler: slow) { _ in
                for round in 1...3 {
                    try shop.wait { try shop.entries >= round * 3_000 }
                    try shop.connection.run(script: "UPDATE svc.stream_offset SET epoch = epoch + 1")
                }
                try shop.wait { try shop.entries >= 20_000 }
            }
            try shop.checkExact(entries: 20_000)
            #expect(try shop.number("SELECT sum(fenced)::int8 FROM svc.stream_offset") > 0)
            #expect(try shop.number("SELECT max(epoch)::int8 FROM svc.stream_offset") >= 7)
        }
    }

    /// One of two members is frozen with batches in hand until the group has given its partitions away, and thawed.
    @Test func aStalledFormerOwnerWritesNothing() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url)
            try shop.send(Self.values(30_000))
            let sleeper = try shop.startWorker(batch: 100, delayMicroseconds: 10_000)
            try shop.wait { try shop.entries >= 2_000 }
            sleeper.signal(SIGSTOP)
            let before = try shop.entries
            let successor = try shop.startWorker(batch: 500)
            try shop.wait(seconds: 60) { try shop.entries >= before + 15_000 }
            sleeper.signal(SIGCONT)
            try shop.wait(seconds: 60) {
                let fenced = try shop.number("SELECT sum(fenced)::int8 FROM svc.stream_offset")
                return try shop.entries >= 30_000 && fenced > 0
            }
            #expect(try shop.number("SELECT sum(fenced)::int8 FROM svc.stream_offset") > 0)
            #expect(try shop.number("SELECT count(DISTINCT epoch) FROM svc.ledger") > 1)
            sleeper.end()
            successor.end()
            try shop.checkExact(entries: 30_000)
        }
    }

    @Test func survivesACrashOfTheDatabaseUnderLoadWithoutDeadLetters() async throws {
        let server = try PostgresServer()
        let shop = try Workshop(url: server.url)
        try shop.send(Self.values(20_000))
        let slow: @Sendable (Int) -> LedgerHandler = { _ in LedgerHandler { _ in usleep(5_000) } }
        try shop.withLoop(shop.settings { $0.batchMessages = 200 }, handler: slow) { loop in
            for _ in 0..<3 {
                let reached = try shop.entries
                try shop.wait { try shop.entries >= min(reached + 3_000, 20_000) }
                server.crash()
                shop.wait(seconds: 10) { loop.status.waitingFor != nil }
                #expect(loop.status.waitingFor != nil)
                try #require(server.start())
            }
            try shop.wait { try shop.entries >= 20_000 && loop.status.waitingFor == nil }
            #expect(loop.status.waitingFor == nil)
        }
        try shop.checkExact(entries: 20_000)
        #expect(try shop.number("SELECT max(attempts)::int8 FROM svc.stream_offset") == 0)
    }

    /// COMMIT reaches the server, its answer does not reach us: the transaction stands and must not be made again.
    @Test func looksBeforeItRepeatsACommitWithoutAnAnswer() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url, partitions: 1)
            let proxy = try CommitCutter(database: url)
            let database = try ConnectionSettings(proxy.url)
            for round in 1...5 {
                try shop.send(Self.values(100))
                proxy.arm()
                try shop.withLoop(shop.settings { $0.database = database }) { _ in
                    try shop.wait { try shop.entries >= round * 100 && proxy.cuts == round }
                }
            }
            #expect(proxy.cuts == 5)
            try shop.checkExact(entries: 500)
        }
    }

    @Test func holdsOnlySoMuchInMemoryAndLosesNothingByPausing() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url)
            let padding = String(repeating: "x", count: 400)
            try shop.send((0..<8_000).map { "\($0)\(padding)" })
            let slow: @Sendable (Int) -> LedgerHandler = { _ in LedgerHandler { _ in usleep(700_000) } }
            let settings = try shop.settings {
                $0.batchMessages = 500
                $0.memoryLimit = 400_000
            }
            var sawPause = false
            try shop.withLoop(settings, handler: slow) { loop in
                try shop.wait {
                    sawPause = sawPause || loop.status.partitions.contains { $0.state == .paused }
                    return try shop.entries >= 8_000
                }
            }
            #expect(sawPause)
            try shop.checkExact(entries: 8_000)
        }
    }
}
