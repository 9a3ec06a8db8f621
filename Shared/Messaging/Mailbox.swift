import Foundation
import Synchronization

/// Hands values from one thread to another; the receiver may sleep until there is one.
final class Mailbox<Element: Sendable>: Sendable {
    private let condition = NSCondition()
    private let elements = Mutex<[Element]>([])

    func put(_ element: Element) {
        elements.withLock { $0.append(element) }
        condition.lock()
        condition.signal()
        condition.unlock()
    }

    /// All values that are there; waits for the first for at most `seconds`.
    func take(waitingSeconds seconds: TimeInterval = 0) -> [Element] {
        let ready = takeNow()
        guard ready.isEmpty, seconds > 0 else { return ready }
        let deadline = Date(timeIntervalSinceNow: seconds)
        condition.lock()
        defer { condition.unlock() }
        while elements.withLock({ $0.isEmpty }), condition.wait(until: deadline) {}
        return takeNow()
    }

    private func takeNow() -> [Element] {
        elements.withLock { elements in
            guard !elements.isEmpty else { return [] }
            defer { elements = [] }
            return elements
        }
    }
}

/// A pause that grows with each failure in a row, spread so that many processes do not come back at once.
struct Backoff {
    private var failures = 0

    /// The pause before the next attempt: 0.1 s at first, 10 s at most, each between half and the whole of its step.
    mutating func next() -> Duration {
        let step = min(10_000, 100 << min(failures, 10))
        failures += 1
        return .milliseconds(Int.random(in: step / 2...step))
    }

    /// The next failure is a first one.
    mutating func reset() { failures = 0 }
}

/// Sleeps in slices; false as soon as `isOver` says that there is nothing to wait for.
func pause(_ duration: Duration, unless isOver: () -> Bool) -> Bool {
    let deadline = ContinuousClock.now + duration
    while ContinuousClock.now < deadline {
        if isOver() { return false }
        Thread.sleep(forTimeInterval: 0.02)
    }
    return !isOver()
}
