import DMN
import Foundation
import Testing

@Suite("Technology Compatibility Kit")
struct ConformanceTests {
    /// Runs when `GRADUS_DMN_TCK` names a folder of the kit, which is not part of this repository.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["GRADUS_DMN_TCK"] != nil))
    func everyCaseOfTheKitPasses() throws {
        let folder = try #require(ProcessInfo.processInfo.environment["GRADUS_DMN_TCK"])
        let report = try ConformanceKit.run(folder: folder)
        #expect(report.failed == 0, "\(report.text)")
        #expect(report.passed > 0)
    }
}
