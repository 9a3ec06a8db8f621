import ArgumentParser
import Contracts
import Domain
import Foundation
import Postgres
import Schemes
import TestServers
import Testing

@testable import Operator

@Suite(.enabled(if: PostgresServer.isAvailable)) struct DiffTests {
    private static let bank = "baiyin-tobacco"
    private static let pack = "baiyin-tobacco/customer-manager"

    /// A copy of a pack with one text in the place of another.
    private func edited(_ pack: String, _ text: String, _ other: String) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in try Office.bundle(Office.root.appending(path: "deploy/schemes/\(pack)")).files {
            let changed = file.text.replacing(text, with: other)
            if file.file == "scheme.yaml" { #expect(changed != file.text, "nothing to edit") }
            try changed.write(to: folder.appending(path: file.file), atomically: true, encoding: .utf8)
        }
        return folder.path
    }

    /// Three managers with 93, 96 and 99 points in each month of the first quarter, all of grade three.
    private func tobacco(_ url: String, managers: Int = 3) throws -> Office {
        let office = try Office(url, packs: [Self.pack])
        var teller = Teller(seed: 3)
        try office.tell(
            (1...managers).map {
                teller.fact(
                    "manager.profile", .manager(Self.bank, $0), on: "2026-01-01",
                    ["recruitment": .text("order-taker"), "tenure": .number("3"), "status": .text("active")])
            })
        for month in 1...3 {
            let period = Period.month(year: 2026, month: month)
            try office.tell(
                (1...managers).map {
                    teller.fact(
                        "appraisal.scored", .manager(Self.bank, $0), on: period.last,
                        amount: Int64(90 + 3 * min($0, 3)),
                        unit: "points", ["kind": .text("monthly"), "period": .text(period.description)])
                })
            try office.close(Self.bank, period)
        }
        try office.close(Self.bank, Period("2026-Q1") ?? .year(2026))
        return office
    }

    private func compare(_ office: Office, _ new: String, _ arguments: String...) throws -> ComparisonReport {
        try SchemeCommand.Diff.parse([Self.pack, new] + arguments).compare(on: office.connection)
    }

    @Test func aLowerScoreForPromotionNamesWhoMayApplyAndTheParameter() async throws {
        try await withTestDatabase { url in
            let office = try tobacco(url)
            let new = try edited(Self.pack, "        value: 95\n", "        value: 93\n")
            let found = try compare(office, new, "--period", "2026-Q1")
            #expect(found.periods == ["2026-01", "2026-02", "2026-03", "2026-Q1"])
            #expect(found.rows.map(\.subject) == ["baiyin-tobacco/manager/rm-1"])
            let row = try #require(found.rows.first)
            #expect(row.period == "2026-Q1")
            #expect(row.tasks.map(\.what) == ["晋级申请"] && row.tasks.first?.after == "manager")
            #expect(row.causes.map(\.element) == ["晋级分数线"])
            #expect(row.causes.first?.rule == "S12.R1" && row.causes.first?.edit == "value: 95 → 93")
            #expect(row.causes.first?.before == "95" && row.causes.first?.after == "93")
            #expect(found.before.tasks == 2 && found.after.tasks == 3)
            #expect(found.before.paid == found.after.paid && found.subjects == 3 && found.changed == 1)
            // Nothing was written, and the recorded version still comes out as recorded.
            #expect(try compare(office, Self.pack + "@1", "--period", "2026-Q1").changed == 0)
        }
    }

    @Test func anotherRowOfTheTableChangesThePayOfEverybodyInTheGrade() async throws {
        try await withTestDatabase { url in
            let office = try tobacco(url)
            let new = try edited(Self.pack, #"['"三级"', "1100","#, #"['"三级"', "1150","#)
            let found = try compare(office, new)
            #expect(found.periods == ["2026-03"])
            #expect(found.rows.count == 3)
            for row in found.rows {
                #expect(row.pay.map(\.what) == ["基本工资"])
                #expect(row.pay.map(\.before) == ["1100.00"] && row.pay.map(\.after) == ["1150.00"])
                #expect(row.causes.map(\.element) == ["基本工资标准"])
                #expect(row.causes.first?.rule == "S11.R6")
            }
            #expect(found.after.paid - found.before.paid == 15_000)
            let text = found.lines().joined(separator: "\n")
            #expect(text.contains("pay 1900.00 → 1950.00") && text.contains("because of table `基本工资标准`"))
            #expect(text.contains("3 changes among 3 subjects"))
            let top = try compare(office, new, "--top", "1")
            #expect(top.rows.count == 1 && top.leftOut == 2 && top.changed == 3)
        }
    }

    @Test func aDearerFineReachesPayAndIsNamed() async throws {
        try await withTestDatabase { url in
            let pack = "dongguan-post/big-customer-centre"
            let office = try Office(url, packs: [pack])
            var teller = Teller(seed: 3)
            let managers = (1...2).map { Subject.manager("dongguan-post", $0) }
            try office.tell(
                managers.map {
                    teller.fact(
                        "manager.profile", $0, on: "2026-01-01", ["unit": .text("u"), "status": .text("active")])
                })
            let late: [String: AttributeValue] = [
                "occasion": .text("morning-meeting"), "status": .text("late"), "excused": .flag(false),
            ]
            let undone = teller.fact("attendance.recorded", managers[1], on: "2026-01-07", late)
            try office.tell([
                teller.fact("attendance.recorded", managers[0], on: "2026-01-06", late), undone,
                Teller.reversal(of: undone),
            ])
            try office.close("dongguan-post", Period("2026-01") ?? .year(2026))
            let new = try edited(
                pack, "        value: 20\n        unit: CNY\n", "        value: 35\n        unit: CNY\n")
            let found = try SchemeCommand.Diff.parse([pack, new]).compare(on: office.connection)
            #expect(found.rows.map(\.subject) == ["dongguan-post/manager/rm-1"])
            let row = try #require(found.rows.first)
            #expect(row.fines.map(\.before) == ["20.00"] && row.fines.map(\.after) == ["35.00"])
            #expect(found.after.paid - found.before.paid == -1_500)
            #expect(row.causes.contains { $0.element == "morning meeting fine" && $0.edit == "value: 20 → 35" })
        }
    }

    /// Sales in a month, a rank among everybody, and a prize for the first.
    static let ranked = """
        scheme: test-bank/ranked
        version: 1
        effective: { from: 2026-01-01 }
        title: { zh: 排名, en: Ranks }
        subject: manager
        currency: CNY
        period: month
        facts:
          sale.made: { kind: text }
        chapters:
          - title: { zh: 排名, en: Ranks }
            rules:
              - { measure: sales, clause: T1 sales count, fact: sale.made, where: kind != "test", take: sum, window: month, unit: CNY }
              - { comparison: place, clause: T2 the most sales come first, of: sales, take: rank, unit: rank }
              - { parameter: prize, clause: T3 the first get a prize, value: 100, unit: CNY }
              - { parameter: winners, clause: T3 the first get a prize, value: 1, unit: rank }
              - { pay: bonus, clause: T3 the first get a prize, formula: if place <= winners then prize else 0 }
        """

    @Test func comparesRanksUnderBothVersionsAndPaysByThem() async throws {
        try await withTestDatabase { url in
            func folder(_ text: String) throws -> String {
                let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                try text.write(to: folder.appending(path: "scheme.yaml"), atomically: true, encoding: .utf8)
                return folder.path
            }
            let office = try Office(url, packs: [try folder(Self.ranked)])
            var teller = Teller(seed: 1)
            let sales: [(Int, Int64, String)] = [(1, 500, "loan"), (2, 400, "loan"), (2, 300, "card"), (3, 50, "loan")]
            try office.tell(
                (1...3).map { teller.fact("manager.profile", .manager("test-bank", $0), on: "2026-01-01") }
                    + sales.map {
                        teller.fact(
                            "sale.made", .manager("test-bank", $0.0), on: "2026-01-10", amount: $0.1,
                            ["kind": .text($0.2)])
                    })
            try office.close("test-bank", Period("2026-01") ?? .year(2026))
            // Cards no longer count: the second and the first change places.
            let new = try folder(Self.ranked.replacing("kind != \"test\"", with: "kind != \"card\""))
            let found = try SchemeCommand.Diff.parse(["test-bank/ranked", new]).compare(on: office.connection)
            #expect(found.rows.map(\.subject).sorted() == ["test-bank/manager/rm-1", "test-bank/manager/rm-2"])
            #expect(found.before.paid == 10_000 && found.after.paid == 10_000)
            let loser = try #require(found.rows.first { $0.subject.hasSuffix("rm-2") })
            #expect(loser.paidBefore == "100.00" && loser.paidAfter == "0.00")
            #expect(loser.causes.map(\.element) == ["sales"] && loser.causes.first?.before == "700")
            let winner = try #require(found.rows.first { $0.subject.hasSuffix("rm-1") })
            #expect(winner.causes.contains { $0.element == "place" && $0.before == "2" && $0.after == "1" })

            let explained = try Explainer(office.connection).period(
                .manager("test-bank", 2), Period("2026-01") ?? .year(2026))
            #expect(explained.flatMap(\.allDifferences).isEmpty)
            let place = try #require(explained.first?.figures.first { $0.name == "place" })
            #expect(place.value == "1" && place.filled == "700, 3: 50 … 700, Σ 1250")
            try office.connection.execute("UPDATE scoring.result SET across = '{\"place\":\"3\"}'")
            let forged = try Explainer(office.connection).period(
                .manager("test-bank", 2), Period("2026-01") ?? .year(2026))
            #expect(forged.flatMap(\.allDifferences) == [.init(what: "place", recorded: "3", recomputed: "1")])
        }
    }

    @Test func refusesDifferentSchemesAndUnknownVersions() async throws {
        try await withTestDatabase { url in
            let office = try Office(url, packs: [Self.pack, "dongguan-post/big-customer-centre"])
            func code(_ old: String, _ new: String) -> String {
                do {
                    _ = try SchemeCommand.Diff.parse([old, new, "--period", "2026-01"]).compare(on: office.connection)
                    return "none"
                } catch {
                    return (error as? OperatorError)?.code ?? "\(error)"
                }
            }
            #expect(code(Self.pack, "dongguan-post/big-customer-centre") == "GR-OPERATOR-103")
            #expect(code(Self.pack, Self.pack + "@7") == "GR-OPERATOR-102")
        }
    }
}
