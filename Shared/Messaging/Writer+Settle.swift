import Kafka
import Logging
import Postgres

/// One transaction to be made: these messages, from this position.
struct Attempt {
    let lane: LaneControl
    let batch: MessageBatch
    let start: Int64
    /// Set when the message is rejected without asking the handler.
    let forced: DeadLetter?
    let isUnderSuspicion: Bool

    init(
        _ lane: LaneControl, _ batch: MessageBatch, _ start: Int64, _ forced: DeadLetter?, _ isUnderSuspicion: Bool
    ) {
        self.lane = lane
        self.batch = batch
        self.start = start
        self.forced = forced
        self.isUnderSuspicion = isUnderSuspicion
    }

    var partition: TopicPartition { lane.claim.partition }

    func forcing(_ letter: DeadLetter) -> Attempt { Attempt(lane, batch, start, letter, isUnderSuspicion) }
}

/// What became of an attempt.
enum Settled {
    case committed(BatchOutcome)
    case split
    case ended(WriterEnding)
}

/// Why the body of a batch's transaction gave up.
private enum BatchFault: Error {
    case notOwner
    case tooManyRejects(MessagingError)
    case work(any Error)
}

/// What an error asks for.
enum Verdict: Equatable {
    /// The same batch again.
    case retry
    /// Smaller batches, or the same again if it is one message.
    case splitOrRetry
    /// The message is at fault.
    case reject(code: String, detail: String)
    /// The message must be applied, but something has to be mended before.
    case mend(code: String, detail: String)

    init(_ error: any Error) {
        switch error {
        case let error as PostgresError: self.init(database: error)
        case TransactionError<any Error>.rolledBack(let cause): self.init(cause)
        case let error as TransactionError<any Error>: self.init(database: error.postgresError)
        case let error as TransactionError<PostgresError>: self.init(database: error.postgresError)
        case is KafkaError: self = .retry
        case let error as any ClassifiedFault where error.needsMending:
            self = .mend(code: error.code, detail: "\(error)")
        case let error as any ClassifiedFault:
            self = error.isTransient ? .retry : .reject(code: error.code, detail: "\(error)")
        default: self = .reject(code: "GR-MSG-010", detail: "unexpected error: \(type(of: error))")
        }
    }

    /// Only a value can be a message's own fault. Missing tables or rights, full disks and lost connections are not.
    private init(database error: PostgresError?) {
        guard case .rejected(let rejection)? = error else {
            self = .retry
            return
        }
        if ["22", "23"].contains(rejection.state.rawValue.prefix(2)) {
            self = .reject(code: "GR-MSG-011", detail: "\(rejection)")
        } else {
            self = rejection.state == .queryCanceled ? .splitOrRetry : .retry
        }
    }
}

/// How the one transaction of an attempt ended.
private enum Ended {
    case committed(BatchOutcome)
    case notOwner
    case tooManyRejects(MessagingError)
    /// Nothing stands.
    case failed(Verdict, reason: String)
    /// Nobody knows what stands; the outcome is what stands if it does.
    case inDoubt(BatchOutcome, reason: String)
}

extension Writer {
    /// Tries until the messages are applied, rejected, or nobody wants them any more.
    func settle(_ first: Attempt) -> Settled {
        var attempt = first
        var doubtful: BatchOutcome?
        var hasFailed = false
        while !attempt.lane.isAbandoned {
            let began = ContinuousClock.now
            var verdict = Verdict.retry
            let reason: String
            switch make(attempt, after: doubtful) {
            case .committed(let outcome):
                committed(attempt, outcome, ContinuousClock.now - began)
                return .committed(outcome)
            case .notOwner:
                handler.didRollBack()
                return fenced(attempt)
            case .tooManyRejects(let error):
                handler.didRollBack()
                logger.error("\(error)", metadata: ["code": "\(error.code)"])
                return .ended(.stopped(error))
            case .failed(let found, let why):
                handler.didRollBack()
                doubtful = nil
                (verdict, reason) = (found, why)
            case .inDoubt(let outcome, let why):
                doubtful = outcome
                reason = why
            }
            hasFailed = true
            switch verdict {
            case .reject where attempt.batch.count > 1, .splitOrRetry where attempt.batch.count > 1,
                .mend where attempt.batch.count > 1:
                return .split
            case .mend(let code, let detail):
                let error = MessagingError.needsMending(
                    attempt.partition, offset: attempt.batch.offset(attempt.batch.indices.lowerBound), code: code,
                    reason: detail)
                logger.error("\(error)", metadata: ["code": "\(code)"])
                return .ended(.stuck(error))
            case .reject(let code, let detail) where attempt.forced == nil:
                let message = attempt.batch.indices.lowerBound
                attempt = attempt.forcing(DeadLetter(message: message, code: code, detail: detail))
            case .reject, .splitOrRetry, .retry:
                guard waitToRetry(attempt.lane, reason) else { return abandoned(attempt) }
            }
        }
        return hasFailed ? abandoned(attempt) : .ended(.abandoned)
    }

