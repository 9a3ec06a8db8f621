import Domain
import Foundation
import Kafka
import Postgres
import ScoringStores

/// Where every consumer stands and what waits in the store.
struct PipelineStatus: Encodable {
    struct Position: Encodable {
        let service: String
        let consumer: String
        let topic: String
        let partition: Int32
        let position: Int64
        let end: Int64
        let lag: Int64
        /// Seconds since the last event's own time; absent when nothing is behind.
        let lagSeconds: Int64?
        let applied: Int64
        let duplicates: Int64
        let rejected: Int64
        let fenced: Int64
        let owner: String
    }

    struct Waiting: Encodable {
        let service: String
        let outbox: Int64
        let deadLetters: Int64
    }

    struct Close: Encodable {
        let institution: String
        let period: String
        let state: String
    }

    /// A step of a close that fails although the store is there.
    struct Obstacle: Encodable {
        let institution: String
        let period: String
        /// Absent when the close as a whole cannot go on.
        let partition: Int32?
        /// The marker's, where a marker cannot be evaluated.
        let offset: Int64?
        let code: String
        let reason: String
    }

    let positions: [Position]
    let waiting: [Waiting]
    let suspense: Int64
    /// Customers and managers whose reference data changed and whose credits are still to be looked at again.
    let recrediting: Int64
    /// Deliveries of notices that are due and not yet made.
    let deliveries: Int64
    let lastCloses: [Close]
    /// What keeps closes from going on until somebody mends it.
    let obstacles: [Obstacle]

    /// True when everything sent has been taken in and everything to publish is published.
    var isIdle: Bool {
        positions.allSatisfy { $0.lag == 0 } && waiting.allSatisfy { $0.outbox == 0 } && deliveries == 0
    }

    init(_ connection: Connection, _ administration: TopicAdministration) throws {
        let schemas = try ServiceSchema.present(on: connection)
        var ends: [TopicPartition: Int64] = [:]
        // Ends are read before positions, and a topic nobody has read yet counts in full.
        for (topic, count) in try administration.partitionCounts() where !topic.hasPrefix("_") {
            for partition in 0..<Int32(count) {
                let place = TopicPartition(topic, partition)
                ends[place] = try administration.watermarks(of: place).high
            }
        }
        positions = try schemas.flatMap { try Self.positions($0, connection, ends) }
        waiting = try schemas.map { schema in
            let row = try connection.query(
                """
                SELECT (SELECT count(*) FROM \(schema.rawValue).outbox),
                       (SELECT count(*) FROM \(schema.rawValue).dead_letter WHERE state = 'new')
                """)[0]
            return Waiting(service: schema.rawValue, outbox: try row.int8(0), deadLetters: try row.int8(1))
        }
        suspense = try Self.count(
            "intake.suspense", "SELECT count(*) FROM intake.suspense WHERE released_at IS NULL", connection)
        recrediting = try Self.count("intake.pending", "SELECT count(*) FROM intake.pending", connection)
        deliveries = try Self.count(
            "notices.delivery",
            "SELECT count(*) FROM notices.delivery WHERE state = 'pending' AND next_attempt_at <= now()", connection)
        lastCloses = try Self.closes(connection)
        obstacles = try Self.obstacles(connection)
    }

    private static func positions(
        _ schema: ServiceSchema, _ connection: Connection, _ ends: [TopicPartition: Int64]
    ) throws -> [Position] {
        try connection.query(
            """
            SELECT consumer, topic, partition, next_offset, applied, duplicates, rejected, fenced, owner,
                   greatest(0, extract(epoch FROM now() - last_event_time))::bigint
            FROM \(schema.rawValue).stream_offset ORDER BY consumer, topic, partition
            """
        ).map { row in
            let place = TopicPartition(try row.text(1), try row.int4(2))
            let position = try row.int8(3)
            let end = max(ends[place] ?? position, position)
            return Position(
                service: schema.rawValue, consumer: try row.text(0), topic: place.topic, partition: place.partition,
                position: position, end: end, lag: end - position,
                lagSeconds: end > position ? try row.optionalInt8(9) : nil, applied: try row.int8(4),
                duplicates: try row.int8(5), rejected: try row.int8(6), fenced: try row.int8(7), owner: try row.text(8))
        }
    }

    private static func closes(_ connection: Connection) throws -> [Close] {
        guard try exists("scoring.close", connection) else { return [] }
        return try connection.query(
            """
            SELECT DISTINCT ON (institution) institution, period, state FROM scoring.close
            ORDER BY institution, requested_at DESC
            """
        ).map { Close(institution: try $0.text(0), period: try $0.text(1), state: try $0.text(2)) }
    }

    private static func obstacles(_ connection: Connection) throws -> [Obstacle] {
        guard try exists("scoring.close_obstacle", connection) else { return [] }
        return try CloseStore(connection).obstacles().map {
            Obstacle(
                institution: $0.institution, period: $0.period, partition: $0.partition, offset: $0.offset,
                code: $0.code, reason: $0.reason)
        }
    }

    private static func count(_ table: String, _ sql: String, _ connection: Connection) throws -> Int64 {
        try exists(table, connection) ? connection.query(sql)[0].int8(0) : 0
    }

    private static func exists(_ table: String, _ connection: Connection) throws -> Bool {
        try connection.query("SELECT to_regclass($1) IS NOT NULL", [.text(table)])[0].bool(0)
    }
}

extension PipelineStatus {
    /// Reads until everything sent has passed through all services.
    ///
    /// Idle must hold three times in a row: between two services an event is for a moment neither lag nor outbox.
    static func whenIdle(within seconds: Int, _ read: () throws -> PipelineStatus) throws -> PipelineStatus {
        var progress = Progress()
        defer { progress.finish() }
        var idleReadings = 0
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let status = try read()
            idleReadings = status.isIdle ? idleReadings + 1 : 0
            if idleReadings == 3 { return status }
            guard ContinuousClock.now < deadline else {
                throw OperatorError(
                    "GR-OPERATOR-060", "not idle after \(seconds) s: \(status.summary); see gradus status")
            }
            progress.show("waiting: \(status.summary)")
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    private var summary: String {
        let lag = positions.map(\.lag).reduce(0, +)
        let outbox = waiting.map(\.outbox).reduce(0, +)
        return
            "\(lag) events behind, \(outbox) to publish, \(recrediting) to credit anew, \(deliveries) notices to deliver"
    }
}
