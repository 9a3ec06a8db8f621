import Foundation

/// What the client library measured lately; new every few seconds (`statistics.interval.ms`).
public struct ConsumerStatistics: Hashable, Sendable {
    /// Rebalances of the group that this member has seen.
    public var rebalances: Int
    /// State of the member in its group, such as `up` or `wait-coord`.
    public var groupState: String
    /// Mean round trip of the slowest broker in use, in microseconds.
    public var roundTripMicroseconds: Int
    /// Fetch requests sent since the client was made.
    public var fetches: Int
    /// Messages received since the client was made.
    public var messages: Int
    /// Messages behind the high watermark by what was committed to Kafka; -1 when the library does not know.
    public var lag: [TopicPartition: Int]

    /// Reads the library's JSON document; nil when it is not one.
    init?(json: Data) {
        guard let document = try? JSONSerialization.jsonObject(with: json) as? [String: Any] else { return nil }
        let group = document["cgrp"] as? [String: Any]
        rebalances = group?["rebalance_cnt"] as? Int ?? 0
        groupState = group?["state"] as? String ?? "none"
        let brokers = (document["brokers"] as? [String: Any] ?? [:]).values
        roundTripMicroseconds =
            brokers.compactMap { broker in
                ((broker as? [String: Any])?["rtt"] as? [String: Any])?["avg"] as? Int
            }.max() ?? 0
        fetches =
            brokers.compactMap { broker in
                ((broker as? [String: Any])?["req"] as? [String: Any])?["Fetch"] as? Int
            }.reduce(0, +)
        messages = document["rxmsgs"] as? Int ?? 0
        lag = [:]
        for (topic, value) in document["topics"] as? [String: Any] ?? [:] {
            let partitions = (value as? [String: Any])?["partitions"] as? [String: Any] ?? [:]
            for (number, value) in partitions {
                guard let number = Int32(number), number >= 0, let partition = value as? [String: Any],
                    let behind = partition["consumer_lag"] as? Int
                else { continue }
                lag[TopicPartition(topic, number)] = behind
            }
        }
    }
}
