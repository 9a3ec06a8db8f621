import CoreMetrics
import Metrics
import Testing

@testable import ServiceKit

@Suite struct MetricsTests {
    @Test func theExpositionIsExact() {
        let registry = MetricsRegistry()
        registry.describe("gradus_dead_letter_total", "Rejected records.\nBy \\ code.")
        registry.describe("gradus_batch_seconds", "Time of one batch.", buckets: [0.5, 0.1])
        let labels = [("topic", "facts \"v1\"\n\\"), ("code", "GR-1")]
        Counter(label: "gradus_dead_letter_total", dimensions: labels, factory: registry).increment(by: 3)
        Counter(label: "gradus_dead_letter_total", dimensions: labels.reversed(), factory: registry).increment()
        Gauge(label: "lag.seconds", factory: registry).record(1.5)
        Meter(label: "gradus_rows", factory: registry).set(7)
        FloatingPointCounter(label: "gradus_cost_total", factory: registry).increment(by: 0.25)
        let timer = Timer(label: "gradus_batch_seconds", factory: registry)
        timer.recordNanoseconds(100_000_000)
        timer.recordNanoseconds(250_000_000)
        timer.recordNanoseconds(2_000_000_000)

        #expect(
            registry.exposition() == #"""
                # HELP gradus_batch_seconds Time of one batch.
                # TYPE gradus_batch_seconds histogram
                gradus_batch_seconds_bucket{le="0.1"} 1
                gradus_batch_seconds_bucket{le="0.5"} 2
                gradus_batch_seconds_bucket{le="+Inf"} 3
                gradus_batch_seconds_sum 2.35
                gradus_batch_seconds_count 3
                # TYPE gradus_cost_total counter
                gradus_cost_total 0.25
                # HELP gradus_dead_letter_total Rejected records.\nBy \\ code.
                # TYPE gradus_dead_letter_total counter
                gradus_dead_letter_total{code="GR-1",topic="facts \"v1\"\n\\"} 4
                # TYPE gradus_lag_seconds gauge
                gradus_lag_seconds 1.5
                # TYPE gradus_rows gauge
                gradus_rows 7
                # HELP gradus_metrics_refused_total Series refused: a name used for two kinds, or too many labels.
                # TYPE gradus_metrics_refused_total counter
                gradus_metrics_refused_total 0

                """#)
    }

    @Test func recordersThatAggregateCountValuesInBuckets() {
        let registry = MetricsRegistry()
        let recorder = Recorder(label: "gradus_batch_records", dimensions: [("a", "b")], factory: registry)
        for value in [1, 3, 20_000] {
            recorder.record(value)
        }
        let text = registry.exposition()
        #expect(text.contains("gradus_batch_records_bucket{a=\"b\",le=\"1\"} 1\n"))
        #expect(text.contains("gradus_batch_records_bucket{a=\"b\",le=\"5\"} 2\n"))
        #expect(text.contains("gradus_batch_records_bucket{a=\"b\",le=\"10000\"} 2\n"))
        #expect(text.contains("gradus_batch_records_bucket{a=\"b\",le=\"+Inf\"} 3\n"))
        #expect(text.contains("gradus_batch_records_sum{a=\"b\"} 20004\n"))
    }

    @Test func concurrentIncrementsAreAllCounted() async {
        let registry = MetricsRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let counter = Counter(label: "gradus_hits_total", factory: registry)
                    let meter = Meter(label: "gradus_level", factory: registry)
                    let timer = Timer(label: "gradus_hit_seconds", factory: registry)
                    for _ in 0..<10_000 {
                        counter.increment()
                        meter.increment(by: 1)
                        timer.recordNanoseconds(1)
                    }
                }
            }
        }
        let text = registry.exposition()
        #expect(text.contains("gradus_hits_total 40000\n"))
        #expect(text.contains("gradus_level 40000\n"))
        #expect(text.contains("gradus_hit_seconds_count 40000\n"))
    }

    @Test func aNameUsedForTwoKindsIsRefusedAndCountedInsteadOfStoppingTheService() {
        let registry = MetricsRegistry()
        Counter(label: "gradus_x_total", factory: registry).increment()
        Gauge(label: "gradus_x_total", factory: registry).record(9)
        let text = registry.exposition()
        #expect(text.contains("# TYPE gradus_x_total counter\ngradus_x_total 1\n"))
        #expect(text.contains("gradus_metrics_refused_total 1\n"))
    }

    @Test func anUnboundedLabelIsCutOff() {
        let registry = MetricsRegistry()
        for index in 0..<MetricsRegistry.seriesLimit + 5 {
            Counter(label: "gradus_y_total", dimensions: [("id", "\(index)")], factory: registry).increment()
        }
        #expect(registry.exposition().contains("gradus_metrics_refused_total 5\n"))
    }

    @Test func aDestroyedSeriesIsNoLongerShown() {
        let registry = MetricsRegistry()
        let kept = Meter(label: "gradus_lag", dimensions: [("partition", "0")], factory: registry)
        let lost = Meter(label: "gradus_lag", dimensions: [("partition", "1")], factory: registry)
        kept.set(1)
        lost.set(2)
        lost.destroy()
        let text = registry.exposition()
        #expect(text.contains("gradus_lag{partition=\"0\"} 1\n"))
        #expect(!text.contains("partition=\"1\""))
    }

    @Test func theProcessReportsItself() {
        let text = ProcessMetrics(service: .payroll, startedAt: 1_772_676_000_500_000).exposition()
        #expect(text.contains("gradus_service_info{service=\"payroll\"} 1\n"))
        #expect(text.contains("process_start_time_seconds 1772676000.5\n"))
        #expect(text.contains("# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total "))
        #expect(text.contains("# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes "))
    }
}
