import Foundation
import Kafka
import Ledger
import Logging
import Messaging
import Postgres
import TestServers

// Measures what messaging itself costs, on the mock cluster and a private PostgreSQL:
//
//   MessagingBenchmark [MESSAGES] [PARTITIONS]
//
// produce: keyed messages of about 420 bytes with six headers, acknowledged by all replicas.
// receive: the consumer alone, every byte of key and value touched by nobody.
// copy:    the same, copied into batches, as the loop does.
// loop:    the whole loop with a handler that does nothing; PostgreSQL moves the position once a batch.

struct Idle: BatchHandler {
    mutating func process(
        _ batch: MessageBatch, in transaction: borrowing Transaction, _ context: BatchContext
    ) throws -> BatchOutcome {
        BatchOutcome(applied: batch.count)
    }
}

func number(_ index: Int, default other: Int) -> Int {
    CommandLine.arguments.count > index ? Int(CommandLine.arguments[index]) ?? other : other
}

let quiet: Logger = {
    var logger = Logger(label: "benchmark")
    logger.logLevel = .critical
    return logger
}()
let count = number(1, default: 600_000)
let partitions = number(2, default: 48)
let topic = "benchmark"

func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1_000_000
}

func measure(_ name: String, _ body: () throws -> Int) rethrows {
    let began = Date()
    let processor = processorSeconds()
    let done = try body()
    let seconds = Date().timeIntervalSince(began)
    let used = processorSeconds() - processor
    print(
        name, done, "messages", Int(Double(done) / seconds), "per second,",
        String(format: "%.2f", used * 1_000_000 / Double(max(done, 1))),
        "µs of processor time each")
}

func produce(_ broker: KafkaBroker) throws -> Int {
    let producer = try Producer(broker.configuration(), logger: quiet)
    let target = try producer.topic(topic)
    var headers = HeaderBuffer()
    headers.append("ce_specversion", "1.0")
    headers.append("ce_source", "/gradus/intake")
    headers.append("ce_type", "gradus.fact.v1")
    headers.append("content-type", "application/json")
    let fixed = headers.count
    var batch = producer.makeBatch()
    var text = Array(repeating: UInt8(ascii: "x"), count: 420)
    for index in 0..<count {
        var seed = UInt64(index) &* 0x9E37_79B9_7F4A_7C15
        for position in 0..<200 {
            seed ^= seed << 13
            seed ^= seed >> 7
            text[position] = UInt8(48 + seed % 40)
        }
        headers.truncate(to: fixed)
        var id = String(index)
        id.withUTF8 { headers.append("ce_id", UnsafeRawBufferPointer($0)) }
        headers.append("ce_subject", "dongguan-post/manager/rm-017")
        try text.withUnsafeBytes { value in
            _ = try producer.produce(
                to: target, partition: Int32(index % partitions), key: UnsafeRawBufferPointer(rebasing: value[..<16]),
                value: value, headers: headers, in: batch)
        }
        if batch.count == 50_000 {
            guard try producer.wait(for: batch).isComplete else { throw KafkaError.timedOut(.delivery) }
            batch = producer.makeBatch()
        }
    }
    _ = try producer.wait(for: batch)
    return count
}

func receive(_ broker: KafkaBroker, headers: Bool) throws -> Int {
    let consumer = try Consumer(broker.configuration(), logger: quiet)
    let all = (0..<Int32(partitions)).map { TopicPartition(topic, $0) }
    var total = 0
    for partition in all { total += Int(try consumer.watermarks(of: partition, timeoutMilliseconds: 5_000).high) }
    try consumer.assign(all.map { StartPosition($0, at: 0) })
    var seen = 0
    var bytes = 0
    while seen < total {
        seen += try consumer.poll(timeoutMilliseconds: 100, limit: 2_000) { message in
            bytes += message.value?.count ?? 0
            if headers { message.forEachHeader { bytes += $0.count + ($1?.count ?? 0) } }
        }
    }
    consumer.close()
    return seen
}

func loop(_ broker: KafkaBroker, _ url: String, headers: Bool, _ name: String) throws -> Int {
    let connection = try Connection(ConnectionSettings(url))
    try connection.run(script: LedgerHandler.messagingTables(schema: name))
    var settings = ConsumerLoopSettings(
        consumer: name, topics: [topic], kafka: broker.configuration(), database: try ConnectionSettings(url),
        schema: name)
    settings.readsHeaders = headers
    let loop = ConsumerLoop(settings, logger: quiet) { _ in Idle() }
    let ended = DispatchSemaphore(value: 0)
    Thread {
        try? loop.run()
        ended.signal()
    }.start()
    while loop.status.partitions.isEmpty { usleep(1_000) }
    var applied = 0
    measure(name) {
        while applied < count {
            usleep(2_000)
            applied = Int(
                (try? connection.query("SELECT sum(applied)::int8 FROM \(name).stream_offset")[0].int8(0)) ?? 0)
        }
        return applied
    }
    loop.stop()
    ended.wait()
    return applied
}

let broker = try KafkaBroker.mock(topics: [topic: partitions])
let server = try PostgresServer()
try measure("produce") { try produce(broker) }
try measure("receive") { try receive(broker, headers: false) }
try measure("receive with headers") { try receive(broker, headers: true) }
try measure("receive") { try receive(broker, headers: false) }
try measure("receive with headers") { try receive(broker, headers: true) }
try measure("receive") { try receive(broker, headers: false) }
_ = try loop(broker, server.url, headers: false, "loop")
_ = try loop(broker, server.url, headers: true, "loop_with_headers")
broker.stop()
