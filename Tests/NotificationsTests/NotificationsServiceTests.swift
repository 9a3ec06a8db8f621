import Contracts
import Crypto
import Domain
import Foundation
import HTTPTypes
import ServiceHarness
import TestServers
import Testing

@Suite(
    .serialized, .enabled(if: PostgresServer.isAvailable && MailServer.isAvailable), .timeLimit(.minutes(3)))
struct NotificationsServiceTests {
    @Test func sendsEachNoticeOnceByMailAndTellsLaterFromNever() async throws {
        try await NotificationsScene.run { scene in
            let mail = try MailServer()
            try scene.store.addManager(scene.subject("rm-1"), unit: "centre", email: "rm-1@bank.example")
            try scene.store.addManager(
                scene.subject("rm-2"), unit: "centre", language: "en", email: "full@bank.example")
            try scene.store.addManager(
                scene.subject("rm-3"), unit: "centre", email: "nobody@bank.example", status: "left")
            let service = try await scene.service([
                "GRADUS_SMTP_HOST": "127.0.0.1", "GRADUS_SMTP_PORT": "\(mail.port)", "GRADUS_SMTP_SECURITY": "none",
                "GRADUS_DELIVERY_ATTEMPTS": "2", "GRADUS_MAIL_DOMAIN": "gradus.example",
            ])
            let events = try ["rm-1", "rm-2", "rm-3"].map { try scene.finding($0, "late") }
            try scene.stream.send(events + events)

            let received = try mail.nextMessage()
            #expect(received.recipients == ["rm-1@bank.example"])
            #expect(received.subject == "检查结果：晨会迟到 <b>")
            #expect(received.text.contains("2026-02-03 晨会迟到 <b>，扣罚 20.00 元，计入 2026-02 薪酬。"))
            #expect(received.text.contains("依据: "))
            #expect(received.messageID.hasSuffix("@gradus.example>"))

            let state =
                "SELECT string_agg(state || ' ' || attempts || ' ' || coalesce(code, '-'), ', ' ORDER BY code)"
                + " FROM notices.delivery WHERE channel = 'email'"
            try await scene.wait("given-up 2 SMTP-452, failed 1 SMTP-550, delivered 1 -", state)
            #expect(try scene.store.text("SELECT count(*) FROM notices.notice") == "3")
            #expect(
                try scene.store.text("SELECT title FROM notices.notice WHERE language = 'en'")
                    == "Finding: Late at the meeting")
            try await scene.wait("0", "SELECT count(*) FROM notices.outbox")
            let traces = try scene.stream.traces(.notices, type: .noticeIssued)
            #expect(traces == [EventStream.trace, EventStream.trace, EventStream.trace])
            let delivered = try scene.stream.values(.notices, type: .noticeDelivered)
            #expect(delivered.filter { $0.contains("\"channel\":\"inbox\"") }.count == 3)
            #expect(delivered.filter { $0.contains("\"channel\":\"email\"") }.count == 1)
            #expect(!delivered.contains { $0.contains("name of") || $0.contains("example") })
            #expect(service.stop() == 0)
        }
    }

    @Test func signsWebhooksAndTriesAgainUnderTheSameId() async throws {
        try await NotificationsScene.run { scene in
            let receiver = try await WebhookReceiver(answering: .serviceUnavailable, .serviceUnavailable)
            let closed = try await WebhookReceiver(answering: .gone)
            try scene.store.addManager(scene.subject("rm-1"), unit: "centre", language: "en", webhook: receiver.url)
            try scene.store.addManager(scene.subject("rm-2"), unit: "centre", webhook: closed.url)
            let key = Data((0..<32).map { UInt8($0) })
            let service = try await scene.service([
                "GRADUS_WEBHOOK_SECRET": "whsec_" + key.base64EncodedString(), "GRADUS_WEBHOOK_HTTP": "true",
            ])
            try scene.stream.send([try scene.statement("rm-1"), try scene.statement("rm-2")])
            let state =
                "SELECT string_agg(state || ' ' || attempts || ' ' || coalesce(code, '-'), ', ' ORDER BY code)"
                + " FROM notices.delivery WHERE channel = 'webhook'"
            try await scene.wait("failed 1 HTTP-410, delivered 3 -", state)

            let posts = receiver.received
            #expect(posts.count == 3)
            #expect(Set(posts.map(\.id)).count == 1)
            #expect(Set(posts.map(\.body)).count == 1)
            let post = try #require(posts.last)
            #expect(post.contentType.hasPrefix("application/cloudevents+json"))
            let signed = Data("\(post.id).\(post.timestamp).".utf8) + Data(post.body)
            let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: key))
            #expect(post.signature == "v1," + Data(code).base64EncodedString())
            let event = try #require(JSONSerialization.jsonObject(with: Data(post.body)) as? [String: Any])
            let data = try #require(event["data"] as? [String: Any])
            #expect(event["specversion"] as? String == "1.0")
            #expect((data["body"] as? String)?.hasPrefix("2880.00 CNY are paid for 2026-02") == true)
            #expect((data["clause"] as? String)?.hasPrefix("S82.R1") == true || data["rule"] as? String == "S82.R1")
            #expect(service.stop() == 0)
        }
    }

    @Test func takesANoticeFromDeliveredToAcknowledgedForItsReaderOnly() async throws {
        try await NotificationsScene.run { scene in
            try scene.store.addManager(scene.subject("rm-1"), unit: "centre")
            try scene.store.addManager(scene.subject("rm-2"), unit: "centre")
            let service = try await scene.service([
                "GRADUS_HTTP_TOKENS": "rm-1 personal token-of-rm-1-01\nportal inbox-reader token-of-portal1"
            ])
            try scene.stream.send([try scene.finding("rm-1", "a"), try scene.finding("rm-2", "b")])
            try await scene.wait("2", "SELECT count(*) FROM notices.notice WHERE state = 'delivered'")
            let own = try scene.store.text("SELECT id FROM notices.notice WHERE recipient LIKE '%rm-1'") ?? ""
            let other = try scene.store.text("SELECT id FROM notices.notice WHERE recipient LIKE '%rm-2'") ?? ""
            func call(_ method: String, _ path: String, _ token: String) async throws -> ServiceProcess.Answer {
                try await service.request(method, path, token: token)
            }
            let (mine, portal) = ("token-of-rm-1-01", "token-of-portal1")

            let inbox = try await call("GET", "/v1/inbox/rm-1", mine).json
            #expect((inbox["notices"] as? [[String: Any]])?.first?["state"] as? String == "delivered")
            #expect(try await call("GET", "/v1/inbox/dongguan-post:rm-2", mine).status == 403)
            #expect(try await call("POST", "/v1/notices/\(other)/read", mine).status == 404)
            #expect(try await call("GET", "/v1/inbox/dongguan-post:rm-2", portal).status == 200)

            let page = try await call("GET", "/inbox/rm-1", mine).text
            #expect(page.contains("晨会迟到 &lt;b&gt;") && page.contains("依据:S72.R3 「扣罚」"))
            #expect(page.contains(DeterministicID.make("fact", "a").description))

            let form = try await service.request("POST", "/sign-in", body: "token=\(mine)&next=%2Finbox%2Frm-1")
            #expect(form.status == 200 && form.text.contains("晨会迟到 &lt;b&gt;"))
            let wrong = try await service.request("POST", "/sign-in", body: "token=wrong&next=https%3A%2F%2Felsewhere")
            #expect(wrong.status == 401 && !wrong.text.contains("elsewhere"))

            #expect(try await call("POST", "/v1/notices/\(own)/read", mine).json["state"] as? String == "read")
            #expect(try await call("POST", "/v1/notices/\(own)/read", mine).status == 200)
            let done = try await call("POST", "/v1/notices/\(own)/acknowledge", mine)
            #expect(done.json["state"] as? String == "acknowledged")
            let back = try await call("POST", "/v1/notices/\(own)/read", mine)
            #expect(back.json["state"] as? String == "acknowledged")
            try await scene.wait("0", "SELECT count(*) FROM notices.outbox")
            #expect(try scene.stream.values(.notices, type: .noticeRead).count == 1)
            #expect(try scene.stream.values(.notices, type: .noticeAcknowledged).count == 1)
        }
    }

    @Test func waitsForTheDueTimeAndWritesBulletinsWithTheirRows() async throws {
        try await NotificationsScene.run { scene in
            try scene.store.addManager(scene.subject("rm-1"), unit: "centre")
            try scene.store.addManager(scene.subject("rm-2"), unit: "centre")
            try scene.store.addManager(scene.subject("gone"), unit: "centre", status: "left")
            let service = try await scene.service()
            let past = Timestamp("2026-03-05T20:00:00+08:00") ?? Timestamp(microseconds: 0)
            let future = Timestamp("2099-01-01T09:00:00+08:00") ?? Timestamp(microseconds: 0)
            let row = [
                "rank": "1", "manager": "rm-2", "new balance this week": "350000", "new balance this month": "1350000",
            ]
            try scene.stream.send([
                try scene.request(
                    "good news", rule: "S80.R1", due: past, values: ["manager": "rm-1", "amount": "100000"]),
                try scene.request(
                    "weekly bulletin", rule: "S80.R2", due: future, values: ["period": "2026-W10"],
                    rows: [
                        row.merging(["distance to target": "650000"]) { own, _ in own },
                        row.merging(["rank": "2", "manager": "rm-1"]) { _, own in own },
                    ]),
            ])
            try await scene.wait("2", "SELECT count(*) FROM notices.notice WHERE state = 'delivered'")
            try await scene.wait("2", "SELECT count(*) FROM notices.notice WHERE state = 'issued'")
            let inbox = try await service.request("GET", "/v1/inbox/rm-2", as: "li").json
            let notices = try #require(inbox["notices"] as? [[String: Any]])
            #expect(notices.map { $0["body"] as? String } == ["祝贺 name of rm-1 今日开发新客户，金额 100000 元！"])
            let bulletin = try scene.store.text(
                "SELECT body FROM notices.notice WHERE name = 'weekly bulletin' LIMIT 1")
            #expect(
                bulletin == """
                    1. name of rm-2 上周新增 350000，本月累计 1350000，离目标 650000
                    2. name of rm-1 上周新增 350000，本月累计 1350000，离目标 —

                    """)
        }
    }

    @Test func keepsWhatItCannotTellWithTheReason() async throws {
        try await NotificationsScene.run { scene in
            try scene.store.addManager(scene.subject("rm-1"), unit: "centre")
            let service = try await scene.service()
            let past = Timestamp(microseconds: 0)
            try scene.stream.send([
                try scene.status("rm-1"), try scene.finding("rm-9", "nobody there"),
                try scene.request("unheard of", rule: "S99.R1", due: past, values: [:]),
                try scene.request("good news", rule: "S80.R1", due: past, values: [:], scheme: "dongguan-post/none"),
                .init(raw: "[]", type: EventType.findingRaised.rawValue, topic: .scores, key: "x"),
            ])
            try await scene.wait(
                "GR-NOTE-101 GR-NOTE-103 GR-NOTE-104 GR-NOTE-105 GR-NOTE-201",
                "SELECT string_agg(code, ' ' ORDER BY code) FROM notices.dead_letter")
            #expect(try scene.store.text("SELECT count(*) FROM notices.notice") == "0")
            #expect(service.stop() == 0)
        }
    }
}
