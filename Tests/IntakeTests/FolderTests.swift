import Domain
import Foundation
import IntakeCore
import Postgres
import TestServers
import Testing

@testable import Intake

/// Files are checked as a whole, taken once, resumed where they stopped, and reported on.
@Suite(.enabled(if: PostgresServer.isAvailable), .serialized) struct FolderTests {
    /// A folder with files of the local configuration's two folder sources.
    struct Drop {
        let root: URL

        func write(_ text: String, _ name: String) throws {
            let file = root.appending(path: "files/" + name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }

        func report(_ name: String) throws -> [String: Any] {
            let data = try Data(contentsOf: root.appending(path: "files/\(name).report.json"))
            return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        }

        func exists(_ name: String) -> Bool {
            FileManager.default.fileExists(atPath: root.appending(path: "files/" + name).path)
        }
    }

    static let lines =
        [Sample.movement("e-1", "10.50"), Sample.movement("e-2", "-0.25"), Sample.movement("e-3", "1")]
        .joined(separator: "\n") + "\n"

    func watcher(_ harness: IntakeHarness) throws -> FolderWatcher {
        FolderWatcher(session: try harness.session(writer: 101), root: harness.folder, logger: harness.logger)
    }

    @Test func takesAFileOnceAndAlarmsWhenItChanged() async throws {
        try await IntakeHarness.run { harness in
            var session = try harness.session()
            try session.take("reference", Sample.assignment("r-1", "a-1", "rm-1"))
            let drop = Drop(root: harness.folder)
            var watcher = try watcher(harness)
            try drop.write(Self.lines, "ndjson/day.ndjson")
            try watcher.look { false }
            #expect(drop.exists("ndjson/day.ndjson"), "without its companion a file is not complete")
            try drop.write(#"{"records":3,"sum":"11.25"}"#, "ndjson/day.ndjson.ctl")
            try watcher.look { false }
            #expect(try drop.report("ndjson/done/day.ndjson")["accepted"] as? Int == 3)
            #expect(!drop.exists("ndjson/day.ndjson") && !drop.exists("ndjson/day.ndjson.ctl"))

            try drop.write(Self.lines, "ndjson/day.ndjson")
            try drop.write(#"{"records":3,"sum":"11.25"}"#, "ndjson/day.ndjson.ctl")
            try watcher.look { false }
            #expect(try drop.report("ndjson/done/day.ndjson.2")["outcome"] as? String == "repeated")

            try drop.write(Self.lines + Sample.movement("e-4", "1") + "\n", "ndjson/day.ndjson")
            try drop.write(#"{"records":4,"sum":"12.25"}"#, "ndjson/day.ndjson.ctl")
            try watcher.look { false }
            #expect(try drop.report("ndjson/rejected/day.ndjson")["code"] as? String == "GR-INTAKE-131")
            let log = try FactLog(harness.broker)
            try log.read()
            #expect(log.effects == ["rm-1 deposit.moved 2026-03-05": "11.25"])
            #expect(log.facts.count == 3)
        }
    }

    @Test(arguments: [
        (#"{"records":4,"sum":"11.25"}"#, "GR-INTAKE-130"), (#"{"records":3,"sum":"11.26"}"#, "GR-INTAKE-130"),
        ("records=3", "GR-INTAKE-132"), (#"{"sum":"11.25"}"#, "GR-INTAKE-132"),
    ])
    func refusesAFileWhoseControlTotalDiffers(control: String, code: String) async throws {
        try await IntakeHarness.run { harness in
            let drop = Drop(root: harness.folder)
            var watcher = try watcher(harness)
            try drop.write(Self.lines, "ndjson/day.ndjson")
            try drop.write(control, "ndjson/day.ndjson.ctl")
            try watcher.look { false }
            #expect(try drop.report("ndjson/rejected/day.ndjson")["code"] as? String == code)
            #expect(try harness.connection.query("SELECT count(*) FROM intake.received")[0].int8(0) == 0)
        }
    }

    @Test func takesCSVWithATrailerAndKeepsBadRows() async throws {
        try await IntakeHarness.run { harness in
            var session = try harness.session()
            try session.take("reference", Sample.assignment("r-1", "a-1", "rm-1"))
            let csv = """
                eventId,kind,institution,customer,businessDate,bookedAt,amount,currency,product\r
                f-1,movement,bank,c-1,2026-03-05,2026-03-05T10:00:00,1.50,CNY,"term ""A"", new"\r
                f-2,movement,bank,c-1,2026-02-30,2026-03-05T10:00:00,2.50,CNY,savings\r
                {"records":2,"sum":"4.00"}
                """
            let drop = Drop(root: harness.folder)
            try drop.write(csv, "csv/day.csv")
            var watcher = try watcher(harness)
            try watcher.look { false }
            let report = try drop.report("csv/done/day.csv")
            #expect(report["accepted"] as? Int == 1)
            #expect(report["rejected"] as? Int == 1)
            let letter = try harness.connection.query(#"SELECT code, trace, "offset" FROM intake.dead_letter"#)[0]
            #expect(try letter.text(0) == "GR-INTAKE-107")
            #expect(try letter.text(1) == "day.csv")
            #expect(try letter.int8(2) == 2)
            let log = try FactLog(harness.broker)
            try log.read()
            #expect(log.facts.first?.attributes["product"] == .text("term \"A\", new"))
        }
    }

    @Test func goesOnWhereItStopped() async throws {
        try await IntakeHarness.run { harness in
            var session = try harness.session()
            try session.take("reference", Sample.assignment("r-1", "a-1", "rm-1"))
            let count = FolderWatcher.part + 10
            let text = (0..<count).map { Sample.movement("e-\($0)", "1") }.joined(separator: "\n")
            let drop = Drop(root: harness.folder)
            try drop.write(text, "ndjson/big.ndjson")
            try drop.write("{\"records\":\(count),\"sum\":\"\(count)\"}", "ndjson/big.ndjson.ctl")
            var watcher = try watcher(harness)
            var calls = 0
            // Asked to stop after the first part.
            try watcher.look {
                calls += 1
                return calls > 2
            }
            let row = try harness.connection.query("SELECT next_record, state FROM intake.file")[0]
            #expect(try row.int8(0) == Int64(FolderWatcher.part))
            #expect(try row.text(1) == "open")
            var next = try self.watcher(harness)
            try next.look { false }
            #expect(try drop.report("ndjson/done/big.ndjson")["accepted"] as? Int == count)
            let log = try FactLog(harness.broker)
            try log.read()
            #expect(log.facts.count == count)
        }
    }

    @Test func readsGB18030() throws {
        #expect(decodeGB18030([0xB4, 0xA2, 0xD0, 0xEE, 0x2C]).map { String(decoding: $0, as: UTF8.self) } == "储蓄,")
        #expect(decodeGB18030([0xB4]) == nil)
    }
}
