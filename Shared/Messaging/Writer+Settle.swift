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

    init(_ error: any Error) {
        switch error {
        case let error as PostgresError: self.init(error)
        case let error as TransactionError<PostgresError>: self.init(error.postgresError)
        case let error as TransactionError<any Error>: self.init(error.postgresError)
        case is KafkaError: self = .retry
        case let error as any ClassifiedFault:
            self = error.isTransient ? .retry : .reject(code: error.code, detail: "\(error)")
        default: self = .reject(code: "GR-MSG-010", detail: "unexpected error: \(type(of: error))")
        }
    }

    /// Only a value can be a message's own fault. Missing tables or rights, full disks and lost connections are not.
    private init(_ error: PostgresError?) {
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

extension Writer {
    /// Tries until the messages are applied, rejected, or nobody wants them any more.
    func settle(_ first: Attempt) -> Settled {
        var attempt = first
        var isInDoubt = false
        var outcome = BatchOutcome()
        while true {
            guard !attempt.lane.isAbandoned else { return .ended(.abandoned) }
            let began = ContinuousClock.now
            var verdict = Verdict.retry
            var reason = ""
            do {
                let connection = try connected()
                let finding = isInDoubt ? try self.finding(attempt, connection) : .notCommitted
                if isInDoubt, finding != .committed { handler.didRollBack() }
                isInDoubt = false
                if finding == .fenced { return fenced(attempt, connection) }
                if finding == .notCommitted { try transact(attempt, &outcome, connection) }
                committed(attempt, outcome, ContinuousClock.now - began)
                return .committed(outcome)
            } catch TransactionError<BatchFault>.inDoubt(let error) {
                isInDoubt = true
                reason = "\(error)"
            } catch TransactionError<BatchFault>.rolledBack(.notOwner) {
                handler.didRollBack()
                return fenced(attempt, try? connected())
            } catch TransactionError<BatchFault>.rolledBack(.tooManyRejects(let error)) {
                handler.didRollBack()
                logger.error("\(error)", metadata: ["code": "\(error.code)"])
                return .ended(.stopped(error))
            } catch {
                if !isInDoubt { handler.didRollBack() }
                (verdict, reason) = Self.judge(error)
            }
            switch verdict {
            case .reject where attempt.batch.count > 1, .splitOrRetry where attempt.batch.count > 1: return .split
            case .reject(let code, let detail) where attempt.forced == nil:
                let message = attempt.batch.indices.lowerBound
                attempt = attempt.forcing(DeadLetter(message: message, code: code, detail: detail))
            case .reject, .splitOrRetry, .retry:
                guard waitToRetry(attempt.lane, reason) else { return .ended(.abandoned) }
            }
        }
    }

    private static func judge(_ error: any Error) -> (Verdict, String) {
        guard let error = error as? TransactionError<BatchFault> else { return (.retry, "\(error)") }
        switch error {
        case .rolledBack(.work(let cause)): return (Verdict(cause), "\(cause)")
        case .refused(let cause): return (Verdict(cause), "\(cause)")
        case .rolledBack, .inDoubt: return (.retry, "\(error)")
        case .spoiled: return (.reject(code: error.code, detail: "\(error)"), "\(error)")
        }
    }

    /// The fence, the handler's effects, dead letters, events and figures: all of it or nothing.
    private func transact(_ attempt: Attempt, _ result: inout BatchOutcome, _ connection: Connection) throws {
        let claim = attempt.lane.claim
        let context = BatchContext(
            consumer: positions.consumer, clusterID: positions.clusterID, partition: claim.partition,
            epoch: claim.epoch, writer: number)
        try connection.transaction { transaction throws(BatchFault) in
            let isOwner: Bool
            do throws(PostgresError) {
                isOwner = try positions.advance(
                    claim.partition, epoch: claim.epoch, from: attempt.start, to: attempt.batch.nextOffset,
                    in: transaction)
            } catch {
                throw .work(error)
            }
            guard isOwner else { throw .notOwner }
            do {
                result =
                    if let forced = attempt.forced {
                        BatchOutcome(deadLetters: [forced])
                    } else {
                        try handler.process(attempt.batch, in: transaction, context)
                    }
            } catch {
                throw .work(error)
            }
            do throws(MessagingError) {
                try checkBudget(attempt, rejected: result.deadLetters.count)
            } catch {
                throw .tooManyRejects(error)
            }
            do throws(PostgresError) {
                try store(result, of: attempt, context, in: transaction)
            } catch {
                throw .work(error)
            }
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

    private func fenced(_ attempt: Attempt, _ connection: Connection?) -> Settled {
        metrics.wasFenced()
        logger.warning(
            "another process owns the partition; its messages are dropped here",
            metadata: ["partition": "\(attempt.partition)", "epoch": "\(attempt.lane.claim.epoch)"])
        do throws(PostgresError) {
            if let connection { try positions.countFenced(attempt.partition, on: connection) }
        } catch {
            logger.info("the fenced write was not counted", metadata: ["code": "\(error.code)"])
        }
        return .ended(.fenced)
    }
}
