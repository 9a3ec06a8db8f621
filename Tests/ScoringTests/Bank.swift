import Contracts
import Domain
import Foundation
import Kafka
import Messaging
import Postgres
import SchemeLibrary
import Schemes
import ScoringCore
import ScoringStores
import ServiceKit
import TestServers

@testable import Scoring

/// A facts topic in memory: what each partition holds, in order.
struct FactLog {
    var partitions: [[StoredMessage]]

    init(partitions: Int) { self.partitions = Array(repeating: [], count: partitions) }

    /// Any fixed choice by key serves here; that of the producer is tested with the broker.
    func partition(of subject: Subject) -> Int {
        let sum = subject.description.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF }
        return sum % partitions.count
    }

    mutating func append(_ fact: Fact) {
        var bytes: [UInt8] = []
        FactCodec.encode(fact, into: &bytes)
        append(bytes, key: fact.subject.description, to: partition(of: fact.subject))
    }

    mutating func append(_ value: [UInt8]?, key: String?, to partition: Int) {
        partitions[partition].append(
            StoredMessage(
                offset: Int64(partitions[partition].count), timestampMilliseconds: 1_772_000_000_000,
                key: key.map { Array($0.utf8) }, value: value))
    }

    mutating func publish(_ scheme: Scheme) {
        for partition in partitions.indices {
            let marker = SchemeMarker(
                institution: scheme.institution, scheme: SchemeReference(scheme: scheme.id, version: scheme.version),
                partition: Int32(partition))
            append(marker.encoded, key: nil, to: partition)
        }
    }

    mutating func close(_ scheme: Scheme, _ period: Period, attempt: Int = 1, assignments: Int64 = 0) {
        for partition in partitions.indices {
            let marker = PeriodMarker(
                close: CloseStore.id(scheme.institution, period), institution: scheme.institution, period: period,
                attempt: attempt, partition: Int32(partition),
                schemes: [SchemeReference(scheme: scheme.id, version: scheme.version)], assignments: assignments)
            append(marker.encoded, key: nil, to: partition)
        }
    }
}

/// A store of its own and workers that read a log into it, without a broker between them.
final class Bank {
    let connection: Connection
    let log: FactLog
    private let library = SchemeLibrary()
    private var positions: [Int]
    private(set) var letters: [String] = []

    init(_ url: String, _ log: FactLog, schemes: [(Scheme, SchemeBundle)]) throws {
        connection = try Connection(ConnectionSettings(url))
        self.log = log
        positions = Array(repeating: 0, count: log.partitions.count)
        try TestSchema.apply(to: connection)
        for (scheme, bundle) in schemes {
            try connection.execute(
                """
                INSERT INTO reference.scheme
                    (institution, name, version, effective_from, effective_to, digest, document, published_by)
                VALUES ($1, $2, $3, $4, $5, $6, $7, 'test')
                """,
                [
                    .text(scheme.institution), .text(scheme.name), .int4(Int32(scheme.version)),
                    .date(scheme.effectiveFrom), .date(scheme.effectiveTo), .text(scheme.digest),
                    .text(try bundle.document()),
                ])
        }
    }

    /// Reads everything, in batches of `size`, each partition by one of `workers`.
    func read(batch size: Int, workers: Int = 1, closesAtOnce: Bool = true, closes: Bool = true) throws {
        var handlers = (0..<workers).map { _ in
            FactHandler(
                options: FactOptions(partitions: log.partitions.count, storesTraces: false), library: library,
                counters: ScoringCounters(MetricsRegistry()))
        }
        for index in handlers.indices { try handlers[index].prepare(connection) }
        while positions.indices.contains(where: { positions[$0] < log.partitions[$0].count }) {
            for partition in positions.indices where positions[partition] < log.partitions[partition].count {
                let messages = log.partitions[partition]
                let end = min(positions[partition] + size, messages.count)
                let batch = MessageBatch(
                    partition: .init(Topic.facts.name, Int32(partition)),
                    messages: Array(messages[positions[partition]..<end]))
                try apply(batch, &handlers[partition % workers])
                positions[partition] = end
            }
            if closesAtOnce { try finishCloses() }
        }
        if closes { try finishCloses() }
    }

    /// Does what the worker's other threads do.
    func finishCloses() throws {
        while try advance() {}
    }

    /// Takes one step of a close; `false` when there is none.
    func advance() throws -> Bool {
        let options = FactOptions(partitions: log.partitions.count, storesTraces: false)
        return try CloseLoop.advance(connection, library, options)
    }

