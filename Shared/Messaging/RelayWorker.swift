import CoreMetrics
import Foundation
import Kafka
import Logging
import Postgres

/// The relay's thread: its session, its lease and its producer.
final class RelayWorker {
    private let settings: OutboxRelaySettings
    private let store: OutboxStore
    private let logger: Logger
    private let owner: String
    private let change: ((inout OutboxRelayStatus) -> Void) -> Void
    private let isStopping: () -> Bool
    private let rowsGauge: Gauge
    private let oldestGauge: Gauge
    private let errors: Counter
    private var connection: Connection?
    private var producer: Producer
    private var topics: [String: ProducerTopic] = [:]
    private var headers = HeaderBuffer()
    private var epoch: Int64?
    private var nextCount = ContinuousClock.now
    private var nextRenewal = ContinuousClock.now

    init(
        _ settings: OutboxRelaySettings, _ logger: Logger,
        _ change: @escaping ((inout OutboxRelayStatus) -> Void) -> Void, isStopping: @escaping () -> Bool
    ) throws {
        self.settings = settings
        self.logger = logger
        self.change = change
        self.isStopping = isStopping
        store = OutboxStore(schema: settings.schema)
        let process = ProcessInfo.processInfo
        owner = "\(process.hostName)/\(process.processIdentifier)/\(UInt32.random(in: 0...UInt32.max))"
        let labels = [("schema", settings.schema), ("shard", String(settings.shard))]
        rowsGauge = Gauge(label: "gradus_outbox_rows", dimensions: labels)
        oldestGauge = Gauge(label: "gradus_outbox_oldest_seconds", dimensions: labels)
        errors = Counter(label: "gradus_relay_publish_errors_total", dimensions: labels)
        producer = try Producer(settings.kafka, logger: logger)
    }

    /// Publishes one batch; gives the number of rows removed.
    func round() throws -> Int {
        let connection = try connected()
        guard let epoch = try lease(connection) else { return 0 }
        try count(connection)
        let events = try store.pending(shard: settings.shard, limit: settings.batchEvents, on: connection)
        guard !events.isEmpty else {
            change { $0.problem = nil }
            return 0
        }
        let (published, failure) = try publish(events)
        if !published.isEmpty {
            guard
                try store.remove(
                    published, shard: settings.shard, epoch: epoch, leaseSeconds: settings.leaseSeconds, on: connection)
            else {
                lostLease()
                return 0
            }
            nextRenewal = .now + .seconds(Int(settings.leaseSeconds) / 3)
        }
        change { status in
            status.published += Int64(published.count)
            status.problem = failure.map { "\($0)" }
        }
        if let failure { throw failure }
        return published.count
    }

    /// Sends the events in order and says which rows are done: those acknowledged, up to the first failure of their key.
    private func publish(_ events: [PendingEvent]) throws -> (done: [Int64], failure: KafkaError?) {
        let batch = producer.makeBatch()
        var sent: [PendingEvent] = []
        var refused: [Int64: KafkaError] = [:]
        do {
            for event in events {
                if let error = try attempt(event.row, in: batch) {
                    refused[event.id] = error
                } else {
                    sent.append(event)
                }
            }
            let report = try acknowledgements(of: batch)
            for failure in report.failures { refused[sent[failure.index].id] = failure.error }
        } catch {
            errors.increment()
            if producer.fatalError != nil { try replaceProducer() }
            throw error
        }
        errors.increment(by: refused.count)
        var blocked: Set<[UInt8]?> = []
        var done: [Int64] = []
        for event in events {
            if refused[event.id] != nil { blocked.insert(event.row.key) }
            if !blocked.contains(event.row.key) { done.append(event.id) }
        }
        return (done, events.lazy.compactMap { refused[$0.id] }.first)
    }

    /// Queues one event. Gives the error of an event that alone cannot be sent, such as one that is too large: its key waits
    /// behind it. Throws what stops all of them.
    private func attempt(_ row: OutboxRow, in batch: DeliveryBatch) throws(KafkaError) -> KafkaError? {
        do throws(KafkaError) {
            try produce(row, in: batch)
            return nil
        } catch {
            if error.isFatal || error.isRetriable { throw error }
            return error
        }
    }

