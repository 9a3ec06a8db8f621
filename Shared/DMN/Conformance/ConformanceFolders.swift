import Foundation
import FEEL

// The edge of this module: the only file that reads files and the clock.
extension ConformanceKit {
    /// Runs a folder of the kit, or all folders of cases below it.
    ///
    /// - Throws: when the folder cannot be read.
    public static func run(folder path: String) throws -> Report {
        let kit = ConformanceKit(clock: now)
        let root = URL(fileURLWithPath: path, isDirectory: true)
        var report = Report(folders: [])
        for directory in try directories(below: root) {
            let files = try files(in: directory)
            guard files.contains(where: { $0.name.hasSuffix(".dmn") }) else { continue }
            report.folders.append(kit.run(folder: directory.lastPathComponent, files: files))
        }
        report.folders.sort { $0.name < $1.name }
        return report
    }

    private static func directories(below root: URL) throws -> [URL] {
        var result = [root]
        let entries = try FileManager.default.contentsOfDirectory(
            at: root, includingPropertiesForKeys: [.isDirectoryKey])
        for entry in entries where try entry.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true {
            result += try directories(below: entry)
        }
        return result
    }

    private static func files(in directory: URL) throws -> [File] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        return try names.filter { $0.hasSuffix(".dmn") || $0.hasSuffix(".xml") }.map { name in
            File(name: name, bytes: Array(try Data(contentsOf: directory.appendingPathComponent(name))))
        }
    }

    /// The present moment in UTC, for the cases that ask for it.
    @Sendable
    private static func now() -> FEELDateTime {
        FEELDateTime(secondsSince1970: Int64(Date().timeIntervalSince1970))
    }
}
