import Contracts
import Domain
import Foundation
import Kafka
import Logging
import Messaging
import Postgres
import Schemes
import ScoringCore
import ScoringStores
import TestServers
import Testing

@testable import Scoring

/// The real process on a real broker and a real store.
@Suite(.enabled(if: PostgresServer.isAvailable)) struct WorkerTests {
    private let partitions: Int32 = 4

    /// A worker as an operator starts it.
    private final class Worker {
        private let process = Process()

        init(database: String, broker: KafkaBroker, partitions: Int32) throws {
            let folder = Bundle.main.executableURL?.deletingLastPathComponent() ?? URL(filePath: ".")
            let own = Bundle(for: Worker.self).bundleURL.deletingLastPathComponent()
            let places = [folder, own, own.deletingLastPathComponent()].map { $0.appending(path: "gradus-scoring") }
            let found = places.first { FileManager.default.isExecutableFile(atPath: $0.path) }
            let program: URL = try #require(found)
            process.executableURL = program
            process.environment = [
                "PATH": "/usr/bin:/bin", "GRADUS_DATABASE_URL": database, "GRADUS_KAFKA_BROKERS": broker.bootstrap,
                "GRADUS_HTTP_PORT": "0", "GRADUS_SCORING_PARTITIONS": "\(partitions)",
                "GRADUS_SCORING_BATCH_MESSAGES": "40", "GRADUS_LOG_LEVEL": "error",
                "GRADUS_KAFKA_PROPERTIES_SESSION_TIMEOUT_MS": "6000",
                "GRADUS_KAFKA_PROPERTIES_HEARTBEAT_INTERVAL_MS": "500",
            ]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
        }

        func kill() {
            Foundation.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    private func produce(_ log: FactLog, _ broker: KafkaBroker) throws {
        let producer = try Producer(broker.configuration(), logger: Logger(label: "test"))
        let topic = try producer.topic(Topic.facts.name)
        let batch = producer.makeBatch()
        let headers = HeaderBuffer()
        for (partition, messages) in log.partitions.enumerated() {
            for message in messages {
                _ = try (message.key ?? []).withUnsafeBytes { key in
                    try (message.value ?? []).withUnsafeBytes { value in
                        try producer.produce(
                            to: topic, partition: Int32(partition), key: message.key == nil ? nil : key, value: value,
                            headers: headers, in: batch)
                    }
                }
            }
        }
        let report = try producer.wait(for: batch)
        try #require(report.failures.isEmpty)
    }

    /// Waits until `condition` gives true, or a minute has gone by.
    private func wait(_ connection: Connection, until condition: String) throws -> Bool {
        for _ in 0..<600 {
            if try connection.query("SELECT (\(condition))").first?.bool(0) == true { return true }
            Thread.sleep(forTimeInterval: 0.1)
        }
        return false
    }

    @Test func aWorkerKilledWithinAQuarterLeavesTheSameResults() async throws {
        let (scheme, bundle) = try TestSchema.pack("dongguan-post/big-customer-centre")
        let seed = UInt64.random(in: 0..<1_000_000)
        var story = Story(seed: seed)
        var log = FactLog(partitions: Int(partitions))
        log.publish(scheme)
        for number in 0..<8 { log.append(story.profile(Story.manager(number), on: day("2026-01-01"))) }
        for period in ["2026-01", "2026-02"] {
            for _ in 0..<250 {
                let fact = story.event(
                    Story.manager(story.random.below(8)), on: day("\(period)-01").adding(days: story.random.below(28)))
                log.append(fact)
                if story.random.below(9) == 0 { log.append(Story.reversal(of: fact)) }
                if story.random.below(9) == 0 { log.append(fact) }
            }
            log.close(scheme, month(period))
        }
        let told = log
        let expected = try await withTestDatabase { url in
            let bank = try Bank(url, told, schemes: [(scheme, bundle)])
            try bank.read(batch: 40)
            return try bank.dump().filter { !$0.hasPrefix("event") && $0.hasPrefix("0") == false }
        }
        let broker = try KafkaBroker.mock(topics: [
            Topic.facts.name: Int(partitions), Topic.scores.name: 1, Topic.deadLetters.name: 1,
        ])
        defer { broker.stop() }
        try await withTestDatabase { url in
            let bank = try Bank(url, FactLog(partitions: Int(partitions)), schemes: [(scheme, bundle)])
            try produce(told, broker)
            let first = try Worker(database: url, broker: broker, partitions: partitions)
            #expect(try wait(bank.connection, until: "SELECT count(*) > 100 FROM scoring.fact"))
            first.kill()
            let second = try Worker(database: url, broker: broker, partitions: partitions)
            defer { second.kill() }
            #expect(
                try wait(
                    bank.connection,
                    until: "SELECT count(*) = 2 FROM scoring.close WHERE state = 'closed'"))
            let total = told.partitions.map(\.count).reduce(0, +)
            #expect(
                try wait(
                    bank.connection, until: "SELECT coalesce(sum(next_offset), 0) = \(total) FROM scoring.stream_offset"
                ))
            // The mock broker stamps markers with its own time; nothing else may differ.
            let found = try bank.dump().filter { !$0.hasPrefix("event") }
            let difference = Set(found).symmetricDifference(expected).sorted().prefix(4)
            #expect(difference.isEmpty, "seed \(seed): \(difference)")
            #expect(try wait(bank.connection, until: "SELECT count(*) = 0 FROM scoring.outbox"))
        }
    }
}
