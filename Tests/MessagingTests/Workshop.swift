import Foundation
import Kafka
import Ledger
import Logging
import Messaging
import Postgres
import TestServers
import Testing

let quiet: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = ProcessInfo.processInfo.environment["GRADUS_TEST_LOG"] == nil ? .critical : .debug
    return logger
}()

/// A topic, a database with a ledger, and loops that work on them.
final class Workshop: @unchecked Sendable {
    static let mock = Result { try KafkaBroker.mock(brokers: 1) }

    let broker: KafkaBroker
    let url: String
    let topic: String
    let group: String
    let partitions: Int
    let connection: Connection

    init(url: String, partitions: Int = 4) throws {
        broker = try Self.mock.get()
        self.url = url
        self.partitions = partitions
        let name = UUID().uuidString.prefix(8).lowercased()
        topic = "in-\(name)"
        group = "g-\(name)"
        try #require(broker.command("topic \(topic) \(partitions)") == "ok")
        connection = try Connection(ConnectionSettings(url))
        try connection.run(script: "SET client_min_messages = warning; " + LedgerHandler.schema())
    }

    /// Sends the values, spread over the partitions in turn; a key is `k` and the partition's number unless `key` says.
    func send(_ values: [String], to topic: String? = nil, key: (Int) -> String? = { _ in nil }) throws {
        let producer = try Producer(broker.configuration(), logger: quiet)
        let target = try producer.topic(topic ?? self.topic)
        let batch = producer.makeBatch()
        var headers = HeaderBuffer()
        headers.append("ce_type", "test.v1")
        for (index, value) in values.enumerated() {
            let partition = index % partitions
            let key = Array((key(index) ?? "k\(partition)").utf8)
            let bytes = Array(value.utf8)
            try key.withUnsafeBytes { key in
                try bytes.withUnsafeBytes { value in
                    _ = try producer.produce(
                        to: target, partition: Int32(partition), key: key, value: value, headers: headers, in: batch)
                }
            }
        }
        try #require(try producer.wait(for: batch).isComplete)
    }

    func settings(_ change: (inout ConsumerLoopSettings) -> Void = { _ in }) throws -> ConsumerLoopSettings {
        var settings = ConsumerLoopSettings(
            consumer: group, topics: [topic], kafka: broker.configuration(), database: try ConnectionSettings(url),
            schema: "svc")
        settings.kafkaCommitInterval = .milliseconds(200)
        change(&settings)
        return settings
    }

    /// Runs a loop on a thread of its own while `body` runs.
    func withLoop<Value>(
        _ settings: ConsumerLoopSettings,
        handler: @escaping @Sendable (Int) -> LedgerHandler = { _ in LedgerHandler() },
        _ body: (ConsumerLoop) throws -> Value
    ) throws -> Value {
        let loop = ConsumerLoop(settings, logger: quiet) { handler($0) }
        let running = Running(loop)
        defer { running.stop() }
        let value = try body(loop)
        running.stop()
        if let failure = running.failure { throw failure }
        return value
    }

    /// Starts a loop in a process of its own. `kafkaGroup` other than the others' saves the wait for a killed member's
    /// session: the positions are the same, because they are kept under the consumer's name.
    func startWorker(
        batch: Int = 500, delayMicroseconds: Int = 0, kafkaGroup: String? = nil
    ) throws -> ChildProcess {
        let worker = try ChildProcess(
            KafkaBroker.testProgram("LedgerWorker"), [],
            environment: [
                "LEDGER_BOOTSTRAP": broker.bootstrap, "LEDGER_CONSUMER": group, "LEDGER_TOPIC": topic,
                "LEDGER_GROUP": kafkaGroup ?? group,
                "LEDGER_DATABASE": url, "LEDGER_BATCH": String(batch),
                "LEDGER_DELAY_MICROSECONDS": String(delayMicroseconds),
            ])
        try #require(worker.readLine() == "started")
        return worker
    }

    func number(_ sql: String) throws -> Int {
        if !connection.checkAlive() { try connection.reconnect() }
        return Int(try connection.query(sql)[0].int8(0))
    }

    var entries: Int {
        get throws { try number("SELECT count(*) FROM svc.ledger") }
    }

    /// Waits until `isDone`, for at most `seconds`; the caller checks what came of it.
    func wait(seconds: Int = 60, until isDone: () throws -> Bool) rethrows {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            if try isDone() { return }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    /// Nothing lost, nothing twice, each partition in order, and the position exactly behind the last effect.
    func checkExact(
        entries count: Int, deadLetters: Int = 0, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try entries == count, "entries", sourceLocation: sourceLocation)
        let letters = try number("SELECT count(*) FROM svc.dead_letter")
        #expect(letters == deadLetters, "dead letters", sourceLocation: sourceLocation)
        let distinct = try number("SELECT count(*) FROM (SELECT DISTINCT partition, \"offset\" FROM svc.ledger) AS d")
        #expect(distinct == count, "an offset was applied twice", sourceLocation: sourceLocation)
        let disorder = try number(
            """
            SELECT count(*) FROM (SELECT "offset" - lag("offset") OVER (PARTITION BY partition ORDER BY id) AS step
            FROM svc.ledger) AS s WHERE step <= 0
            """)
        #expect(disorder == 0, "a partition was applied out of order", sourceLocation: sourceLocation)
        let positions = try number("SELECT coalesce(sum(next_offset), 0)::int8 FROM svc.stream_offset")
        #expect(positions == count + deadLetters, "positions", sourceLocation: sourceLocation)
    }
}

/// A loop on its thread.
final class Running: @unchecked Sendable {
    private let loop: ConsumerLoop
    private let ended = DispatchSemaphore(value: 0)
    private var isStopped = false
    private(set) var failure: (any Error)?

    init(_ loop: ConsumerLoop) {
        self.loop = loop
        let thread = Thread { [self] in
            do { try loop.run() } catch { failure = error }
            ended.signal()
        }
        thread.start()
    }

    func stop() {
        guard !isStopped else { return }
        isStopped = true
        loop.stop()
        ended.wait()
    }
}
