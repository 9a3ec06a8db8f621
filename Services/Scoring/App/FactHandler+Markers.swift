import Contracts
import Messaging
import Postgres

extension FactHandler {
    mutating func read(
        marker index: Int, of batch: MessageBatch, _ state: PartitionState, _ connection: Connection,
        _ outcome: inout BatchOutcome
    ) throws {
    }
}
