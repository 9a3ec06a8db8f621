public import CoreMetrics
import Synchronization

/// The process's metrics: the backend of swift-metrics, read by Prometheus at `/metrics`.
///
/// Names should begin with `gradus_` (added if missing) and end in their unit: `_seconds`, `_bytes`, `_total`.
public final class MetricsRegistry: MetricsFactory {
    /// Bounds for durations, in seconds, from a millisecond to half a minute.
    public static let secondsBuckets = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]
    /// Bounds for counts, such as records in a batch.
    public static let countBuckets: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000]
    /// More series than this of one metric are not kept: a label then holds something unbounded.
    public static let seriesLimit = 10_000

    enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    struct Description: Sendable {
        var help: String
        var buckets: [Double]?
    }

    struct Family: Sendable {
        let kind: Kind
        var series: [String: Instrument] = [:]
    }

    struct Content: Sendable {
        var families: [String: Family] = [:]
        var descriptions: [String: Description] = [:]
        var refused: Int64 = 0
    }

    let content = Mutex(Content())

    /// Creates an empty registry.
    public init() {
        describe("gradus_metrics_refused_total", "Series refused: a name used for two kinds, or too many labels.")
    }

    /// Gives a metric its help text and, before its first use, the upper bounds of its buckets.
    public func describe(_ name: String, _ help: String, buckets: [Double]? = nil) {
        let name = MetricsText.metricName(name)
        content.withLock { $0.descriptions[name] = Description(help: help, buckets: buckets?.sorted()) }
    }

    /// See `MetricsFactory`.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let made = instrument(label, dimensions, .counter) { _ in .counter(CounterCell()) }
        if case .counter(let cell) = made { return cell }
        return CounterCell()
    }

    /// See `MetricsFactory`.
    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        gauge(instrument(label, dimensions, .counter) { _ in .total(GaugeCell()) })
    }

    /// See `MetricsFactory`.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(instrument(label, dimensions, .gauge) { _ in .gauge(GaugeCell()) })
    }

    /// A histogram if it aggregates, otherwise a gauge.
    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return gauge(instrument(label, dimensions, .gauge) { _ in .gauge(GaugeCell()) }) }
        return histogram(label, dimensions, MetricsRegistry.countBuckets)
    }

    /// A histogram of seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions, MetricsRegistry.secondsBuckets)
    }

    /// Stops exposing the series.
    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    /// Stops exposing the series.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    /// Stops exposing the series.
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    /// Stops exposing the series.
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    /// Stops exposing the series.
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    /// All metrics in Prometheus text format 0.0.4, in a stable order.
    public func exposition() -> String {
        MetricsText.render(content.withLock { $0 })
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)], _ standard: [Double]) -> HistogramCell {
        let made = instrument(label, dimensions, .histogram) { buckets in
            .histogram(HistogramCell(bounds: buckets ?? standard))
        }
        if case .histogram(let cell) = made { return cell }
        return HistogramCell(bounds: standard)
    }

    private func gauge(_ made: Instrument?) -> GaugeCell {
        switch made {
        case .gauge(let cell), .total(let cell): cell
        default: GaugeCell()
        }
    }

    /// Finds or makes a series; nil if the name is of another kind or has too many series. The caller then works
    /// with a cell nobody reads: a wrong metric must not stop a payroll.
    private func instrument(
        _ label: String, _ dimensions: [(String, String)], _ kind: Kind, make: ([Double]?) -> Instrument
    ) -> Instrument? {
        let name = MetricsText.metricName(label)
        let labels = MetricsText.labels(dimensions)
        return content.withLock { content in
            var family = content.families[name] ?? Family(kind: kind)
            if let known = family.series[labels], family.kind == kind { return known }
            guard family.kind == kind, family.series.count < MetricsRegistry.seriesLimit else {
                content.refused += 1
                return nil
            }
            let made = make(content.descriptions[name]?.buckets)
            family.series[labels] = made
            content.families[name] = family
            return made
        }
    }

    private func remove(_ handler: AnyObject) {
        content.withLock { content in
            for name in content.families.keys {
                guard let key = content.families[name]?.series.first(where: { $0.value.cell === handler })?.key
                else { continue }
                content.families[name]?.series[key] = nil
            }
        }
    }
}
