import Contracts
import Domain
import Foundation
import FoundationNetworking
import IntakeCore
import Kafka
import Messaging
import Postgres
import TestServers
import Testing

@testable import Intake

/// The program itself: started, fed through its doors, killed, started again.
@Suite(.enabled(if: PostgresServer.isAvailable), .serialized) struct ProcessTests {
    final class Program {
        let process = Process()
        let port: Int

        init(_ harness: IntakeHarness, port: Int, extra: [String: String] = [:]) throws {
            self.port = port
            let folder = Bundle.main.executableURL?.deletingLastPathComponent() ?? URL(filePath: ".")
            let own = Bundle(for: Program.self).bundleURL.deletingLastPathComponent()
            let places = [folder, own, own.deletingLastPathComponent()].map { $0.appending(path: "gradus-intake") }
            process.executableURL = places.first { FileManager.default.isExecutableFile(atPath: $0.path) }
            var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GRADUS_") }
            environment.merge(harness.environment) { $1 }
            environment["GRADUS_HTTP_PORT"] = "\(port)"
            environment["GRADUS_HTTP_TOKENS"] =
                "bank intake-writer writer-token-0123456789\nops operator operator-token-0123456789"
            environment.merge(extra) { $1 }
            process.environment = environment
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
        }

        func untilReady() async throws {
            for _ in 0..<300 {
                if let answer = try? await get("/readyz"), answer.status == 200 { return }
                guard process.isRunning else { break }
                try await Task.sleep(for: .milliseconds(100))
            }
            Issue.record("gradus-intake did not become ready")
        }

        func get(_ path: String, token: String = "operator-token-0123456789") async throws -> (status: Int, body: Data)
        {
            try await send("GET", path, token: token)
        }

        func send(
            _ method: String, _ path: String, token: String, type: String = "application/json", _ body: Data? = nil,
            trace: String? = nil
        ) async throws -> (status: Int, body: Data) {
            var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
            request.httpMethod = method
            request.httpBody = body
            request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
            request.setValue(type, forHTTPHeaderField: "Content-Type")
            if let trace { request.setValue(trace, forHTTPHeaderField: "traceparent") }
            let (data, response) = try await URLSession.shared.data(for: request)
            return ((response as? HTTPURLResponse)?.statusCode ?? 0, data)
        }

        func kill() {
            guard process.isRunning else { return }
            Foundation.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }

        func stop() -> Int32 {
            process.terminate()
            process.waitUntilExit()
            return process.terminationStatus
        }
    }

    func produce(_ harness: IntakeHarness, _ topic: String, _ values: [String], headers: [(String, String)] = []) throws
    {
        let producer = try Producer(harness.broker.configuration(), logger: harness.logger)
        let target = try producer.topic(topic)
        let batch = producer.makeBatch()
        var buffer = HeaderBuffer()
        for (name, value) in headers { buffer.append(name: name, value: Array(value.utf8)) }
        for (index, value) in values.enumerated() {
            let key = Array("k-\(index)".utf8)
            try key.withUnsafeBytes { key in
                try Array(value.utf8).withUnsafeBytes { value in
                    _ = try producer.produce(to: target, key: key, value: value, headers: buffer, in: batch)
                }
            }
        }
        #expect(try producer.wait(for: batch).isComplete)
    }

    func eventually(_ what: String, _ condition: () throws -> Bool) async throws {
        for _ in 0..<400 {
            if try condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("\(what) did not happen")
    }

    @Test func servesEveryDoorAndAccountsForAll() async throws {
        try await IntakeHarness.run { harness in
            let program = try Program(harness, port: freePort())
            defer { program.kill() }
            try await program.untilReady()
            try produce(harness, "reference.data", [Sample.manager("rm-1"), Sample.assignment("r-1", "a-1", "rm-1")])
            let store = try harness.connection
            try await eventually("the reference data") {
                try store.query("SELECT count(*) FROM intake.received")[0].int8(0) == 2
            }
            try produce(
                harness, "core.deposits",
                (0..<500).map { Sample.movement("e-\($0)", "1") } + [Sample.movement("e-0", "1"), "{", ""])
            let data = #"{"institution":"bank","manager":"rm-1","businessDate":"2026-03-05"}"#
            try produce(
                harness, "ce.events", [data],
                headers: [
                    ("ce_specversion", "1.0"), ("ce_id", "b-1"), ("ce_type", "customer.visited"), ("ce_source", "/x"),
                    ("traceparent", Sample.trace(1)),
                ])
            try produce(
                harness, "ce.events", [Sample.event("b-2", "complaint.judged", manager: "rm-1")],
                headers: [("content-type", "application/cloudevents+json; charset=UTF-8")])
            try produce(harness, "ce.events", [data])
            let batch =
                "["
                + [
                    Sample.event("h-1", "complaint.judged", manager: "rm-1"),
                    Sample.event("h-1", "complaint.judged", manager: "rm-1"),
                    Sample.event("h-2", "complaint.judged", manager: "rm-2"),
                    Sample.event("h-3", "gift.given", manager: "rm/1"), "7",
                ].joined(separator: ",") + "]"
            let type = "application/cloudevents-batch+json"
            let writer = "writer-token-0123456789"
            let answer = try await program.send(
                "POST", "/v1/facts", token: writer, type: type, Data(batch.utf8), trace: Sample.trace(2))
            #expect(answer.status == 200)
            let body = try #require(try JSONSerialization.jsonObject(with: answer.body) as? [String: Any])
            let items = try #require(body["items"] as? [[String: Any]])
            #expect(
                items.map { $0["outcome"] as? String } == [
                    "accepted", "duplicate", "suspended", "rejected", "rejected",
                ])
            #expect((items[3]["problems"] as? [[String: String]])?.map { $0["path"] } == ["ce:type", "/manager"])
            let empty = try await program.send("POST", "/v1/facts", token: writer, type: type, Data("[]".utf8))
            #expect(empty.status == 200)
            #expect(
                try await program.send("POST", "/v1/facts", token: writer, type: type, Data("[{".utf8)).status == 400)
            #expect(try await program.send("POST", "/v1/facts", token: writer, Data("{}".utf8)).status == 415)
            #expect(
                try await program.send(
                    "POST", "/v1/facts", token: "wrong-token-0123456789", type: type, Data("[]".utf8)
                ).status == 401)
            #expect(try await program.get("/v1/accounting", token: writer).status == 403)

            try await eventually("all records") {
                try store.query("SELECT sum(count)::bigint FROM intake.counter WHERE outcome = 'received'")[0]
                    .optionalInt8(0) ?? 0 >= 513
            }
            let accounts = try await program.get("/v1/accounting")
            let statement = try #require(try JSONSerialization.jsonObject(with: accounts.body) as? [String: Any])
            #expect(statement["isBalanced"] as? Bool == true)
            let sources = try #require(statement["sources"] as? [[String: Any]])
            let core = try #require(sources.first { $0["id"] as? String == "core-banking" })
            #expect(
                [core["received"], core["accepted"], core["duplicate"], core["rejected"]].map { $0 as? Int } == [
                    503, 500, 1, 2,
                ])
            let events = try #require(sources.first { $0["id"] as? String == "events" })
            #expect([events["accepted"], events["rejected"]].map { $0 as? Int } == [2, 1])
            let log = try FactLog(harness.broker)
            try log.read()
            #expect(log.traces == ["b-1": Sample.trace(1), "h-1": Sample.trace(2)])
            let metrics = String(decoding: try await program.get("/metrics").body, as: UTF8.self)
            #expect(metrics.contains("gradus_intake_records_total"))
            #expect(program.stop() == 0)
        }
    }

    /// Killed after its facts reached the broker and before its transaction committed.
    @Test func takesEachRecordOnceAcrossAKill() async throws {
        try await IntakeHarness.run { harness in
            var session = try harness.session()
            try session.take("reference", Sample.assignment("r-1", "a-1", "rm-1"))
            let program = try Program(harness, port: freePort())
            defer { program.kill() }
            try await program.untilReady()
            let blocker = try harness.connection
            try blocker.run(script: "BEGIN; LOCK TABLE intake.received IN SHARE MODE")
            try produce(harness, "core.deposits", (0..<300).map { Sample.movement("e-\($0)", "0.01") })
            let log = try FactLog(harness.broker)
            try await eventually("facts without a commit") { try log.read().count >= 300 }
            program.kill()
            try blocker.run(script: "ROLLBACK")
            #expect(try blocker.query("SELECT count(*) FROM intake.received")[0].int8(0) == 1)

            let next = try Program(harness, port: freePort())
            defer { next.kill() }
            try await next.untilReady()
            try await eventually("every record") {
                try blocker.query("SELECT count(*) FROM intake.received")[0].int8(0) == 301
            }
            try log.read()
            #expect(log.facts.count >= 600)
            #expect(log.distinct.count { $0.type == "deposit.moved" } == 300)
            #expect(log.effects["rm-1 deposit.moved 2026-03-05"] == "3")
            let counted = try blocker.query(
                "SELECT sum(count)::bigint FROM intake.counter c JOIN intake.source s ON s.no = c.source WHERE outcome = 'accepted' AND s.id = 'core-banking'"
            )
            #expect(try counted[0].int8(0) == 300)
        }
    }

    @Test func refusesToStartOnAWrongConfiguration() async throws {
        try await IntakeHarness.run { harness in
            try "version: 1\ntypes: [x]\nsources: []\nwrong: 1\n".write(
                to: harness.folder.appending(path: "sources.yaml"), atomically: true, encoding: .utf8)
            let program = try Program(harness, port: freePort())
            program.process.waitUntilExit()
            #expect(program.process.terminationStatus == 78)
            #expect(try harness.settings().faultsOfFiles.count == 3)
        }
    }
}
