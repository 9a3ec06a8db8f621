import Contracts
public import Domain
public import Postgres
import ScoringCore

// What keeps a close from going on.
extension CloseStore {
    /// A step of a close that fails although the store is there: its data have to be mended, or the program.
    public struct Obstacle: Hashable, Sendable {
        public let close: UUID128
        public let institution: String
        public let period: String
        /// `nil` when the close as a whole cannot go on.
        public let partition: Int32?
        /// The marker's offset, where a marker cannot be evaluated.
        public let offset: Int64?
        public let code: String
        public let reason: String

        public init(
            close: UUID128, institution: String, period: String, partition: Int32?, offset: Int64?, code: String,
            reason: String
        ) {
            self.close = close
            self.institution = institution
            self.period = period
            self.partition = partition
            self.offset = offset
            self.code = code
            self.reason = reason
        }

        /// What `error` says about the marker at a place; `nil` for an outage, which passes by itself.
        public init?(_ error: any Error, at place: MarkerStore.Waiting) {
            self.init(
                error, close: place.marker.close, place.marker.institution, place.marker.period,
                partition: place.partition, offset: place.offset)
        }

        /// What `error` says about a step of a close; `nil` for an outage.
        public init?(_ error: any Error, in close: Attempt, partition: Int32?) {
            self.init(
                error, close: close.id, close.institution, close.period, partition: partition, offset: nil)
        }

        private init?(
            _ error: any Error, close: UUID128, _ institution: String, _ period: Period, partition: Int32?,
            offset: Int64?
        ) {
            guard let fault = Self.fault(error) else { return nil }
            self.init(
                close: close, institution: institution, period: period.description, partition: partition,
                offset: offset, code: fault.code, reason: fault.reason)
        }

        /// Values that the store refuses and values that cannot be read; a lost connection is neither.
        private static func fault(_ error: any Error) -> (code: String, reason: String)? {
            switch error {
            case TransactionError<any Error>.rolledBack(let cause): return fault(cause)
            case let error as TransactionError<any Error>:
                return error.postgresError.flatMap { fault($0) }
            case let error as PostgresError:
                guard case .rejected(let rejection) = error else {
                    if case .undecodable = error { return (error.code, "\(error)") }
                    return nil
                }
                let isData = ["22", "23"].contains(rejection.state.rawValue.prefix(2))
                return isData ? (error.code, "\(rejection)") : nil
            case let error as ScoringFault: return (error.code, "\(error)")
            default: return ("GR-SCORING-010", "unexpected error: \(type(of: error))")
            }
        }
    }

    /// A condition: the step has not failed within the last half minute. One that fails must not keep others waiting.
    static func isNotResting(close: String, partition: String) -> String {
        """
        NOT EXISTS (
            SELECT FROM scoring.close_obstacle o
            WHERE o.close = \(close) AND o.partition = \(partition) AND o.last_at > now() - interval '30 seconds')
        """
    }

    /// What keeps closes from going on, the oldest first.
    public func obstacles() throws(PostgresError) -> [Obstacle] {
        try connection.query(
            """
            SELECT close, institution, period, nullif(partition, -1), "offset", code, reason FROM scoring.close_obstacle
            ORDER BY first_at, close, partition
            """
        ).map { row throws(PostgresError) in
            Obstacle(
                close: try row.uuid(0), institution: try row.text(1), period: try row.text(2),
                partition: try row.optionalInt2(3).map(Int32.init), offset: try row.optionalInt8(4),
                code: try row.text(5), reason: try row.text(6))
        }
    }

    /// Writes down that a step has failed (again).
    public func note(_ obstacle: Obstacle) throws(PostgresError) {
        try connection.execute(
            """
            INSERT INTO scoring.close_obstacle AS o (close, partition, institution, period, "offset", code, reason)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (close, partition) DO UPDATE SET code = excluded.code, reason = excluded.reason,
                "offset" = excluded."offset", last_at = now(), tries = o.tries + 1
            """,
            [
                .uuid(obstacle.close), .int2(Int16(obstacle.partition ?? -1)), .text(obstacle.institution),
                .text(obstacle.period), .int8(obstacle.offset), .text(obstacle.code), .text(obstacle.reason),
            ])
    }

    /// Forgets an obstacle: the step has succeeded.
    public func clearObstacle(of close: UUID128, partition: Int32?) throws(PostgresError) {
        try connection.execute(
            "DELETE FROM scoring.close_obstacle WHERE close = $1 AND partition = $2",
            [.uuid(close), .int2(Int16(partition ?? -1))])
    }
}
