import Messaging
import Postgres

/// Stores each batch of the scores topic; what it makes due is calculated by ``CalculationLoop``.
struct ScoreHandler: BatchHandler {
    private let store = ScoreStore()

    mutating func process(
        _ batch: MessageBatch, in transaction: borrowing Transaction, _ context: BatchContext
    ) throws -> BatchOutcome {
        let events = ScoreBatch(batch)
        let stored = try store.store(events, in: transaction)
        return BatchOutcome(
            applied: stored.applied, duplicates: stored.duplicates,
            deadLetters: events.deadLetters + stored.deadLetters,
            lastEventTime: events.lastEventTime)
    }
}