    /// Waits in short steps, so that the lease is kept and a stop is heard while the brokers are away.
    private func acknowledgements(of batch: DeliveryBatch) throws -> DeliveryReport {
        while true {
            do {
                return try producer.wait(for: batch, timeoutMilliseconds: 500)
            } catch {
                guard case .timedOut = error, !isStopping(), let connection, try lease(connection) != nil else {
                    throw error
                }
            }
        }
    }

    private func produce(_ row: OutboxRow, in batch: DeliveryBatch) throws(KafkaError) {
        headers.removeAll()
        row.event.write(to: &headers)
        if !row.headers.encoded.isEmpty {
            for (name, value) in row.headers.all { headers.append(name: name, value: value) }
        }
        let topic = try topic(row.topic)
        try lend(row.key) { key throws(KafkaError) in
            try lend(row.payload) { payload throws(KafkaError) in
                try producer.produce(
                    to: topic, partition: row.partition, key: key, value: payload, headers: headers, in: batch)
            }
        }
    }

    /// Lends bytes for one call; nil stays nil.
    private func lend(
        _ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) throws(KafkaError) -> Void
    ) throws(KafkaError) {
        guard let bytes else { return try body(nil) }
        let outcome: Result<Void, KafkaError> = bytes.withUnsafeBytes { buffer in
            do throws(KafkaError) {
                return .success(try body(buffer))
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
    }

    private func topic(_ name: String) throws(KafkaError) -> ProducerTopic {
        if let known = topics[name] { return known }
        let made = try producer.topic(name)
        topics[name] = made
        return made
    }

    /// After a fatal error the producer is beyond repair; what it had not delivered is still in the table.
    private func replaceProducer() throws {
        logger.warning("the outbox's producer is replaced after a fatal error")
        topics.removeAll()
        producer = try Producer(settings.kafka, logger: logger)
        change { $0.producersReplaced += 1 }
    }

    private func connected() throws -> Connection {
        if let connection, !connection.isBroken { return connection }
        if let connection {
            try connection.reconnect()
            return connection
        }
        let made = try Connection(settings.database)
        connection = made
        return made
    }

    private func lease(_ connection: Connection) throws -> Int64? {
        let now = ContinuousClock.now
        if let epoch {
            if now < nextRenewal { return epoch }
            if try store.renew(
                shard: settings.shard, epoch: epoch, leaseSeconds: settings.leaseSeconds, connection)
            {
                nextRenewal = now + .seconds(Int(settings.leaseSeconds) / 3)
                return epoch
            }
            lostLease()
        }
        epoch = try store.acquire(
            shard: settings.shard, owner: owner, leaseSeconds: settings.leaseSeconds, on: connection)
        nextRenewal = now + .seconds(Int(settings.leaseSeconds) / 3)
        change { $0.isActive = epoch != nil }
        return epoch
    }

    private func lostLease() {
        logger.warning("another relay publishes the shard now", metadata: ["shard": "\(settings.shard)"])
        epoch = nil
        change { $0.isActive = false }
    }

    private func count(_ connection: Connection) throws {
        let now = ContinuousClock.now
        guard now >= nextCount else { return }
        nextCount = now + .seconds(5)
        let backlog = try store.backlog(shard: settings.shard, on: connection)
        rowsGauge.record(backlog.rows)
        oldestGauge.record(backlog.oldestSeconds)
        change { status in
            status.rows = backlog.rows
            status.oldestSeconds = backlog.oldestSeconds
        }
    }

    /// Gives the lease up, so that another relay can take over at once.
    func close() {
        if let connection, let epoch, !connection.isBroken {
            do throws(PostgresError) {
                try store.release(shard: settings.shard, epoch: epoch, on: connection)
            } catch {
                logger.info("the outbox's lease runs out by itself", metadata: ["code": "\(error.code)"])
            }
        }
        connection?.close()
    }
}
