import Domain
import IntakeCore
import Kafka
import Logging
import Messaging
import Postgres

/// An ingestor with a session of its own: the doors that are not Kafka take their records through it.
struct IngestSession {
    let connection: Connection
    var ingestor: Ingestor
    let metrics: IntakeMetrics

    /// Attempts before the caller is told to come again.
    static let attempts = 4

    /// Takes the input in one transaction together with what `and` adds, and keeps refused records as dead letters.
    ///
    /// An outage is tried again a few times. Repetition is harmless: what was taken is known again.
    mutating func take(
        _ input: IngestInput, door: Door, and: (Transaction, IngestResult) throws -> Void = { _, _ in }
    ) throws -> IngestResult {
        var last: (any Error)?
        for _ in 0..<Self.attempts {
            do {
                let result = try once(input, door, and)
                metrics.count(result, source: ingestor.catalogue.id(input.source))
                return result
            } catch {
                guard Self.isTransient(error) else { throw error }
                last = error
            }
        }
        throw IntakeFault.unavailable(Self.code(last))
    }

    /// Where records came from, for their dead letters.
    struct Door {
        var name: String
        /// The request or the file.
        var trace: String
        /// The number of the input's first record.
        var firstRecord: Int64 = 0
    }

    private mutating func once(
        _ input: IngestInput, _ door: Door, _ and: (Transaction, IngestResult) throws -> Void
    ) throws -> IngestResult {
        if connection.isBroken { try connection.reconnect() }
        // Not a mutable capture: the transaction's body may run only once.
        return try connection.transaction(.readCommitted) { transaction throws(any Error) in
            let transaction = copy transaction
            let result = try retriable { try ingestor.ingest(input, in: transaction) }
            try DoorRejects().keep(result, of: input, ingestor.catalogue.id(input.source), door, in: transaction)
            try and(transaction, result)
            return result
        }
    }

    static func isTransient(_ error: any Error) -> Bool {
        switch error {
        case let error as TransactionError<any Error>:
            if case .rolledBack(let inner) = error { return isTransient(inner) }
            return error.isTransient
        case let error as PostgresError: return error.isTransient
        case let error as any ClassifiedFault: return error.isTransient
        default: return error is KafkaError
        }
    }

    private static func code(_ error: (any Error)?) -> String {
        switch error {
        case let error as TransactionError<any Error>: error.code
        case let error as PostgresError: error.code
        case let error as KafkaError: error.code
        default: "GR-INTAKE-010"
        }
    }
}

/// Keeps the records that a door other than Kafka refused.
struct DoorRejects {
    func keep(
        _ result: IngestResult, of input: IngestInput, _ source: String, _ door: IngestSession.Door,
        in transaction: Transaction
    ) throws(PostgresError) {
        for (place, outcome) in result.outcomes.enumerated() {
            guard case .rejected(let problems) = outcome else { continue }
            try transaction.execute(
                """
                INSERT INTO intake.dead_letter
                  (consumer, cluster_id, topic, partition, "offset", value, code, detail, trace)
                VALUES ('gradus-intake', $1, $2, 0, $3, $4, $5, $6, $7)
                """,
                [
                    .text(door.name), .text(source), .int8(door.firstRecord + Int64(place)),
                    .bytes(Array(input.bytes[input.ranges[place]])),
                    .text(problems.first?.code.rawValue ?? "GR-INTAKE-100"),
                    .text(problems.map { $0.description }.joined(separator: " | ")), .text(door.trace),
                ])
        }
    }
}
