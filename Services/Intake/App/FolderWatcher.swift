import Domain
import Foundation
import IntakeCore
import Logging
import Metrics
import Postgres

/// Takes the files of the watched folders: each as a whole checked, then in parts that a restart resumes.
///
/// A file is complete when its companion `NAME.ctl` is there; with the control total inside, when it has its final
/// name (write it as `NAME.part` and rename it). Taken files go to `done`, refused ones to `rejected`, each with a
/// report.
struct FolderWatcher {
    var session: IngestSession
    let root: URL
    let logger: Logger
    private let store = FileStore()

    /// Records taken in one transaction.
    static let part = 5_000
    /// Larger files are refused; they must be split.
    static let maximumBytes = 1 << 30

    init(session: IngestSession, root: URL, logger: Logger) {
        self.session = session
        self.root = root
        self.logger = logger
    }

    /// Looks at every folder once.
    mutating func look(_ stop: () -> Bool) throws {
        for (source, inlet) in session.ingestor.catalogue.folders {
            let folder = root.appending(path: inlet.path, directoryHint: .isDirectory)
            for place in ["", "done", "rejected"] {
                try FileManager.default.createDirectory(
                    at: folder.appending(path: place, directoryHint: .isDirectory), withIntermediateDirectories: true)
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            for name in names where name.hasSuffix("." + inlet.format.rawValue) && !name.hasPrefix(".") && !stop() {
                let companion = folder.appending(path: name + ".ctl")
                if inlet.control == .companion, !FileManager.default.fileExists(atPath: companion.path) { continue }
                try take(name, in: folder, inlet, source, stop)
            }
        }
    }

    private mutating func take(_ name: String, in folder: URL, _ inlet: FolderInlet, _ source: Int, _ stop: () -> Bool)
        throws
    {
        let file = folder.appending(path: name)
        let content = [UInt8](try Data(contentsOf: file))
        var digest = ContentDigest()
        digest.absorb(content.span)
        let fingerprint = digest.finish().description
        if session.connection.isBroken { try session.connection.reconnect() }
        let number = session.ingestor.catalogue.numbers[source]
        let known = try store.entry(name, source: number, on: session.connection)
        guard known.map({ $0.digest == fingerprint }) ?? true else { return try refuse(.changed, name, in: folder) }
        if known?.isDone == true {
            return try move(name, in: folder, to: "done", FileStore.Report(file: name, outcome: "repeated"))
        }
        let drop: DropFile
        do throws(FileFault) {
            drop = try read(content, file, inlet)
        } catch {
            return try refuse(error, name, in: folder)
        }
        try store.open(
            name, digest: fingerprint, bytes: content.count, records: drop.ranges.count, source: number,
            on: session.connection)
        try takeParts(of: drop, name, source, from: Int(known?.nextRecord ?? 0), stop)
        guard !stop() else { return }
        let report = try store.finish(name, source: number, on: session.connection)
        logger.info("took a file", metadata: ["records": "\(report.records)", "rejected": "\(report.rejected)"])
        try move(name, in: folder, to: "done", report)
    }

    private func read(_ content: [UInt8], _ file: URL, _ inlet: FolderInlet) throws(FileFault) -> DropFile {
        guard content.count <= Self.maximumBytes else { throw .badRow(0, "the file is larger than 1 GiB") }
        var text = content
        if inlet.encoding == .gb18030 {
            guard let decoded = decodeGB18030(content) else { throw .wrongEncoding }
            text = decoded
        }
        let companion = inlet.control == .companion ? try? Data(contentsOf: URL(filePath: file.path + ".ctl")) : nil
        return try DropFile(text, companion: companion.map { [UInt8]($0) }, as: inlet)
    }

    private mutating func takeParts(
        of drop: DropFile, _ name: String, _ source: Int, from first: Int, _ stop: () -> Bool
    ) throws {
        let number = session.ingestor.catalogue.numbers[source]
        let store = store
        var start = first
        while start < drop.ranges.count, !stop() {
            let end = min(start + Self.part, drop.ranges.count)
            let input = IngestInput(source: source, bytes: drop.bytes, ranges: Array(drop.ranges[start..<end]))
            let door = IngestSession.Door(name: "folder", trace: name, firstRecord: Int64(start) + 1)
            _ = try session.take(input, door: door) { transaction, result in
                let moved = try store.advance(
                    name, from: Int64(start), to: Int64(end), by: result, source: number, in: transaction)
                guard moved else { throw IntakeFault.fileMoved(name) }
            }
            start = end
        }
    }

    private func refuse(_ fault: FileFault, _ name: String, in folder: URL) throws {
        logger.error(
            "refused a file as a whole", metadata: ["code": "\(fault.code.rawValue)", "reason": "\(fault.message)"])
        Counter(label: "gradus_intake_files_refused_total", dimensions: [("code", fault.code.rawValue)]).increment()
        var report = FileStore.Report(file: name, outcome: "rejected")
        report.code = fault.code.rawValue
        report.message = fault.message
        report.remedy = fault.remedy
        try move(name, in: folder, to: "rejected", report)
    }

    /// Moves a file and its companion away and leaves a report beside them; an earlier file of the name is kept.
    private func move(_ name: String, in folder: URL, to place: String, _ report: FileStore.Report) throws {
        let target = folder.appending(path: place, directoryHint: .isDirectory)
        var free = name
        var attempt = 1
        while FileManager.default.fileExists(atPath: target.appending(path: free).path) {
            attempt += 1
            free = "\(name).\(attempt)"
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(report).write(to: target.appending(path: free + ".report.json"))
        let companion = folder.appending(path: name + ".ctl")
        if FileManager.default.fileExists(atPath: companion.path) {
            try? FileManager.default.removeItem(at: target.appending(path: free + ".ctl"))
            try FileManager.default.moveItem(at: companion, to: target.appending(path: free + ".ctl"))
        }
        try FileManager.default.moveItem(at: folder.appending(path: name), to: target.appending(path: free))
    }
}
