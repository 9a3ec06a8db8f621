import Contracts
import Domain
import PayrollCore
import PayrollStores
import Postgres
import ServiceHarness
import TestServers
import Testing

@Suite(.serialized, .enabled(if: PostgresServer.isAvailable), .timeLimit(.minutes(3)))
struct PayrollServiceTests {
    @Test func paysTheWorkedExampleOfTheRegulation() async throws {
        try await PayrollScene.run { scene in
            let service = try await scene.service()
            try scene.stream.send(try scene.example() + [scene.closed(PayrollScene.february, finalised: 1)])
            let run = try await scene.calculatedRun(PayrollScene.february, on: service)
            #expect(run["total"] as? String == "2880.00")
            #expect(run["payable"] as? String == "2880.00")
            #expect(run["statements"] as? Int == 1)
            #expect(run["lines"] as? Int == 10)

            let path = "/v1/runs/\(run["id"] as? String ?? "")"
            let statement = try await service.request(
                "GET", "/v1/statements/dongguan-post:rm-1/2026-02", as: "reader"
            ).json
            let lines = try #require(statement["lines"] as? [[String: Any]])
            let amounts = lines.compactMap { $0["amount"] as? String }
            #expect(amounts.prefix(4) == ["1200.00", "1500.00", "300.00", "0.00"])
            #expect(amounts.suffix(6).sorted() == ["-10.00", "-10.00", "-10.00", "-20.00", "-20.00", "-50.00"])
            #expect(lines.suffix(6).allSatisfy { ($0["facts"] as? [String])?.count == 1 })
            let page = try await service.request("GET", "/statements/dongguan-post:rm-1/2026-02", as: "reader")
            #expect(page.text.contains("2880.00 CNY") && page.text.contains("32500000"))

            let audit = try await service.request("GET", path + "/audit", as: "reader").json
            #expect(audit["agrees"] as? Bool == true)
            let csv = try await service.request("GET", path + "/file", as: "reader").text
            #expect(csv.split(separator: "\r\n").last?.hasPrefix("total,1,2026-02,,,2880.00,CNY,") == true)
        }
    }

    @Test func releasesARunOnlyWithFourEyesAndOnlyOnce() async throws {
        try await PayrollScene.run { scene in
            let service = try await scene.service()
            try scene.stream.send(try scene.example() + [scene.closed(PayrollScene.february, finalised: 1)])
            let run = try await scene.calculatedRun(PayrollScene.february, on: service)
            let path = "/v1/runs/\(run["id"] as? String ?? "")"

            #expect(try await service.request("GET", path).status == 401)
            #expect(try await service.request("POST", path + "/approve", as: "reader").status == 403)
            let early = try await service.request("POST", path + "/release", as: "wang")
            #expect(early.status == 409 && early.json["code"] as? String == "GR-PAY-105")
            #expect(try await service.request("GET", path + "/file?format=pain.001", as: "reader").status == 409)
            #expect(try scene.stream.values(.payroll, type: .payLine).isEmpty)

            try await scene.release(run, on: service)
            let again = try await service.request("POST", path + "/release", as: "wang")
            #expect(again.status == 200 && again.json["releasedBy"] as? String == "li")
            let file = try await service.request("GET", path + "/file?format=pain.001", as: "reader").text
            #expect(file.contains("<NbOfTxs>1</NbOfTxs><CtrlSum>2880.00</CtrlSum>"))

            _ = try await eventually("events published") {
                try scene.store.text("SELECT count(*) FROM payroll.outbox") == "0" ? true : nil
            }
            let lines = try scene.stream.values(.payroll, type: .payLine)
            #expect(lines.count == 10)
            #expect(lines.contains { $0.contains("\"amount\":\"1500.00\"") && $0.contains("S82.R3") })
            #expect(try scene.stream.values(.payroll, type: .statementFinalised).count == 1)
            #expect(try scene.stream.values(.payroll, type: .runReleased).count == 1)
            #expect(service.stop() == 0)
        }
    }

