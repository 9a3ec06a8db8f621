import Contracts
import Domain
import Foundation
import Kafka
import Logging
import Postgres
import TestServers

/// Reads the facts topic from its start, and stores what it reads as Scoring does.
final class FactLog {
    private let consumer: Consumer
    private let partitions: Int32 = 3
    private(set) var facts: [Fact] = []
    private(set) var keys: [String] = []
    /// By source id, the trace of the facts that have one.
    private(set) var traces: [String: String] = [:]
    private var places: [(partition: Int32, offset: Int64)] = []
    private var stored = 0
    /// By partition, where reading goes on.
    private var next: [Int32: Int64] = [:]

    init(_ broker: KafkaBroker) throws {
        consumer = try Consumer(
            broker.configuration(["group.id": "log-\(UUID().uuidString)"]), logger: Logger(label: "test"))
        try consumer.assign((0..<partitions).map { StartPosition(TopicPartition(Topic.facts.name, $0), at: 0) })
    }

    deinit { consumer.close() }

    /// Reads everything that the topic holds now.
    @discardableResult
    func read() throws -> [Fact] {
        var missing = 0
        for partition in 0..<partitions {
            let known = try consumer.watermarks(
                of: TopicPartition(Topic.facts.name, partition), timeoutMilliseconds: 10_000)
            missing += Int(known.high - (next[partition] ?? 0))
        }
        for _ in 0..<300 where missing > 0 {
            _ = try consumer.poll(timeoutMilliseconds: 100, limit: 10_000) { message in
                missing -= 1
                let partition = consumer.partitions[message.slot].partition
                next[partition] = message.offset + 1
                guard let value = message.value, let fact = try? FactCodec.decode(Array(value).span) else { return }
                facts.append(fact)
                traces[fact.sourceID] = FactCodec.traceparent(Array(value).span)
                keys.append(message.key.map { String(decoding: $0, as: UTF8.self) } ?? "")
                places.append((partition, message.offset))
            }
        }
        return facts
    }

    /// Facts without repeated ids.
    var distinct: [Fact] {
        var seen: Set<UUID128> = []
        return facts.filter { seen.insert($0.id).inserted }
    }

    /// The net effect of every fact: Σ sign · amount by manager, type and date.
    var effects: [String: String] {
        var sums: [String: Int64] = [:]
        for fact in distinct {
            let name = "\(fact.subject.id) \(fact.type) \(fact.businessDate)"
            sums[name, default: 0] += Int64(fact.sign) * (fact.amount?.tenThousandths ?? 10_000)
        }
        return sums.filter { $0.value != 0 }.mapValues { Quantity(tenThousandths: $0).description }
    }

    /// Stores what was read and moves the published position, as Scoring would.
    func store(on connection: Connection) throws {
        for index in stored..<facts.count {
            let fact = facts[index]
            try connection.execute(
                """
                WITH s AS (
                  INSERT INTO scoring.subject (institution, kind, id, partition) VALUES ($1, $2, $3, $4)
                  ON CONFLICT (institution, kind, id) DO UPDATE SET partition = $4 RETURNING no),
                t AS (INSERT INTO scoring.fact_type (name) VALUES ($5) ON CONFLICT (name) DO UPDATE SET name = $5 RETURNING no)
                INSERT INTO scoring.fact (occurred_at, amount, "offset", subject, business_date, type, sign, partition, kept,
                  id, customer, assignment, payload)
                SELECT 0, $6, $7, s.no, $8, t.no, $9, $4, false, $10, $11, $12, $13 FROM s, t ON CONFLICT DO NOTHING
                """,
                [
                    .text(fact.subject.institution), .text(fact.subject.kind.rawValue), .text(fact.subject.id),
                    .int2(Int16(places[index].partition)), .text(fact.type), .int8(fact.amount?.tenThousandths),
                    .int8(places[index].offset), .date(fact.businessDate), .int2(Int16(fact.sign)), .uuid(fact.id),
                    .text(fact.customer), .text(fact.assignment), .text(payload(fact)),
                ])
            try connection.execute(
                """
                INSERT INTO scoring.stream_offset (consumer, cluster_id, topic, partition, next_offset, owner)
                VALUES ('gradus-scoring', 'c', $1, $2, $3, 'test')
                ON CONFLICT (consumer, cluster_id, topic, partition) DO UPDATE SET next_offset = $3
                """, [.text(Topic.facts.name), .int4(places[index].partition), .int8(places[index].offset + 1)])
        }
        stored = facts.count
    }

    private func payload(_ fact: Fact) -> String {
        var bytes: [UInt8] = []
        FactCodec.encode(fact, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
