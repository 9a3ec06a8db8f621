import Foundation
import Testing

@testable import Schemes

/// The packs of `deploy/schemes`, read as the operator's command reads them.
enum Packs {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "deploy/schemes")

    static func read(_ name: String) throws -> [SchemeSource] {
        let folder = root.appending(path: name)
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path())
        return try paths.sorted().filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".dmn") }.map { path in
            SchemeSource(file: path, text: try String(contentsOf: folder.appending(path: path), encoding: .utf8))
        }
    }

    /// Every folder that holds a scheme, so that no pack can be left out of the tests.
    static let all: [String] = {
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: root.path())) ?? []
        return paths.filter { $0.hasSuffix("/scheme.yaml") }.map { String($0.dropLast("/scheme.yaml".count)) }.sorted()
    }()
}

struct PackTests {
    @Test(arguments: Packs.all)
    func everyWorkedExampleOfThePackHolds(_ pack: String) throws {
        let report = SchemeTests.run(try Packs.read(pack))
        #expect(report.faults.isEmpty, "\(report.faults.map(\.description).joined(separator: "\n"))")
        for test in report.cases {
            #expect(test.failures.isEmpty, "\(test.name): \(test.failures.joined(separator: "; "))")
        }
        #expect(report.passed)
        #expect(report.notReached.isEmpty, "\(report.notReached.joined(separator: "; "))")
    }
}
