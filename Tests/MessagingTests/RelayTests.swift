import Foundation
import Kafka
import Messaging
import Postgres
import TestServers
import Testing

@Suite(.enabled(if: PostgresServer.isAvailable), .serialized) struct RelayTests {
    private static func rows(_ count: Int, keys: Int, topic: String, from first: Int = 0) -> [OutboxRow] {
        (first..<first + count).map { number in
            OutboxRow(
                topic: topic, key: Array("k\(number % keys)".utf8),
                event: EventHeaders(
                    id: "e\(number)", source: "/test", type: "test.v1", subject: "s\(number)", traceparent: "00-t"),
                payload: Array("\(number)".utf8))
        }
    }

    private func append(_ rows: [OutboxRow], _ shop: Workshop) throws {
        try shop.connection.transaction { transaction throws(PostgresError) in
            try OutboxStore(schema: "svc").append(rows, in: transaction)
        }
    }

    private func settings(_ shop: Workshop, _ extra: [String: String] = [:]) throws -> OutboxRelaySettings {
        var settings = OutboxRelaySettings(
            schema: "svc", kafka: shop.broker.configuration(extra), database: try ConnectionSettings(shop.url))
        settings.leaseSeconds = 2
        settings.idlePause = .milliseconds(20)
        return settings
    }

    private func withRelay(
        _ settings: OutboxRelaySettings, _ body: (OutboxRelay) throws -> Void
    ) throws {
        let relay = OutboxRelay(settings, logger: quiet)
        let ended = DispatchSemaphore(value: 0)
        Thread {
            try? relay.run()
            ended.signal()
        }.start()
        defer {
            relay.stop()
            ended.wait()
        }
        try body(relay)
    }

    private func waiting(_ shop: Workshop) throws -> Int { try shop.number("SELECT count(*) FROM svc.outbox") }

    /// Ids on the topic by key, in the order of the log.
    private func published(_ shop: Workshop) throws -> [String: [String]] {
        let reader = try Consumer(shop.broker.configuration(), logger: quiet)
        var starts: [StartPosition] = []
        var total: Int64 = 0
        for partition in (0..<Int32(shop.partitions)).map({ TopicPartition(shop.topic, $0) }) {
            total += try reader.watermarks(of: partition, timeoutMilliseconds: 5_000).high
            starts.append(StartPosition(partition, at: 0))
        }
        try reader.assign(starts)
        var ids: [String: [String]] = [:]
        var seen: Int64 = 0
        while seen < total {
            seen += Int64(
                try reader.poll(timeoutMilliseconds: 1_000, limit: 1_000) { message in
                    let key = message.key.map { String(decoding: $0, as: UTF8.self) } ?? ""
                    message.forEachHeader { name, value in
                        guard String(decoding: name, as: UTF8.self) == "ce_id", let value else { return }
                        ids[key, default: []].append(String(decoding: value, as: UTF8.self))
                    }
                })
        }
        reader.close()
        return ids
    }

    private func firstSightings(_ ids: [String]) -> [String] {
        var seen: Set<String> = []
        return ids.filter { seen.insert($0).inserted }
    }

    @Test func publishesInOrderAndEmptiesItsTable() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url)
            try append(Self.rows(5_000, keys: 37, topic: shop.topic), shop)
            try withRelay(settings(shop)) { relay in
                try shop.wait { try waiting(shop) == 0 }
                shop.wait(seconds: 5) { relay.status.published == 5_000 }
                #expect(relay.status.published == 5_000)
                #expect(relay.status.isActive)
            }
            #expect(try waiting(shop) == 0)
            let ids = try published(shop)
            for (key, ids) in ids {
                let number = Int(key.dropFirst()) ?? -1
                #expect(ids == stride(from: number, to: 5_000, by: 37).map { "e\($0)" }, "\(key)")
            }
            #expect(ids.values.map(\.count).reduce(0, +) == 5_000)
        }
    }

    /// Rows are published and cannot be removed, as when the process dies between the two.
    @Test func publishesAgainUnderTheSameIdsWhenItDiesBeforeRemovingRows() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url)
            try append(Self.rows(200, keys: 10, topic: shop.topic), shop)
            try shop.connection.run(
                script: """
                    CREATE FUNCTION svc.refuse() RETURNS trigger LANGUAGE plpgsql AS
                        $$BEGIN RAISE EXCEPTION 'not now'; END$$;
                    CREATE TRIGGER refuse BEFORE DELETE ON svc.outbox EXECUTE FUNCTION svc.refuse();
                    """)
            try withRelay(settings(shop)) { relay in shop.wait { relay.status.problem != nil } }
            #expect(try waiting(shop) == 200)
            try shop.connection.run(script: "DROP TRIGGER refuse ON svc.outbox")
            try append(Self.rows(100, keys: 10, topic: shop.topic, from: 200), shop)
            try withRelay(settings(shop)) { _ in try shop.wait { try waiting(shop) == 0 } }

            let ids = try published(shop)
            let sent = ids.values.map(\.count).reduce(0, +)
            #expect(sent > 300, "nothing was published twice, so this shows nothing")
            for (key, ids) in ids {
                let number = Int(key.dropFirst()) ?? -1
                #expect(firstSightings(ids) == stride(from: number, to: 300, by: 10).map { "e\($0)" })
            }
        }
    }

    @Test func keepsBackOnlyTheKeyOfAnEventThatCannotBeSent() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url)
            var rows = Self.rows(100, keys: 10, topic: shop.topic)
            rows[43].payload = Array(repeating: 120, count: 20_000)
            try append(rows, shop)
            try withRelay(settings(shop, ["message.max.bytes": "10000"])) { relay in
                try shop.wait { try waiting(shop) == 6 && relay.status.problem != nil }
                #expect(relay.status.problem?.contains("MSG_SIZE_TOO_LARGE") == true)
            }
            let left = try shop.connection.query("SELECT event_id FROM svc.outbox ORDER BY id")
            #expect(try left.map { try $0.text(0) } == ["e43", "e53", "e63", "e73", "e83", "e93"])
            #expect(try firstSightings(published(shop)["k3"] ?? []).prefix(4) == ["e3", "e13", "e23", "e33"])
        }
    }

    @Test func replacesItsProducerAfterAFatalError() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url)
            try withRelay(settings(shop)) { relay in
                try append(Self.rows(100, keys: 10, topic: shop.topic), shop)
                try shop.wait { try waiting(shop) == 0 }
                // OUT_OF_ORDER_SEQUENCE_NUMBER ends an idempotent producer.
                try #require(shop.broker.command("error 0 45 4") == "ok")
                try append(Self.rows(100, keys: 10, topic: shop.topic, from: 100), shop)
                try shop.wait { try waiting(shop) == 0 }
                #expect(relay.status.published == 200)
                #expect(relay.status.producersReplaced >= 1)
            }
            for (key, ids) in try published(shop) {
                let number = Int(key.dropFirst()) ?? -1
                #expect(firstSightings(ids) == stride(from: number, to: 200, by: 10).map { "e\($0)" })
            }
        }
    }

    @Test func leavesAShardToOneRelayAtATime() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url)
            try withRelay(settings(shop)) { first in
                shop.wait { first.status.isActive }
                try withRelay(settings(shop)) { second in
                    try append(Self.rows(500, keys: 10, topic: shop.topic), shop)
                    try shop.wait { try waiting(shop) == 0 }
                    #expect(first.status.isActive && !second.status.isActive)
                    first.stop()
                    shop.wait { second.status.isActive }
                    try append(Self.rows(500, keys: 10, topic: shop.topic, from: 500), shop)
                    try shop.wait { try waiting(shop) == 0 }
                    #expect(second.status.published == 500)
                }
            }
            #expect(try published(shop).values.map(\.count).reduce(0, +) == 1_000)
        }
    }
}