    /// Takes one step of a close and is killed before it stands.
    func dieInTheNextStep() throws {
        struct Killed: Error {}
        do {
            try connection.transaction(.readCommitted) { transaction in
                var work = CloseWork(transaction.connection, library)
                _ = try work.advance(in: transaction)
                throw Killed()
            }
        } catch TransactionError<any Error>.rolledBack(is Killed) {}
    }

    private func apply(_ batch: MessageBatch, _ handler: inout FactHandler) throws {
        let context = BatchContext(
            consumer: "test", clusterID: "test", partition: batch.partition, epoch: 1, writer: 0)
        let attempt = Attempt(handler: handler, batch: batch, context: context)
        let outcome: BatchOutcome
        let (ending, worked) = attempt.run(on: connection)
        handler = worked
        do {
            outcome = try ending.get()
        } catch {
            handler.didRollBack()
            throw error
        }
        handler.didCommit()
        letters += outcome.deadLetters.map { "\(batch.partition.partition)/\(batch.offset($0.message)) \($0.code)" }
    }

    /// Everything that must not depend on how the log was read, as text.
    func dump() throws -> [String] {
        let queries = [
            """
            SELECT concat_ws('|', 'aggregate', s.institution, s.kind, s.id, k.key, a.bucket, a.grp, a.count, a.sum,
                a.weighted, coalesce(a.last::text, '-'), coalesce(a.last_id::text, '-'), coalesce(a.min::text, '-'),
                coalesce(a.max::text, '-'))
            FROM scoring.aggregate a JOIN scoring.subject s ON s.no = a.subject JOIN scoring.series k ON k.no = a.series
            """,
            """
            SELECT concat_ws('|', 'result', r.institution, s.kind, s.id, r.scheme, r.version, r.period, r.revision,
                r.close, r.partition, r.cut_offset, coalesce(r.score, '-'), coalesce(r.grade, '-'), r.figures, r.across,
                r.effects, r.gaps, r.causes::text)
            FROM scoring.result r JOIN scoring.subject s ON s.no = r.subject
            """,
            "SELECT concat_ws('|', 'event', type, event_id, subject, convert_from(payload, 'UTF8')) FROM scoring.outbox",
            "SELECT concat_ws('|', 'finding', id, state) FROM scoring.finding",
            "SELECT concat_ws('|', 'task', id, state, decision) FROM scoring.task",
            "SELECT concat_ws('|', 'grade', id, grade, valid_from, state) FROM scoring.grade",
            "SELECT concat_ws('|', 'close', institution, period, attempt, state, finalised, revised) FROM scoring.close",
        ]
        var lines: [String] = []
        for query in queries { lines += try connection.query(query).map { try $0.text(0) } }
        return lines.sorted() + letters.sorted()
    }

    func events(_ type: EventType) throws -> [String] {
        try connection.query(
            "SELECT convert_from(payload, 'UTF8') FROM scoring.outbox WHERE type = $1 ORDER BY id",
            [.text(type.rawValue)]
        ).map { try $0.text(0) }
    }

    func count(_ sql: String) throws -> Int { Int(try connection.query(sql).first?.int8(0) ?? -1) }
}

/// The tables of the service and of the reference data, as `gradus migrate` makes them.
enum TestSchema {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func apply(to connection: Connection) throws {
        for component in ["Operator", "Scoring"] {
            let folder = root.appending(path: "Services/\(component)/Schema")
            for file in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            where file.hasSuffix(".sql") {
                try connection.run(script: String(contentsOf: folder.appending(path: file), encoding: .utf8))
            }
        }
    }

    /// A pack of deploy/schemes, compiled, and as it is published.
    static func pack(_ path: String) throws -> (Scheme, SchemeBundle) {
        let folder = root.appending(path: "deploy/schemes/\(path)")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".dmn") }
        let bundle = SchemeBundle(
            files: try files.map {
                .init(file: $0, text: try String(contentsOf: folder.appending(path: $0), encoding: .utf8))
            })
        let scheme = try Scheme(compiling: bundle.files.map { SchemeSource(file: $0.file, text: $0.text) })
        return (scheme, bundle)
    }
}

/// One batch in one transaction, as the consumer loop makes it.
private struct Attempt {
    let handler: FactHandler
    let batch: MessageBatch
    let context: BatchContext

    func run(on connection: Connection) -> (ending: Result<BatchOutcome, any Error>, handler: FactHandler) {
        var handler = handler
        do {
            let outcome = try connection.transaction(.readCommitted) { transaction in
                let outcome = try handler.process(batch, in: transaction, context)
                try OutboxStore(schema: "scoring").append(outcome.outbox, in: transaction)
                return outcome
            }
            return (.success(outcome), handler)
        } catch {
            if case .rolledBack(let cause) = error { return (.failure(cause), handler) }
            return (.failure(error), handler)
        }
    }
}