    @Test func refusesTheOpenerAsApproverAndAPersonTheOthersStatements() async throws {
        try await PayrollScene.run { scene in
            let service = try await scene.service()
            try scene.stream.send(try scene.example() + [scene.closed(PayrollScene.february, finalised: 1)])
            let body = "{\"institution\":\"dongguan-post\",\"month\":\"2026-02\"}"
            let id = try #require(
                try await service.request("POST", "/v1/runs", as: "wang", body: body).json["id"] as? String)
            _ = try await eventually("calculated") {
                try scene.store.text("SELECT state FROM payroll.run") == "calculated" ? true : nil
            }
            let refused = try await service.request("POST", "/v1/runs/\(id)/approve", as: "wang")
            #expect(refused.status == 403 && refused.json["code"] as? String == "GR-PAY-106")
            let foreign = try await service.request(
                "GET", "/statements/dongguan-post:rm-1/2026-02", as: "bank:rm-1")
            #expect(foreign.status == 403)
            let gap = try await service.request(
                "POST", "/v1/runs", as: "li", body: "{\"institution\":\"dongguan-post\",\"month\":\"2026-04\"}")
            #expect(gap.status == 409 && gap.json["code"] as? String == "GR-PAY-104")
        }
    }

    @Test func correctsAPaidMonthInTheNextRunAndOnlyOnce() async throws {
        try await PayrollScene.run { scene in
            let first = try scene.example() + [try scene.closed(PayrollScene.february, finalised: 1)]
            let later = try [
                scene.score(
                    "rm-1", PayrollScene.february, old: "32600000", mark: "31000000", new: "300000", revision: 2,
                    causes: ["late movement"]),
                scene.finding("rm-1", "late 1", "20.00", PayrollScene.february, withdrawn: true),
                scene.score("rm-1", PayrollScene.march, old: "32000000", mark: "32600000"),
                scene.closed(PayrollScene.march, finalised: 1, revised: 1),
            ]
            let service = try await scene.service()
            try scene.stream.send(first)
            try await scene.release(try await scene.calculatedRun(PayrollScene.february, on: service), on: service)
            try scene.stream.send(later + first)
            let march = try await scene.calculatedRun(PayrollScene.march, on: service)
            #expect(march["corrections"] as? Int == 2)
            #expect(march["total"] as? String == "1320.00")
            let statement = try await service.request(
                "GET", "/v1/statements/dongguan-post:rm-1/2026-03", as: "reader"
            ).json
            let corrections = try #require(statement["lines"] as? [[String: Any]]).filter {
                $0["correction"] as? Bool == true
            }
            #expect(corrections.allSatisfy { $0["earned"] as? String == "2026-02" })
            #expect(Set(corrections.compactMap { $0["amount"] as? String }) == ["100.00", "20.00"])
            let causes = Set(corrections.flatMap { $0["causes"] as? [String] ?? [] })
            #expect(causes.contains(DeterministicID.make("fact", "late movement").description))

            // A crash and everything once more, to a consumer that begins at the beginning.
            service.kill()
            let second = try await scene.service(group: "replay")
            try scene.stream.send(first + later)
            _ = try await eventually("replayed") {
                try scene.store.text(
                    "SELECT sum(duplicates) >= 22 FROM payroll.stream_offset WHERE consumer = 'replay'") == "true"
                    ? true : nil
            }
            try await scene.release(march, on: second)
            #expect(try scene.store.text("SELECT count(*) FROM payroll.line") == "16")
            #expect(try scene.store.text("SELECT sum(total) FROM payroll.run") == "420000")
            for run in try RunStore.runs(of: nil, on: scene.store.connection) {
                #expect(try RunAuditor.audit(run: run.run.id, on: scene.store.connection)?.isEmpty == true)
            }
        }
    }

    @Test func waitsForEverythingThatTheCloseAnnounced() async throws {
        try await PayrollScene.run { scene in
            let service = try await scene.service()
            try scene.stream.send([
                try scene.score("rm-1", PayrollScene.february, old: "100", mark: "200"),
                try scene.closed(PayrollScene.february, finalised: 2),
            ])
            let body = "{\"institution\":\"dongguan-post\",\"month\":\"2026-02\"}"
            _ = try await service.request("POST", "/v1/runs", as: "li", body: body)
            let reason = try await eventually("the reason is shown") {
                let runs = try await service.request("GET", "/v1/runs", as: "reader").json["runs"] as? [[String: Any]]
                let waiting = runs?.first?["waiting"] as? String
                return waiting?.hasPrefix("results") == true ? waiting : nil
            }
            #expect(reason == "results 1 of 2, revisions 0 of 0")
            try scene.stream.send([try scene.score("rm-2", PayrollScene.february, old: "100", mark: "200")])
            let run = try await scene.calculatedRun(PayrollScene.february, on: service)
            #expect(run["total"] as? String == "2400.00")
        }
    }

    @Test func carriesWhatAMonthCannotBear() async throws {
        try await PayrollScene.run { scene in
            let service = try await scene.service()
            try scene.stream.send([
                try scene.score("rm-1", PayrollScene.february, old: "100", mark: "200"),
                try scene.finding("rm-1", "heavy", "1500.00", PayrollScene.february),
                try scene.closed(PayrollScene.february, finalised: 1),
                try scene.score("rm-1", PayrollScene.march, old: "100", mark: "200"),
                try scene.closed(PayrollScene.march, finalised: 1),
            ])
            let february = try await scene.calculatedRun(PayrollScene.february, on: service)
            #expect(february["total"] as? String == "-300.00" && february["payable"] as? String == "0.00")
            let march = try await scene.calculatedRun(PayrollScene.march, on: service)
            #expect(march["total"] as? String == "1200.00" && march["payable"] as? String == "900.00")
            #expect(try scene.store.text("SELECT amount FROM payroll.carry") == "0")
        }
    }

    @Test func tellsWhatItCouldNotWorkOut() async throws {
        try await PayrollScene.run { scene in
            let service = try await scene.service()
            let subject = scene.subject("rm-1")
            let ungraded = ScoreEvent(
                id: DeterministicID.make("ungraded"), institution: scene.institution, subject: subject,
                scheme: PayrollScene.scheme, version: 1, period: PayrollScene.february, revision: 1,
                close: DeterministicID.make("close", scene.institution, "2026-02"),
                cut: Cut(topic: "t", partition: 0, offset: 1), score: nil, grade: nil,
                figures: ["balance of new customers": "300000", "other pay granted": "0", "commission rate": "0.001"],
                causes: [])
            try scene.stream.send([
                try .init(ungraded, id: ungraded.id, .scoreFinalised, key: subject.description),
                try scene.closed(PayrollScene.february, finalised: 1),
            ])
            let run = try await scene.calculatedRun(PayrollScene.february, on: service)
            #expect(run["total"] as? String == "300.00")
            let path = "dongguan-post:rm-1/2026-02"
            let gaps = try await service.request("GET", "/v1/statements/" + path, as: "reader").json["gaps"]
            #expect((gaps as? [[String: String]])?.contains { $0["en"] == "Base pay: no amount" } == true)
            let page = try await service.request("GET", "/statements/" + path + "?lang=en", as: "reader").text
            #expect(page.contains("Items that could not be worked out") && page.contains("Base pay: no amount"))
        }
    }

    @Test func keepsWhatItCannotReadWithItsReason() async throws {
        try await PayrollScene.run { scene in
            let service = try await scene.service()
            let good = try scene.score("rm-1", PayrollScene.february, old: "100", mark: "200")
            try scene.stream.send([
                good, try scene.score("rm-1", PayrollScene.february, old: "999", mark: "200"),
                .init(raw: "{\"half\":", type: EventType.scoreFinalised.rawValue, topic: .scores, key: "x"),
                .init(raw: "{}", type: "bank.unknown.v1", topic: .scores, key: "x"),
                try scene.finding("rm-1", "odd", "12.345", PayrollScene.february),
            ])
            let codes = try await eventually("dead letters") {
                let codes = try scene.store.text("SELECT string_agg(code, ' ' ORDER BY code) FROM payroll.dead_letter")
                return codes?.split(separator: " ").count == 4 ? codes : nil
            }
            #expect(codes == "GR-PAY-402 GR-PAY-403 GR-PAY-404 GR-PAY-405")
            #expect(try scene.store.text("SELECT count(*) FROM payroll.input") == "1")
            #expect(service.stop() == 0)
        }
    }

    @Test func keepsBookedLinesAsTheyAre() async throws {
        try await withTestDatabase { url in
            let store = try GradusStore(url, services: ["Operator", "Payroll"])
            try store.connection.run(
                script: """
                    INSERT INTO payroll.run (id, institution, month, month_first, currency, state, opened_by)
                    VALUES ('00000000-0000-5000-8000-000000000001', 'b', '2026-02', '2026-02-01', 'CNY', 'open', 'x');
                    INSERT INTO payroll.statement VALUES ('00000000-0000-5000-8000-000000000001', 'b/manager/1',
                        '00000000-0000-5000-8000-000000000002', 100, 0, 100, 0);
                    """)
            #expect(throws: PostgresError.self) {
                try store.connection.run(script: "UPDATE payroll.statement SET total = 200, payable = 200")
            }
            #expect(throws: PostgresError.self) { try store.connection.run(script: "DELETE FROM payroll.statement") }
        }
    }
}
