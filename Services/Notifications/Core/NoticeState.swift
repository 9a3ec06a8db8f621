public import Contracts
public import Domain

/// How far a notice has come with its reader; it only ever goes forward.
public enum NoticeState: String, Hashable, Sendable, CaseIterable, Comparable {
    case issued, delivered, read, acknowledged

    private var rank: Int {
        switch self {
        case .issued: 0
        case .delivered: 1
        case .read: 2
        case .acknowledged: 3
        }
    }

    /// By progress.
    public static func < (lhs: NoticeState, rhs: NoticeState) -> Bool { lhs.rank < rhs.rank }

    /// The states that a step to `next` passes through: acknowledging an unread notice also reads it.
    public func steps(to next: NoticeState) -> [NoticeState] {
        NoticeState.allCases.filter { self < $0 && $0 <= next && ($0 >= .read || $0 == next) }
    }

    /// The type of the event that announces this state.
    public var eventType: EventType {
        switch self {
        case .issued: .noticeIssued
        case .delivered: .noticeDelivered
        case .read: .noticeRead
        case .acknowledged: .noticeAcknowledged
        }
    }

    /// The event of a notice that has come to this state.
    public func event(
        notice: UUID128, institution: String, recipient: Subject, rule: String, channel: Channel?, cause: UUID128
    ) -> NoticeEvent {
        let state: NoticeEvent.State =
            switch self {
            case .issued: .issued
            case .delivered: .delivered
            case .read: .read
            case .acknowledged: .acknowledged
            }
        return NoticeEvent(
            id: DeterministicID.make("notice-state", notice.description, rawValue, channel?.rawValue ?? ""),
            notice: notice, institution: institution, recipient: recipient, rule: rule, state: state,
            channel: channel?.rawValue, cause: cause)
    }
}

/// When a delivery is tried again, and when no more.
public struct DeliveryPolicy: Hashable, Sendable {
    /// Tries before giving up.
    public var attempts: Int
    /// The wait after the first failure, in seconds; each later wait is twice as long.
    public var firstWaitSeconds: Int64
    /// The longest wait, in seconds.
    public var longestWaitSeconds: Int64

    /// A policy of its parts.
    public init(attempts: Int, firstWaitSeconds: Int64, longestWaitSeconds: Int64) {
        self.attempts = attempts
        self.firstWaitSeconds = firstWaitSeconds
        self.longestWaitSeconds = longestWaitSeconds
    }

    /// What a try came to.
    public enum Answer: Hashable, Sendable {
        case delivered
        /// Trying again may help: a busy or unreachable server.
        case later(code: String)
        /// Trying again cannot help: an unknown address.
        case never(code: String)
    }

    /// What becomes of a delivery after a try.
    public enum Decision: Hashable, Sendable {
        case delivered
        case again(at: Timestamp, code: String)
        case failed(code: String)
        case givenUp(code: String)
    }

    /// Decides after try number `attempt` (from 1).
    public func decide(_ answer: Answer, attempt: Int, now: Timestamp) -> Decision {
        switch answer {
        case .delivered: return .delivered
        case .never(let code): return .failed(code: code)
        case .later(let code):
            guard attempt < attempts else { return .givenUp(code: code) }
            return .again(at: now.adding(seconds: wait(after: attempt)), code: code)
        }
    }

    private func wait(after attempt: Int) -> Int64 {
        var wait = max(1, firstWaitSeconds)
        for _ in 1..<max(1, attempt) where wait < longestWaitSeconds { wait *= 2 }
        return min(wait, longestWaitSeconds)
    }
}
