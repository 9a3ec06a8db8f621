import Foundation

/// What a process has used of the machine, from the kernel's own books.
struct ProcessUse {
    let name: String
    private let id: String

    /// `text` is `name=process id`; under the name `postgres` the processes that it started count too.
    init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        name = parts[0]
        id = parts[1]
    }

    /// Processor time so far, user's and system's, in microseconds.
    func microseconds() -> Int {
        guard name == "postgres" else { return Self.ticks(id).own * 10_000 }
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let children = processes.filter { $0.allSatisfy(\.isNumber) && Self.ticks($0).parent == id }
        let own = Self.ticks(id)
        return (own.own + own.ended + children.map { Self.ticks($0).own }.reduce(0, +)) * 10_000
    }

    /// Begins the measurement of the peak anew.
    func forgetPeak() {
        try? Data("5".utf8).write(to: URL(filePath: "/proc/\(id)/clear_refs"))
    }

    /// The largest resident memory since then, in megabytes.
    func peakMegabytes() -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return (Int(line.filter(\.isNumber)) ?? 0) / 1024
    }

    private static func ticks(_ id: String) -> (parent: String, own: Int, ended: Int) {
        guard let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return ("", 0, 0) }
        let fields = stat[stat.index(end, offsetBy: 2)...].split(separator: " ").map(String.init)
        guard fields.count > 14 else { return ("", 0, 0) }
        let times = fields[11...14].map { Int($0) ?? 0 }
        return (fields[1], times[0] + times[1], times[2] + times[3])
    }
}
