import ArgumentParser
import Domain
import Foundation
import Postgres
import Schemes
import ScoringCore
import TestServers
import Testing

@testable import Operator

@Suite(.enabled(if: PostgresServer.isAvailable)) struct ExplainTests {
    private static let post = "dongguan-post"
    private static let tobacco = "baiyin-tobacco"

    /// A quarter of both institutions with late facts, reversals, decisions, runs and corrections.
    private func quarter(_ url: String, seed: UInt64) throws -> Office {
        let office = try Office(url, packs: ["dongguan-post/big-customer-centre", "baiyin-tobacco/customer-manager"])
        var teller = Teller(seed: seed)
        var told: [Fact] = []
        try office.tell(
            (1...4).flatMap { number in
                [
                    teller.fact(
                        "manager.profile", .manager(Self.post, number), on: "2026-01-01",
                        ["unit": .text("u-\(number % 2)"), "status": .text("active"), "appointed": .text("2025-07-01")]),
                    teller.fact(
                        "manager.profile", .manager(Self.tobacco, number), on: "2026-01-01",
                        ["recruitment": .text("order-taker"), "tenure": .number("3"), "status": .text("active")]),
                ]
            })
        try office.tell(
            (0..<80).map { number in
                teller.fact(
                    "portfolio.joined", .manager(Self.post, 1 + number % 4), on: "2025-12-01",
                    customer: "c-\(number / 4)")
            })
        for month in 1...3 {
            let period = Period.month(year: 2026, month: month)
            office.now = period.last
            var facts: [Fact] = []
            for number in 1...4 {
                for _ in 0..<12 {
                    let fact = teller.event(
                        .manager(Self.post, number), on: period.first.adding(days: teller.below(28)))
                    told.append(fact)
                    facts.append(fact)
                }
                facts.append(
                    teller.fact(
                        "appraisal.scored", .manager(Self.tobacco, number), on: period.last,
                        amount: number == 1 ? 97 : Int64(60 + teller.below(40)), unit: "points",
                        ["kind": .text("monthly"), "period": .text(period.description)]))
            }
            facts.append(Teller.reversal(of: told[teller.below(told.count)]))
            // These belong to the month before, or to an earlier day of this one.
            facts.append(teller.event(.manager(Self.post, 1), on: period.first.adding(days: -teller.below(27) - 1)))
            facts.append(
                teller.fact(
                    "deposit.moved", .manager(Self.post, 2), on: period.first.adding(days: -3), amount: 7_000,
                    customer: "c-1", ["product": .text("savings")]))
            try office.tell(facts)
            for institution in [Self.post, Self.tobacco] {
                try office.close(institution, period)
                try office.pay(institution, period.description)
            }
        }
        try office.close(Self.post, Period("2026-Q1") ?? .year(2026))
        try office.close(Self.tobacco, Period("2026-Q1") ?? .year(2026))
        return office
    }

    @Test func everythingRecordedComesOutAgain() async throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        try await withTestDatabase { url in
            let office = try quarter(url, seed: seed)
            try decidePromotion(office)
            let ids = try office.ids(
                """
                SELECT id FROM scoring.finding WHERE id::text < '3'
                UNION ALL SELECT id FROM scoring.task WHERE request <> ''
                UNION ALL SELECT id FROM scoring.grade UNION ALL SELECT id FROM scoring.status
                UNION ALL SELECT id FROM payroll.line WHERE correction OR id::text < '3'
                UNION ALL SELECT id FROM payroll.statement
                """)
            #expect(ids.count > 60)
            for id in ids {
                let found = try #require(try Explainer(office.connection).identifier(id), "seed \(seed): \(id)")
                #expect(found.allDifferences.isEmpty, "seed \(seed): \(found.kind) \(id): \(found.allDifferences)")
            }
            let results = try office.connection.query(
                """
                SELECT s.institution, s.kind, s.id, r.period, r.scheme, r.revision FROM scoring.result r
                JOIN scoring.subject s ON s.no = r.subject
                """)
            var revisions = 0
            for row in results {
                let subject = try #require(Subject("\(row.text(0))/\(row.text(1))/\(row.text(2))"))
                let period = try #require(Period(try row.text(3)))
                var explainer = Explainer(office.connection)
                explainer.wish = .init(scheme: try row.text(4), revision: try row.int4(5))
                let found = try explainer.period(subject, period)
                #expect(found.count == 1)
                let differences = found.flatMap(\.allDifferences)
                #expect(
                    differences.isEmpty,
                    "seed \(seed): \(subject) \(period) \(explainer.wish): \(differences)")
                if try row.int4(5) > 1 { revisions += 1 }
            }
            #expect(revisions > 0)
            #expect(try office.ids("SELECT id FROM payroll.line WHERE correction").count > 0)
        }
    }

    /// Takes the promotion of the one who may apply through all its steps.
    private func decidePromotion(_ office: Office) throws {
        var teller = Teller(seed: 77)
        for option in ["apply", "agree", "agree", "approve"] {
            let open = try office.ids(
                "SELECT t.id FROM scoring.task t WHERE t.state = 'open' AND t.scheme = 'baiyin-tobacco/customer-manager'"
            )
            for id in open {
                try office.tell([
                    teller.fact(
                        "decision.made", .manager(Self.tobacco, 1), on: "2026-04-02",
                        ["task": .text(id.description), "decision": .text(option), "by": .text("p-\(option)")])
                ])
            }
        }
        #expect(try office.ids("SELECT id FROM scoring.grade WHERE grade = '二级'").count == 1)
    }

    @Test func anEarlierRevisionIsExplainedAsItWasKnown() async throws {
        try await withTestDatabase { url in
            let office = try Office(url, packs: ["dongguan-post/big-customer-centre"])
            var teller = Teller(seed: 1)
            let manager = Subject.manager(Self.post, 1)
            try office.tell([
                teller.fact(
                    "manager.profile", manager, on: "2026-01-01", ["unit": .text("u-1"), "status": .text("active")]),
                teller.fact("portfolio.joined", manager, on: "2026-01-02", customer: "c-1"),
                teller.fact(
                    "deposit.moved", manager, on: "2026-01-05", amount: 400_000, customer: "c-1",
                    ["product": .text("savings")]),
            ])
            try office.close(Self.post, Period("2026-01") ?? .year(2026))
            office.now = CalendarDate("2026-02-28") ?? .latest
            let late = teller.fact(
                "deposit.moved", manager, on: "2026-01-20", amount: 500_000, customer: "c-1",
                ["product": .text("savings")])
            try office.tell([late])
            try office.close(Self.post, Period("2026-02") ?? .year(2026))

            func texts(_ arguments: String...) throws -> (String, [Explanation]) {
                let command = try SchemeCommand.Explain.parse(
                    ["dongguan-post/manager/rm-1", "--period", "2026-01"] + arguments)
                let found = try command.explanations(on: office.connection)
                var text = ExplanationText(.en)
                found.forEach { text.add($0) }
                return (text.lines.joined(separator: "\n"), found)
            }
            let (latest, _) = try texts()
            #expect(latest.contains("revision 2"))
            #expect(latest.contains("revised because of: 1") && latest.contains(late.id.description))
            #expect(latest.contains("recomputed: same") && latest.contains("S82.R3"))
            for arguments in [["--revision", "1"], ["--known-on", "2026-02-15"]] {
                let (first, found) = try texts(arguments[0], arguments[1])
                #expect(first.contains("revision 1") && first.contains("recomputed: same"), "\(arguments): \(first)")
                #expect(!first.contains(late.id.description))
                #expect(found.count == 1)
            }
            let figure = "balance of old customers"
            let (deep, _) = try texts("--figure", figure)
            let (flat, trees) = try texts("--figure", figure, "--depth", "0")
            #expect(deep.split(separator: "\n").count > flat.split(separator: "\n").count)
            #expect(trees.first?.figures.first?.name == figure && trees.first?.figures.first?.from.isEmpty == true)
            #expect(deep.contains("t-3") && deep.contains(late.sourceID))
        }
    }

    @Test func whatWasChangedInTheStoreIsFound() async throws {
        try await withTestDatabase { url in
            let office = try quarter(url, seed: 5)
            func differences(_ id: UUID128) throws -> [String] {
                try #require(try Explainer(office.connection).identifier(id)).allDifferences.map(\.what)
            }
            let subject = Subject.manager(Self.post, 2)
            let period = Period("2026-02") ?? .year(2026)
            try office.connection.execute(
                """
                UPDATE scoring.result r SET figures = regexp_replace(figures, '"balance of old customers":"[^"]*"',
                    '"balance of old customers":"99999999"')
                FROM scoring.subject s WHERE s.no = r.subject AND s.id = 'rm-2' AND r.period = '2026-02'
                """)
            let found = try Explainer(office.connection).period(subject, period).flatMap(\.allDifferences)
            #expect(found.contains { $0.what == "balance of old customers" && $0.recorded == "99999999" })

            let line = try #require(
                try office.ids(
                    "SELECT id FROM payroll.line WHERE subject = 'dongguan-post/manager/rm-3' AND finding IS NULL LIMIT 1"
                ).first)
            #expect(try differences(line).isEmpty)
            try office.connection.run(script: "ALTER TABLE payroll.line DISABLE TRIGGER USER")
            try office.connection.execute("UPDATE payroll.line SET amount = amount + 1 WHERE id = $1", [.uuid(line)])
            #expect(try differences(line).contains { $0.hasPrefix("amount of") })

            let finding = try #require(
                try office.ids("SELECT id FROM scoring.finding WHERE state = 'raised' AND amount = '50.00' LIMIT 1")
                    .first)
            #expect(try differences(finding).isEmpty)
            try office.connection.execute(
                "UPDATE scoring.finding SET event = replace(event, '\"50.00\"', '\"5.00\"') WHERE id = $1",
                [.uuid(finding)])
            #expect(try differences(finding) == ["amount", "finding"])
        }
    }

    @Test func answersForTheIdentifierOfAScoreEventAndForNothingUnknown() async throws {
        try await withTestDatabase { url in
            let office = try Office(url, packs: ["baiyin-tobacco/customer-manager"])
            var teller = Teller(seed: 1)
            let manager = Subject.manager(Self.tobacco, 1)
            try office.tell([teller.fact("manager.profile", manager, on: "2026-01-01", ["status": .text("active")])])
            try office.close(Self.tobacco, Period("2026-01") ?? .year(2026))
            let row = try #require(
                try office.connection.query(
                    """
                    SELECT event_id, convert_from(payload, 'UTF8')::json ->> 'id' FROM scoring.outbox
                    WHERE type = 'gradus.score.finalised.v1'
                    """
                ).first)
            for text in [try row.text(0), try row.text(1)] {
                let id = try #require(UUID128(text))
                let found = try #require(try Explainer(office.connection).identifier(id))
                #expect(found.kind == .result && found.subject == manager.description)
                let own = try row.text(1)
                #expect(found.id == own)
            }
            let unknown = try Explainer(office.connection).identifier(UUID128(high: 1, low: 2))
            #expect(unknown == nil)
        }
    }

    @Test func tellsWhatDataAreLacking() async throws {
        try await withTestDatabase { url in
            let office = try Office(url, packs: ["baiyin-tobacco/customer-manager"])
            var teller = Teller(seed: 1)
            try office.tell([
                teller.fact("manager.profile", .manager(Self.tobacco, 1), on: "2026-01-01", ["status": .text("active")])
            ])
            try office.close(Self.tobacco, Period("2026-01") ?? .year(2026))
            let found = try Explainer(office.connection).period(
                .manager(Self.tobacco, 1), Period("2026-01") ?? .year(2026))
            #expect(found.flatMap(\.gaps).map(\.figure) == ["考评成绩"])
            var text = ExplanationText(.zh)
            found.forEach { text.add($0) }
            #expect(text.lines.contains("缺少数据:") && text.lines.contains("  考评成绩：缺少实绩  (S12.R1)"))
            let gaps = try ResultGaps.all(ResultGaps.Choice(), on: office.connection)
            #expect(gaps.map(\.gap.figure) == ["考评成绩"] && gaps.first?.subject == "baiyin-tobacco/manager/rm-1")
        }
    }
}