    /// One transaction; after a commit in doubt, first a look whether that one stands.
    private func make(_ attempt: Attempt, after doubtful: BatchOutcome?) -> Ended {
        do {
            let connection = try connected()
            if let doubtful {
                switch try finding(attempt, connection) {
                case .committed: return .committed(doubtful)
                case .fenced: return .notOwner
                case .notCommitted: handler.didRollBack()
                }
            }
            return transact(attempt, connection)
        } catch {
            if let doubtful { return .inDoubt(doubtful, reason: "\(error)") }
            return .failed(.retry, reason: "\(error)")
        }
    }

    private func transact(_ attempt: Attempt, _ connection: Connection) -> Ended {
        var outcome = BatchOutcome()
        do throws(TransactionError<BatchFault>) {
            try connection.transaction { transaction throws(BatchFault) in
                outcome = try work(attempt, in: transaction)
            }
            return .committed(outcome)
        } catch {
            switch error {
            case .rolledBack(.notOwner): return .notOwner
            case .rolledBack(.tooManyRejects(let error)): return .tooManyRejects(error)
            case .rolledBack(.work(let cause)): return .failed(Verdict(cause), reason: "\(cause)")
            case .refused(let cause): return .failed(Verdict(cause), reason: "\(cause)")
            case .spoiled: return .failed(.reject(code: error.code, detail: "\(error)"), reason: "\(error)")
            case .inDoubt(let cause): return .inDoubt(outcome, reason: "\(cause)")
            }
        }
    }

    /// The fence, the handler's effects, dead letters, events and figures: all of it or nothing.
    private func work(
        _ attempt: Attempt, in transaction: borrowing Transaction
    ) throws(BatchFault) -> BatchOutcome {
        let claim = attempt.lane.claim
        do {
            guard
                try positions.advance(
                    claim.partition, epoch: claim.epoch, from: attempt.start, to: attempt.batch.nextOffset,
                    in: transaction)
            else { throw BatchFault.notOwner }
            let context = BatchContext(
                consumer: positions.consumer, clusterID: positions.clusterID, partition: claim.partition,
                epoch: claim.epoch, writer: number)
            var outcome = BatchOutcome()
            if let forced = attempt.forced {
                outcome.deadLetters = [forced]
            } else {
                outcome = try handler.process(attempt.batch, in: transaction, context)
            }
            try checkBudget(attempt, rejected: outcome.deadLetters.count)
            try store(outcome, of: attempt, context, in: transaction)
            return outcome
        } catch let error as MessagingError {
            throw .tooManyRejects(error)
        } catch let error as BatchFault {
            throw error
        } catch {
            throw .work(error)
        }
    }

    private func store(
        _ outcome: BatchOutcome, of attempt: Attempt, _ context: BatchContext, in transaction: borrowing Transaction
    ) throws(PostgresError) {
        try deadLetters.store(outcome.deadLetters, of: attempt.batch, context, in: transaction)
        var events = outcome.outbox
        if let topic = settings.deadLetterTopic {
            events += outcome.deadLetters.map {
                DeadLetterStore.event($0, of: attempt.batch, context, topic: topic)
            }
        }
        try outbox.append(events, in: transaction)
        try positions.count(
            attempt.partition, outcome, isUnderSuspicion: attempt.isUnderSuspicion, in: transaction)
    }

    private func finding(_ attempt: Attempt, _ connection: Connection) throws -> CommitFinding {
        try positions.finding(
            attempt.partition, epoch: attempt.lane.claim.epoch, expecting: attempt.batch.nextOffset, on: connection)
    }

    private func committed(_ attempt: Attempt, _ outcome: BatchOutcome, _ duration: Duration) {
        handler.didCommit()
        spendBudget(attempt, rejected: outcome.deadLetters.count)
        metrics.committed(outcome, took: duration)
        worked()
    }

    /// A batch that failed and is wanted no more. If the store ended its transaction because another process has claimed
    /// the partition, it was fenced like one that came too late.
    private func abandoned(_ attempt: Attempt) -> Settled {
        guard attempt.lane.isAbandoned, !control.isStopping, let connection = try? connected(),
            case .fenced? = try? finding(attempt, connection)
        else { return .ended(.abandoned) }
        return fenced(attempt)
    }

    private func fenced(_ attempt: Attempt) -> Settled {
        metrics.wasFenced()
        logger.warning(
            "another process owns the partition; its messages are dropped here",
            metadata: ["partition": "\(attempt.partition)", "epoch": "\(attempt.lane.claim.epoch)"])
        do {
            try positions.countFenced(attempt.partition, on: try connected())
        } catch {
            logger.info("the fenced write was not counted", metadata: ["reason": "\(error)"])
        }
        return .ended(.fenced)
    }
}
