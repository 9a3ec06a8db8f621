import Foundation
import Kafka
import Ledger
import Messaging
import Postgres
import TestServers
import Testing

@Suite(.enabled(if: PostgresServer.isAvailable), .serialized) struct RejectTests {
    @Test func keepsARejectedMessageWholeBesideThePosition() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url, partitions: 1)
            try shop.send((0..<100).map { $0 == 41 ? "bad-41" : "v\($0)" })
            try shop.withLoop(shop.settings { $0.deadLetterTopic = "letters" }) { _ in
                try shop.wait { try shop.entries >= 99 }
            }
            try shop.checkExact(entries: 99, deadLetters: 1)
            let row = try shop.connection.query(
                "SELECT \"offset\", key, value, headers, code, detail, state FROM svc.dead_letter")[0]
            #expect(try row.int8(0) == 41)
            #expect(try row.bytes(1) == Array("k0".utf8))
            #expect(try row.bytes(2) == Array("bad-41".utf8))
            #expect(HeaderList(encoded: try row.bytes(3))["ce_type"] == "test.v1")
            #expect(try [row.text(4), row.text(5), row.text(6)] == ["TEST-BAD", "asked to be bad", "new"])

            let event = try shop.connection.query("SELECT topic, key, payload, headers, type FROM svc.outbox")[0]
            #expect(try event.text(0) == "letters")
            #expect(try event.bytes(2) == Array("bad-41".utf8))
            let headers = HeaderList(encoded: try event.bytes(3))
            #expect(headers["__connect.errors.offset"] == "41")
            #expect(headers["kafka_dlt-exception-fqcn"] == "TEST-BAD")
            #expect(headers.all.first { $0.name == "kafka_dlt-original-offset" }?.value == [0, 0, 0, 0, 0, 0, 0, 41])
            #expect(headers.all.first { $0.name == "kafka_dlt-original-partition" }?.value == [0, 0, 0, 0])
        }
    }

    @Test(arguments: [("poison", "TEST-POISON"), ("number", "GR-MSG-011")])
    func isolatesTheMessageThatItsHandlerCannotTake(value: String, code: String) async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url, partitions: 2)
            let culprits: Set = [7, 500, 501, 999]
            try shop.send((0..<1_000).map { culprits.contains($0) ? "\(value)-\($0)" : "v\($0)" })
            try shop.withLoop(shop.settings()) { _ in try shop.wait { try shop.entries >= 996 } }
            try shop.checkExact(entries: 996, deadLetters: 4)
            let letters = try shop.connection.query("SELECT value, code FROM svc.dead_letter ORDER BY value")
            #expect(
                try letters.map { String(decoding: try $0.bytes(0), as: UTF8.self) }
                    == culprits.map { "\(value)-\($0)" }.sorted())
            #expect(try letters.allSatisfy { try $0.text(1) == code })
        }
    }

    @Test func stopsAPartitionInsteadOfDrainingItIntoDeadLetters() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url, partitions: 2)
            // Every message of partition 0 is bad, none of partition 1.
            try shop.send((0..<6_000).map { $0 % 2 == 0 ? "bad\($0)" : "v\($0)" })
            try shop.withLoop(shop.settings()) { loop in
                try shop.wait {
                    guard try shop.entries >= 3_000, case .stopped = loop.status.partitions.first?.state else {
                        return false
                    }
                    return true
                }
                guard case .stopped(let reason)? = loop.status.partitions.first?.state else {
                    Issue.record("partition 0 was not stopped")
                    return
                }
                #expect(reason.contains("GR-MSG-002"))
                #expect(loop.status.partitions.last?.state == .running)
            }
            #expect(try shop.entries == 3_000)
            #expect(try shop.number("SELECT count(*) FROM svc.dead_letter") <= 200)
            let rejected = try shop.number("SELECT next_offset FROM svc.stream_offset WHERE partition = 0")
            #expect(try shop.number("SELECT count(*) FROM svc.dead_letter") == rejected)
        }
    }

    @Test func neverRejectsBecauseATableIsMissing() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url, partitions: 1)
            try shop.connection.run(script: "ALTER TABLE svc.ledger RENAME TO ledger_away")
            try shop.send((0..<50).map { "v\($0)" })
            try shop.withLoop(shop.settings()) { loop in
                shop.wait { loop.status.waitingFor != nil }
                #expect(loop.status.waitingFor?.contains("42P01") == true)
                try shop.connection.run(script: "ALTER TABLE svc.ledger_away RENAME TO ledger")
                try shop.wait { try shop.entries >= 50 }
            }
            try shop.checkExact(entries: 50)
        }
    }

    @Test func rejectsAMessageThatKillsItsProcess() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url, partitions: 1)
            try shop.send((0..<300).map { $0 == 123 ? "die" : "v\($0)" })
            var deaths = 0
            while try shop.entries < 299, deaths < 10 {
                let worker = try shop.startWorker(batch: 200, kafkaGroup: "\(shop.group)-\(deaths)")
                try shop.wait(seconds: 40) { try !worker.isRunning || shop.entries >= 299 }
                if worker.isRunning { worker.end() } else { deaths += 1 }
            }
            #expect(deaths >= 3)
            try shop.checkExact(entries: 299, deadLetters: 1)
            let letter = try shop.connection.query("SELECT \"offset\", code FROM svc.dead_letter")[0]
            #expect(try letter.int8(0) == 123)
            #expect(try letter.text(1) == "GR-MSG-020")
        }
    }

    @Test func stopsWhereTheTopicDoesNotHoldThePosition() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url, partitions: 2)
            try shop.send((0..<20).map { "v\($0)" })
            try shop.withLoop(shop.settings()) { _ in try shop.wait { try shop.entries >= 20 } }
            try shop.connection.run(script: "UPDATE svc.stream_offset SET next_offset = 5000 WHERE partition = 1")
            try shop.send((0..<20).map { "w\($0)" })
            try shop.withLoop(shop.settings()) { loop in
                try shop.wait { try shop.entries >= 30 && loop.status.partitions.count == 2 }
                guard case .stopped(let reason)? = loop.status.partitions.last?.state else {
                    Issue.record("partition 1 was not stopped")
                    return
                }
                #expect(reason.contains("GR-MSG-001") && reason.contains("5000"))
            }
            #expect(try shop.entries == 30)
        }
    }
}
