import Kafka
import Logging
import Postgres
import Synchronization

/// The part of a lane that its writer sees: which claim it belongs to, and whether anybody still wants its batches.
final class LaneControl: Sendable {
    let slot: Int
    let claim: Claim
    private let abandoned = Atomic(false)

    init(slot: Int, claim: Claim) {
        self.slot = slot
        self.claim = claim
    }

    var isAbandoned: Bool { abandoned.load(ordering: .acquiring) }

    func abandon() { abandoned.store(true, ordering: .releasing) }
}

/// One batch for a writer.
struct WriterJob: Sendable {
    let lane: LaneControl
    /// The position before the batch.
    let start: Int64
    let batch: MessageBatch
    let byteCount: Int
    /// True for the first batch after the claim, which a crash may have interrupted before.
    let isFirst: Bool
}

/// What a writer tells the polling thread.
enum WriterReport: Sendable {
    /// A part of a batch stands; the position is `next`.
    case committed(LaneControl, next: Int64, BatchOutcome)
    /// A batch is done with, however it ended.
    case finished(WriterJob, writer: Int, WriterEnding)
    /// The writer waits to try again, or (nil) works again.
    case waiting(writer: Int, reason: String?)
    /// The writer cannot work at all.
    case failed(MessagingError)
    /// The writer's thread has ended.
    case ended
}

/// How a batch ended.
enum WriterEnding: Sendable {
    case done
    /// Another process owns the partition.
    case fenced
    /// An operator has to look.
    case stopped(MessagingError)
    /// Something has to be mended; until then the partition is tried again from time to time.
    case stuck(MessagingError)
    /// Nobody wanted it any more.
    case abandoned
}

/// Turns batches into transactions, one after the other, on one thread with one connection.
final class Writer {
    let number: Int
    let settings: ConsumerLoopSettings
    let positions: StreamOffsetStore
    let deadLetters: DeadLetterStore
    let outbox: OutboxStore
    let control: LoopControl
    let metrics: LoopMetrics
    let logger: Logger
    var handler: any BatchHandler
    var backoff = Backoff()
    var isWaiting = false
    private var connection: Connection?
    private var windows: [TopicPartition: RejectWindow] = [:]

    init(
        _ number: Int, _ handler: any BatchHandler, _ positions: StreamOffsetStore, _ settings: ConsumerLoopSettings,
        _ control: LoopControl, _ metrics: LoopMetrics, _ logger: Logger
    ) {
        self.number = number
        self.handler = handler
        self.positions = positions
        self.settings = settings
        self.control = control
        self.metrics = metrics
        self.logger = logger
        deadLetters = DeadLetterStore(schema: settings.schema)
        outbox = OutboxStore(schema: settings.schema, shards: settings.outboxShards)
    }

    /// Works until the loop closes.
    func run(_ inbox: Mailbox<WriterJob>) {
        while true {
            let jobs = inbox.take(waitingSeconds: 0.1)
            for job in jobs {
                let ending = perform(job)
                control.reports.put(.finished(job, writer: number, ending))
            }
            if jobs.isEmpty, control.isClosing { break }
        }
        connection?.close()
    }

    /// Applies a batch in transactions of at most the allowed size.
    private func perform(_ job: WriterJob) -> WriterEnding {
        var start = job.start
        var suspicion = Suspicion.none
        if job.isFirst {
            guard let found = examine(job) else { return .abandoned }
            suspicion = found
        }
        var parts = Self.parts(of: job.batch, size: suspicion == .none ? settings.batchMessages : 1)
        while let part = parts.popLast() {
            let view = job.batch[part]
            let isCulprit = suspicion == .first && part.lowerBound == job.batch.indices.lowerBound
            let forced = isCulprit ? Self.crashLetter(part.lowerBound) : nil
            let isUnderSuspicion = suspicion != .none && !parts.isEmpty
            switch settle(Attempt(job.lane, view, start, forced, isUnderSuspicion)) {
            case .committed(let outcome):
                start = view.nextOffset
                control.reports.put(.committed(job.lane, next: start, outcome))
            case .split:
                let middle = part.lowerBound + part.count / 2
                parts.append(middle..<part.upperBound)
                parts.append(part.lowerBound..<middle)
            case .ended(let ending):
                switch ending {
                case .abandoned where job.isFirst, .stuck where job.isFirst: withdraw(job)
                default: break
                }
                return ending
            }
        }
        return .done
    }

