import IntakeCore
import Metrics
import ServiceKit
import Synchronization

/// `gradus_intake_records_total` by source, outcome and code, and `gradus_intake_facts_total` by source.
final class IntakeMetrics: Sendable {
    private let counters = Mutex<[String: Counter]>([:])

    init(_ registry: MetricsRegistry?) {
        registry?.describe("gradus_intake_records_total", "Records taken, by source, outcome and code of refusal.")
        registry?.describe("gradus_intake_facts_total", "Facts written, by source.")
        registry?.describe(
            "gradus_intake_pending", "Changes of reference data under work, at most one round of them.")
    }

    func count(_ result: IngestResult, source: String) {
        var counts: [String: (outcome: String, code: String, count: Int)] = [:]
        for outcome in result.outcomes {
            var code = ""
            if case .rejected(let problems) = outcome { code = problems.first?.code.rawValue ?? "" }
            counts[outcome.name + code, default: (outcome.name, code, 0)].count += 1
        }
        for entry in counts.values {
            counter(
                "gradus_intake_records_total", [("source", source), ("outcome", entry.outcome), ("code", entry.code)]
            )
            .increment(by: entry.count)
        }
        if result.facts > 0 { counter("gradus_intake_facts_total", [("source", source)]).increment(by: result.facts) }
    }

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> Counter {
        let name = label + dimensions.map { "\u{1F}" + $0.1 }.joined()
        return counters.withLock { counters in
            if let counter = counters[name] { return counter }
            let counter = Counter(label: label, dimensions: dimensions)
            counters[name] = counter
            return counter
        }
    }
}
