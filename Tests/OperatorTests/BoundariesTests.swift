import ArgumentParser
import Foundation
import Schemes
import Testing

@testable import Operator

struct BoundariesTests {
    /// A pack in a folder of its own.
    private func folder(_ limit: String) throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "boundaries-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "tests"), withIntermediateDirectories: true)
        let text = """
            scheme: bank/plan
            version: 1
            effective: { from: 2026-01-01 }
            title: { zh: 计划, en: Plan }
            subject: manager
            facts:
              deal.closed: { product: [loan, fund] }
            chapters:
              - title: { zh: 一, en: One }
                rules:
                  - finding: small deal
                    clause: R1 「不足一百元的，罚款十元」
                    on: deal.closed
                    when: amount < \(limit)
                    amount: 10
            """
        try text.write(to: folder.appending(path: "scheme.yaml"), atomically: true, encoding: .utf8)
        return folder
    }

    @Test func showsBothSidesWithTheClause() throws {
        let folder = try folder("100")
        defer { try? FileManager.default.removeItem(at: folder) }
        let report = try SchemeCommand.Boundaries.boundaries(of: SchemePack(path: folder.path))
        #expect(
            BoundaryText(report).rendered
                == """
                scheme.yaml:11: finding `small deal`: amount of deal.closed at 100
                  R1 「不足一百元的，罚款十元」
                  side   value   gives
                  ─────  ──────  ───────────────────────────
                  below  99.99   findings R1 1; fines R1 10
                  at     100     findings R1 0; fines R1 0
                  above  100.01  findings R1 0; fines R1 0

                1 thresholds, 3 cases, 0 without a case
                """.replacing("───────────────────────────", with: "──────────────────────────"))
    }

    @Test func writesTestsThatThePackPassesUntilALimitChanges() throws {
        let folder = try folder("100")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "tests/boundaries.yaml").path
        let command = try SchemeCommand.Boundaries.parse([folder.path, "--write", path, "--json"])
        try command.run()
        #expect(SchemeTests.run(try SchemePack(path: folder.path).sources).passed)
        let rules = folder.appending(path: "scheme.yaml")
        let text = try String(contentsOf: rules, encoding: .utf8)
        try text.replacing("amount < 100", with: "amount <= 100").write(to: rules, atomically: true, encoding: .utf8)
        let failed = SchemeTests.run(try SchemePack(path: folder.path).sources).cases.filter { !$0.failures.isEmpty }
        #expect(failed.map(\.name) == ["small deal: amount of deal.closed at 100"])
    }

    @Test func refusesAFolderThatDoesNotExist() throws {
        let folder = try folder("100")
        defer { try? FileManager.default.removeItem(at: folder) }
        let command = try SchemeCommand.Boundaries.parse([folder.path, "--write", folder.path + "/none/x.yaml"])
        #expect(throws: OperatorError.self) { try command.run() }
    }

    @Test func refusesASchemeWithFaults() throws {
        let folder = try folder("100 +")
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(throws: OperatorError.self) {
            try SchemeCommand.Boundaries.boundaries(of: SchemePack(path: folder.path))
        }
    }
}