    /// In reverse order: the last element is the first part.
    private static func parts(of batch: MessageBatch, size: Int) -> [Range<Int>] {
        stride(from: batch.indices.lowerBound, to: batch.indices.upperBound, by: size).reversed()
            .map { $0..<min($0 + size, batch.indices.upperBound) }
    }

    private enum Suspicion {
        case none
        /// The process has died in this batch: take the messages one at a time.
        case some
        /// It has died at the first message too often.
        case first
    }

    private func examine(_ job: WriterJob) -> Suspicion? {
        while true {
            do {
                let attempts = try positions.noteAttempt(
                    job.lane.claim.partition, epoch: job.lane.claim.epoch, on: try connected())
                if attempts > settings.crashLimit { return .first }
                return attempts >= 2 ? .some : Suspicion.none
            } catch {
                guard waitToRetry(job.lane, "\(error)") else { return nil }
            }
        }
    }

    /// The batch ends without a crash, so its note must not count as one. If the database is away the note stays; it
    /// takes several in a row to matter.
    private func withdraw(_ job: WriterJob) {
        guard let connection, !connection.isBroken else { return }
        do throws(PostgresError) {
            try positions.forgetAttempt(job.lane.claim.partition, epoch: job.lane.claim.epoch, on: connection)
        } catch {
            logger.info("the note of an attempt stays", metadata: ["code": "\(error.code)"])
        }
    }

    private static func crashLetter(_ message: Int) -> DeadLetter {
        DeadLetter(
            message: message, code: "GR-MSG-020",
            detail: "the process died several times while it was working on this message")
    }

    /// The session, made again and prepared if need be.
    func connected() throws -> Connection {
        if let connection, !connection.isBroken { return connection }
        if let connection { try connection.reconnect() }
        let session = try connection ?? Connection(database)
        try handler.prepare(session)
        connection = session
        return session
    }

    private var database: ConnectionSettings {
        var database = settings.database
        database.idleInTransactionTimeoutMilliseconds = Int(settings.transactionIdleLimit.nanoseconds / 1_000_000)
        return database
    }

    /// Waits before another attempt; false when there is no use in one.
    func waitToRetry(_ lane: LaneControl, _ reason: String) -> Bool {
        if !isWaiting {
            isWaiting = true
            logger.warning(
                "a batch cannot be stored now and will be tried again",
                metadata: ["partition": "\(lane.claim.partition)", "reason": "\(reason)"])
        }
        control.reports.put(.waiting(writer: number, reason: reason))
        return pause(backoff.next()) { lane.isAbandoned || control.isStopping }
    }

    func worked() {
        backoff.reset()
        guard isWaiting else { return }
        isWaiting = false
        control.reports.put(.waiting(writer: number, reason: nil))
    }

    /// Throws when the batch would take the partition's rejects over the limit.
    func checkBudget(_ attempt: Attempt, rejected: Int) throws(MessagingError) {
        guard let allowed = settings.rejectsPerThousand, rejected > 0 else { return }
        let window = windows[attempt.partition] ?? RejectWindow()
        let count = window.count + attempt.batch.count
        let total = window.rejected + rejected
        guard total * 1_000 > allowed * max(1_000, count) else { return }
        throw .tooManyRejects(attempt.partition, rejected: total, of: count, allowedPerThousand: allowed)
    }

    func spendBudget(_ attempt: Attempt, rejected: Int) {
        windows[attempt.partition, default: RejectWindow()].add(count: attempt.batch.count, rejected: rejected)
    }
}

/// Rejects among the last thousand messages or so.
private struct RejectWindow {
    var count = 0
    var rejected = 0

    mutating func add(count more: Int, rejected moreRejected: Int) {
        count += more
        rejected += moreRejected
        if count >= 1_000 { self = RejectWindow() }
    }
}
