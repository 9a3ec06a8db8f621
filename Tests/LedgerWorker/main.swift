import Foundation
import Kafka
import Ledger
import Logging
import Messaging
import Postgres

// A consumer loop in a process of its own, to be killed and stopped by tests. Ends in order when standard input ends.

func setting(_ name: String) -> String { ProcessInfo.processInfo.environment["LEDGER_\(name)"] ?? "" }

func makeLoop() throws -> ConsumerLoop {
    let kafka = KafkaConfiguration([
        "bootstrap.servers": setting("BOOTSTRAP"), "session.timeout.ms": "6000", "heartbeat.interval.ms": "500",
        "max.poll.interval.ms": "10000", "group.id": setting("GROUP"),
    ])
    var settings = ConsumerLoopSettings(
        consumer: setting("CONSUMER"), topics: [setting("TOPIC")], kafka: kafka,
        database: try ConnectionSettings(setting("DATABASE")), schema: "svc")
    settings.batchMessages = Int(setting("BATCH")) ?? 500
    settings.transactionIdleLimit = .seconds(4)
    settings.crashLimit = 2
    let microseconds = UInt32(setting("DELAY_MICROSECONDS")) ?? 0
    var logger = Logger(label: "ledger")
    logger.logLevel = setting("LOG").isEmpty ? .critical : .debug
    return ConsumerLoop(settings, logger: logger) { _ in
        // Most of the time passes between transactions: a process that is frozen there has its next batch in hand.
        LedgerHandler(
            before: { _ in if microseconds > 0 { usleep(microseconds / 10) } },
            after: { if microseconds > 0 { usleep(microseconds) } })
    }
}

do {
    let loop = try makeLoop()
    let watcher = Thread {
        while readLine() != nil {}
        loop.stop()
    }
    watcher.start()
    FileHandle.standardOutput.write(Data("started\n".utf8))
    try loop.run()
} catch {
    FileHandle.standardError.write(Data("LedgerWorker: \(error)\n".utf8))
    exit(70)
}
