/// Slows down fetching from a broker that answers empty fetches at once instead of holding them.
///
/// The Kafka protocol lets a broker hold a fetch until there is data (`fetch.wait.max.ms`). One that does not makes an idle
/// client ask thousands of times a second, and 2.0.2 has no setting against it. So when the client's own figures show many
/// fetches and hardly a message, idle partitions rest: they are paused for a while between short looks. Resting ends
/// with the first message. A pause throws away what is on its way, so before each the broker is asked whether there is
/// anything: an answer that takes longer than a look, on a busy machine or because it is large, is waited for.
struct IdleRest {
    /// What a consumer should do with its idle partitions.
    enum Step {
        case nothing, rest, wake
    }

    private static let fetchesPerSecondOfAnImpatientBroker = 200
    private static let look = Duration.milliseconds(50)
    private static let restTime = Duration.milliseconds(200)
    private static let busyTime = Duration.milliseconds(500)

    private var lastFigures: (fetches: Int, messages: Int, at: ContinuousClock.Instant)?
    private var isNeeded = false
    private(set) var isResting = false
    private var nextChange = ContinuousClock.now

    /// Looks at new figures of the client library.
    mutating func learn(fetches: Int, messages: Int, now: ContinuousClock.Instant) {
        defer { lastFigures = (fetches, messages, now) }
        guard let last = lastFigures, now > last.at else { return }
        let seconds = max(1, Int((now - last.at).components.seconds))
        // Once resting, few fetches prove nothing, so the finding stands until messages flow.
        if (fetches - last.fetches) / seconds > Self.fetchesPerSecondOfAnImpatientBroker {
            isNeeded = isNeeded || messages - last.messages < (fetches - last.fetches) / 10
        }
    }

    /// The step after a poll call that gave `count` messages.
    mutating func step(count: Int, now: ContinuousClock.Instant) -> Step {
        guard isNeeded else { return .nothing }
        if isResting {
            guard now >= nextChange else { return .nothing }
            isResting = false
            nextChange = now + Self.look
            return .wake
        }
        if count > 0 { nextChange = now + Self.busyTime }
        return now >= nextChange ? .rest : .nothing
    }

    /// Partitions are paused from now on.
    mutating func begin(_ now: ContinuousClock.Instant) {
        isResting = true
        nextChange = now + Self.restTime
    }

    /// There is something to read, so this is no time to rest.
    mutating func postpone(_ now: ContinuousClock.Instant) {
        nextChange = now + Self.busyTime
    }

    /// How long a poll call may wait, so that a look at an idle broker stays short.
    func timeout(_ milliseconds: Int32) -> Int32 {
        isNeeded && !isResting ? min(milliseconds, 10) : milliseconds
    }

    /// The assignment has changed, which ends every pause.
    mutating func interrupt() {
        isResting = false
        nextChange = .now + Self.look
    }
}
