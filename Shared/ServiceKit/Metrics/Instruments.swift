import CoreMetrics
import Synchronization

/// One time series' value, of the kind its metric has.
enum Instrument: Sendable {
    case counter(CounterCell)
    case total(GaugeCell)
    case gauge(GaugeCell)
    case histogram(HistogramCell)

    var cell: AnyObject {
        switch self {
        case .counter(let cell): cell
        case .total(let cell), .gauge(let cell): cell
        case .histogram(let cell): cell
        }
    }
}

/// A whole number that only grows.
final class CounterCell: CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }

    func reset() { count.store(0, ordering: .relaxed) }
}

/// A number that is set, or moved up and down; kept as the bits of a `Double`.
final class GaugeCell: MeterHandler, RecorderHandler, FloatingPointCounterHandler {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func reset() { set(0.0) }
    func decrement(by amount: Double) { increment(by: -amount) }

    func increment(by amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, original) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }
}

/// Counts values in fixed buckets. Timers record nanoseconds and are shown in seconds.
final class HistogramCell: RecorderHandler, TimerHandler {
    struct Content: Sendable {
        var counts: [Int64]
        var count: Int64 = 0
        var sum = 0.0
    }

    /// Upper bounds, ascending, without infinity.
    let bounds: [Double]
    private let content: Mutex<Content>

    init(bounds: [Double]) {
        self.bounds = bounds
        content = Mutex(Content(counts: Array(repeating: 0, count: bounds.count)))
    }

    var snapshot: Content { content.withLock { $0 } }

    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ nanoseconds: Int64) { record(Double(nanoseconds) / 1_000_000_000) }

    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 }
        content.withLock { content in
            if let bucket { content.counts[bucket] += 1 }
            content.count += 1
            content.sum += value
        }
    }
}
