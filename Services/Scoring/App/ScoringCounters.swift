import Metrics
import ServiceKit

/// What one batch came to, for the metrics once it stands.
struct BatchTally {
    var applied = 0
    var duplicates = 0
    var conflicts = 0
    var late = 0
    var results = 0
    var revisions = 0
    var evaluationNanoseconds: Int64 = 0
}

/// Scoring's own figures; the consumer loop has those of batches, positions and lag.
struct ScoringCounters: Sendable {
    private let facts = Counter(label: "gradus_scoring_facts_total")
    private let duplicates = Counter(label: "gradus_scoring_duplicates_total")
    private let conflicts = Counter(label: "gradus_scoring_conflicts_total")
    private let late = Counter(label: "gradus_scoring_late_facts_total")
    private let results = Counter(label: "gradus_scoring_results_total")
    private let revisions = Counter(label: "gradus_scoring_revisions_total")
    private let obstacles = Counter(label: "gradus_scoring_close_obstacles_total")
    private let evaluation = Timer(label: "gradus_scoring_evaluation_seconds")

    init(_ registry: MetricsRegistry) {
        registry.describe("gradus_scoring_facts_total", "Facts stored and counted.")
        registry.describe("gradus_scoring_duplicates_total", "Facts that were stored before with the same content.")
        registry.describe("gradus_scoring_conflicts_total", "Facts whose id is stored with other content.")
        registry.describe("gradus_scoring_late_facts_total", "Facts that came after the close of their period.")
        registry.describe("gradus_scoring_results_total", "Results of periods, without revisions.")
        registry.describe("gradus_scoring_revisions_total", "Revisions of results of closed periods.")
        registry.describe(
            "gradus_scoring_close_obstacles_total", "Steps of closes that failed and are tried again.")
        registry.describe(
            "gradus_scoring_evaluation_seconds", "Time of one partition's evaluation at a marker.",
            buckets: MetricsRegistry.secondsBuckets)
    }

    func noteObstacle() { obstacles.increment() }

    func add(_ tally: BatchTally) {
        facts.increment(by: tally.applied)
        if tally.duplicates > 0 { duplicates.increment(by: tally.duplicates) }
        if tally.conflicts > 0 { conflicts.increment(by: tally.conflicts) }
        if tally.late > 0 { late.increment(by: tally.late) }
        if tally.results > 0 { results.increment(by: tally.results) }
        if tally.revisions > 0 { revisions.increment(by: tally.revisions) }
        if tally.evaluationNanoseconds > 0 { evaluation.recordNanoseconds(tally.evaluationNanoseconds) }
    }
}
