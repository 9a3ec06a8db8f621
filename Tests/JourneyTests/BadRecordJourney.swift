import Foundation
import Kafka
import TestServers
import Testing

@testable import Operator

extension Journeys {
    /// Records at the limits, through the doors of a running installation.
    @Suite(.serialized, .timeLimit(.minutes(5))) struct BadRecords {
        @Test func aHugeAnEmptyAndAWrongRecordAreKeptAndTheRestGoesOn() async throws {
            try await journey {
                let site = try Site(
                    server: PostgresServer(), broker: .development(), database: "gradus",
                    kafka: ["message.max.bytes": "20000000"])
                try site.prepare()
                try site.start()
                try DemoLoad(.reference).sendMessages(to: site)
                try site.settle()
                let before = try Accounting(site)

                let good = DemoLoad(.january).messages.filter { $0.topic == "core.deposits" }.prefix(40)
                let padding = String(repeating: "x", count: 10 << 20)
                let huge = #"{"eventId":"huge-1","kind":"movement","note":"\#(padding)"}"#
                let writer = try EventWriter(site.broker.configuration(["message.max.bytes": "20000000"]))
                try writer.write(
                    [
                        EventWriter.Message(topic: "core.deposits", key: "huge", value: Array(huge.utf8)),
                        EventWriter.Message(topic: "core.deposits", key: "empty", value: []),
                    ] + good)
                try site.settle()
                let after = try Accounting(site)
                #expect(after.rejected - before.rejected == 2, "\(after)")
                #expect(after.received - before.received == Int64(good.count) + 2, "\(after)")
                #expect(after.isBalanced, "\(after)")
                let kept = try site.number(
                    "SELECT count(*) FROM intake.dead_letter WHERE octet_length(value) > 10000000 AND code LIKE 'GR-%'")
                #expect(kept == 1)
                #expect(try site.gradus("deadletters", "list", "--service", "intake").contains("GR-"))
            }
        }

        @Test func emptyAndHugeRequestsAreAnsweredPlainly() async throws {
            try await journey {
                let site = try Site(
                    server: PostgresServer(), broker: .development(), database: "gradus", only: ["intake"])
                try site.gradus("migrate")
                try site.gradus(["topics", "create"] + Site.sourceTopics.flatMap { ["--also", $0] })
                try site.start()
                let empty = try Self.post("[]", to: site)
                #expect(empty.hasSuffix(" 200") || empty.hasSuffix(" 400"), "\(empty)")
                let item = #"{"specversion":"1.0","id":"x"}"#
                let huge = try Self.post(
                    "[" + Array(repeating: item, count: 200_000).joined(separator: ",") + "]", to: site)
                #expect(huge.hasSuffix(" 413"), "\(huge.suffix(300))")
                #expect(huge.contains("GR-"), "\(huge.suffix(300))")
                let nonsense = try Self.post("{", to: site)
                #expect(nonsense.hasSuffix(" 400") && nonsense.contains("GR-"), "\(nonsense)")
                let stranger = try Self.post("[]", to: site, token: "somebody-else-000")
                #expect(stranger.hasSuffix(" 401"), "\(stranger)")
                #expect(try site.named("intake").isAlive)
            }
        }

        @Test func aMissingTopicIsNamedAndNothingIsLost() async throws {
            try await journey {
                let site = try Site(
                    server: PostgresServer(), broker: .development(), database: "gradus", only: ["intake", "scoring"])
                try site.gradus("migrate")
                for service in site.services { try service.start() }
                Thread.sleep(forTimeInterval: 5)
                for service in site.services {
                    #expect(!service.tail.contains("Fatal error"), "\(service.tail)")
                    if !service.isAlive {
                        let status = try service.waitForEnd(seconds: 5)
                        #expect([69, 78].contains(status), "\(service.name): \(status) \(service.tail)")
                        #expect(service.tail.contains("GR-") && service.tail.contains("topic"), "\(service.tail)")
                    } else {
                        #expect(
                            site.get(service.address + "/readyz") == nil, "\(service.name) is not ready without topic")
                    }
                }
                try site.gradus(["topics", "create"] + Site.sourceTopics.flatMap { ["--also", $0] })
                try site.start()
            }
        }

        /// The answer, a blank, and the status.
        private static func post(_ body: String, to site: Site, token: String = Site.clerk) throws -> String {
            let file = site.folder.appending(path: "body.json")
            try Data(body.utf8).write(to: file)
            return try Command(
                program: "/usr/bin/curl",
                arguments: [
                    "-sS", "-m", "60", "-w", " %{http_code}", "-H", "Authorization: Bearer \(token)", "-H", "Expect:",
                    "-H", "Content-Type: application/cloudevents-batch+json", "--data-binary", "@\(file.path)",
                    try site.named("intake").address + "/v1/facts",
                ]
            ).run().output
        }
    }
}
