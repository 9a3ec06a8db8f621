import Foundation

/// What the operating system knows about this process, under Prometheus' standard names.
struct ProcessMetrics: Sendable {
    let service: ServiceName
    /// Microseconds since 1970 at the start.
    let startedAt: Int64

    /// Reads the figures and renders them.
    func exposition() -> String {
        let seconds = MetricsText.number(Double(SystemTime.processorNanoseconds()) / 1_000_000_000)
        let started = MetricsText.number(Double(startedAt) / 1_000_000)
        var text = ""
        MetricsText.header("gradus_service_info", "Always 1; says which service this is.", .gauge, into: &text)
        text += "gradus_service_info{\(MetricsText.labels([("service", service.rawValue)]))} 1\n"
        MetricsText.header("process_cpu_seconds_total", "User and system CPU time.", .counter, into: &text)
        text += "process_cpu_seconds_total \(seconds)\n"
        if let resident = ProcessMetrics.residentBytes() {
            MetricsText.header("process_resident_memory_bytes", "Resident memory.", .gauge, into: &text)
            text += "process_resident_memory_bytes \(resident)\n"
        }
        MetricsText.header("process_start_time_seconds", "Start time since 1970.", .gauge, into: &text)
        text += "process_start_time_seconds \(started)\n"
        return text
    }

    /// The second field of `statm` is the number of resident pages.
    private static func residentBytes() -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
