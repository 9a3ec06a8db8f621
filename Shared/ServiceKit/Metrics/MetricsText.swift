/// The Prometheus text format, version 0.0.4.
enum MetricsText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    static func render(_ content: MetricsRegistry.Content) -> String {
        var text = ""
        for (name, family) in content.families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            header(name, content.descriptions[name]?.help, family.kind, into: &text)
            for (labels, instrument) in family.series.sorted(by: { $0.key < $1.key }) {
                series(name, labels, instrument, into: &text)
            }
        }
        let refused = "gradus_metrics_refused_total"
        header(refused, content.descriptions[refused]?.help, .counter, into: &text)
        text += "\(refused) \(content.refused)\n"
        return text
    }

    /// Help and type of a metric.
    static func header(_ name: String, _ help: String?, _ kind: MetricsRegistry.Kind, into text: inout String) {
        if let help { text += "# HELP \(name) \(escaped(help, quotes: false))\n" }
        text += "# TYPE \(name) \(kind.rawValue)\n"
    }

    private static func series(_ name: String, _ labels: String, _ instrument: Instrument, into text: inout String) {
        switch instrument {
        case .counter(let cell): text += "\(name)\(braced(labels)) \(cell.value)\n"
        case .total(let cell), .gauge(let cell): text += "\(name)\(braced(labels)) \(number(cell.value))\n"
        case .histogram(let cell):
            let content = cell.snapshot
            var total: Int64 = 0
            for (bound, count) in zip(cell.bounds, content.counts) {
                total += count
                text += "\(name)_bucket\(braced(labels, bound: number(bound))) \(total)\n"
            }
            text += "\(name)_bucket\(braced(labels, bound: "+Inf")) \(content.count)\n"
            text += "\(name)_sum\(braced(labels)) \(number(content.sum))\n"
            text += "\(name)_count\(braced(labels)) \(content.count)\n"
        }
    }

    private static func braced(_ labels: String, bound: String? = nil) -> String {
        let all = [labels, bound.map { "le=\"\($0)\"" } ?? ""].filter { !$0.isEmpty }
        return all.isEmpty ? "" : "{\(all.joined(separator: ","))}"
    }

    /// Labels in the order of their names: `code="GR-1",topic="facts"`.
    static func labels(_ dimensions: [(String, String)]) -> String {
        dimensions.sorted { $0.0 < $1.0 }
            .map { "\(word($0.0))=\"\(escaped($0.1, quotes: true))\"" }
            .joined(separator: ",")
    }

    /// A valid metric name that begins with `gradus_`, unless it is one of the process's standard ones.
    static func metricName(_ label: String) -> String {
        let name = word(label)
        return name.hasPrefix("gradus_") || name.hasPrefix("process_") ? name : "gradus_" + name
    }

    private static func word(_ text: String) -> String {
        let valid = text.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" }
        return valid.first?.isNumber == true ? "_" + String(valid) : String(valid)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n", "\r\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.append(character)
            }
        }
        return escaped
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }
}
