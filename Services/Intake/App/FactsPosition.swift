import Contracts
import Kafka
import Postgres

/// Tells whether Scoring has stored everything that stands on the facts topic.
struct FactsPosition {
    let topics: TopicAdministration

    /// The end of each partition now.
    func ends() throws -> [Int32: Int64] {
        guard let count = try topics.partitionCount(of: Topic.facts.name) else { return [:] }
        var ends: [Int32: Int64] = [:]
        for partition in 0..<Int32(count) {
            ends[partition] = try topics.watermarks(of: TopicPartition(Topic.facts.name, partition)).high
        }
        return ends
    }

    /// Whether there is a store of facts to compare with.
    func hasStore(on connection: Connection) throws(PostgresError) -> Bool {
        try connection.query(
            """
            SELECT to_regclass('scoring.published_fact') IS NOT NULL
               AND to_regclass('scoring.published_position') IS NOT NULL
            """)[0].bool(0)
    }

    func isStored(_ ends: [Int32: Int64], on connection: Connection) throws(PostgresError) -> Bool {
        var stored: [Int32: Int64] = [:]
        let rows = try connection.query(
            "SELECT partition, next_offset FROM scoring.published_position WHERE topic = $1", [.text(Topic.facts.name)])
        for row in rows { stored[try row.int4(0)] = try row.int8(1) }
        return ends.allSatisfy { $0.value == 0 || stored[$0.key, default: 0] >= $0.value }
    }
}
