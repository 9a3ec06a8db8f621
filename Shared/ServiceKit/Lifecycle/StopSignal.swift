import Dispatch
import Synchronization

/// Tells a synchronous loop that it should stop; any thread may ask.
public final class StopSignal: Sendable {
    private struct State {
        var isStopping = false
        var actions: [@Sendable () -> Void] = []
    }

    private let flag = Atomic<Bool>(false)
    private let state = Mutex(State())
    private let turnstile = DispatchSemaphore(value: 0)

    /// A signal that nobody has given yet.
    public init() {}

    /// True once the loop should stop. Costs one atomic load.
    public var isStopping: Bool { flag.load(ordering: .acquiring) }

    /// Runs an action when the signal is given, to wake a call that blocks; at once if it was given already.
    public func onStop(_ action: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            if !state.isStopping { state.actions.append(action) }
            return state.isStopping
        }
        if isLate { action() }
    }

    /// Gives the signal; only the first time counts.
    public func stop() {
        let actions = state.withLock { state in
            defer { state.actions = [] }
            state.isStopping = true
            return state.actions
        }
        flag.store(true, ordering: .releasing)
        turnstile.signal()
        for action in actions {
            action()
        }
    }

    /// Sleeps on the calling thread; returns true, early, when the signal is given.
    public func wait(for duration: Duration) -> Bool {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
        guard turnstile.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .success else { return isStopping }
        turnstile.signal()
        return true
    }
}
