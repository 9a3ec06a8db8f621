import ArgumentParser
import Contracts
import Domain
import Foundation
import Kafka
import Logging
import PayrollCore
import PayrollStores
import Postgres
import SchemeLibrary
import ScoringStores

/// Has running services close a month of many managers under a scheme and pay it, tells how long that takes and what it
/// costs, and checks the figures of the reference pack.
struct Close: ParsableCommand {
    @Option(help: "Managers to be judged.") var managers = 100_000
    @Option var brokers: String
    @Option var database: String
    @Option(help: "Partitions of the facts topic.") var partitions = 12
    @Option(help: "Folder of the scheme pack.") var pack: String
    @Option(help: "A process to be watched: name=id.") var process: [String] = []
    @Flag(help: "Payroll runs too: the month's statements are part of the work.") var pays = false
    @Option(help: "Give up after so many seconds.") var limit = 600

    private static let period = Period.month(year: 2026, month: 3)

    func run() throws {
        let connection = try Connection(ConnectionSettings(database))
        let scheme = try publish(on: connection)
        let producer = try Producer(
            KafkaConfiguration([
                "bootstrap.servers": brokers, "linger.ms": "50", "batch.size": "1000000", "compression.type": "lz4",
            ]), logger: Logger(label: "bench"))
        let topic = try producer.topic(Topic.facts.name)
        try send(
            (0..<Int32(partitions)).map {
                SchemeMarker(institution: institution, scheme: scheme, partition: $0).encoded
            }, producer, topic)
        report("facts_before_close", "\(try produceFacts(scheme.scheme, producer, topic, connection))")
        if pays { try openRun(on: connection) }
        try connection.run(script: "CHECKPOINT; ANALYZE")
        let watched = process.compactMap(ProcessUse.init)
        watched.forEach { $0.forgetPeak() }
        let before = watched.map { $0.microseconds() }
        let clock = ContinuousClock()
        let start = clock.now
        let close = try CloseStore(connection).open(
            institution, Self.period, schemes: [scheme], partitions: partitions, assignments: 0, by: "bench")
        try send((0..<Int32(partitions)).map { close.marker(for: $0).encoded }, producer, topic)
        try measure(connection) { Int((clock.now - start).seconds * 1_000) }
        let seconds = (clock.now - start).seconds
        report("managers_per_second", "\(Int(Double(managers) / seconds))")
        for (process, before) in zip(watched, before) {
            let used = Double(process.microseconds() - before) / Double(managers)
            report("\(process.name)_cpu_us_per_manager", String(format: "%.1f", used))
            if process.name != "postgres" { report("\(process.name)_peak_mb", "\(process.peakMegabytes())") }
        }
        try check(connection, scheme.scheme)
    }

    private var institution: String {
        URL(filePath: pack).deletingLastPathComponent().lastPathComponent
    }

    /// Waits for the stages one after the other and reports when each was reached.
    private func measure(_ connection: Connection, milliseconds: () -> Int) throws {
        try wait(connection, "SELECT count(*) >= \(partitions) FROM scoring.close_partition")
        report("first_phase_milliseconds", "\(milliseconds())")
        try wait(connection, "SELECT count(*) = 1 FROM scoring.close WHERE state = 'closed'")
        report("close_milliseconds", "\(milliseconds())")
        guard pays else { return }
        try wait(
            connection,
            """
            SELECT coalesce((SELECT sum(applied) FROM payroll.stream_offset), 0) > (SELECT finalised FROM scoring.close)
                AND EXISTS (SELECT FROM payroll.closed)
            """)
        report("results_received_milliseconds", "\(milliseconds())")
        try wait(connection, "SELECT count(*) = 1 FROM payroll.run WHERE state = 'calculated'")
        report("paid_milliseconds", "\(milliseconds())")
    }

    private func check(_ connection: Connection, _ scheme: String) throws {
        let results = try connection.query("SELECT count(*) FROM scoring.result").first?.int8(0) ?? 0
        report("results", "\(results)")
        report("findings", "\(try connection.query("SELECT count(*) FROM scoring.finding").first?.int8(0) ?? 0)")
        guard results == Int64(managers) else { throw ExitCode(1) }
        guard scheme == ReferenceBank.scheme else { return }
        let expected = ReferenceBank.totals(managers)
        let score = try connection.query(
            "SELECT trim_scale(sum(score::numeric) * 1000000000000)::text FROM scoring.result"
        ).first?.text(0)
        var isExact = score == "\(expected.score)"
        if pays {
            var paid: [String: Int64] = [:]
            for row in try connection.query("SELECT component, sum(amount)::int8 FROM payroll.line GROUP BY component")
            {
                paid[try row.text(0)] = try row.int8(1)
            }
            isExact = isExact && paid == Dictionary(uniqueKeysWithValues: zip(ReferenceBank.lines, expected.pay))
            let payable = try connection.query("SELECT payable FROM payroll.run").first?.int8(0)
            isExact = isExact && payable == expected.pay.reduce(0, +)
        }
        report("exact", isExact ? "yes" : "NO")
        guard isExact else { throw ExitCode(1) }
    }

    private func openRun(on connection: Connection) throws {
        _ = try RunDesk(library: SchemeLibrary()).open(
            institution: institution, month: Self.period.description, currency: .cny, by: "bench",
            now: Timestamp(microseconds: 1_775_000_000_000_000), on: connection)
    }
}

// What goes in.
extension Close {
    private func publish(on connection: Connection) throws -> SchemeReference {
        let folder = URL(filePath: pack)
        let bundle = SchemeBundle(
            files: try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
                $0.hasSuffix(".yaml") || $0.hasSuffix(".dmn")
            }.map { .init(file: $0, text: try String(contentsOf: folder.appending(path: $0), encoding: .utf8)) })
        try connection.execute(
            """
            INSERT INTO reference.scheme (institution, name, version, effective_from, digest, document, published_by)
            VALUES ($1, $2, 1, '2026-01-01', 'bench', $3, 'bench') ON CONFLICT DO NOTHING
            """, [.text(institution), .text(folder.lastPathComponent), .text(try bundle.document())])
        return SchemeReference(scheme: "\(institution)/\(folder.lastPathComponent)", version: 1)
    }

    private func send(_ values: [[UInt8]], _ producer: Producer, _ topic: ProducerTopic) throws {
        let batch = producer.makeBatch()
        for (partition, value) in values.enumerated() {
            _ = try value.withUnsafeBytes { value in
                try producer.produce(
                    to: topic, partition: Int32(partition), key: nil, value: value, headers: HeaderBuffer(), in: batch)
            }
        }
        guard try producer.wait(for: batch).failures.isEmpty else { throw ExitCode(1) }
    }

    /// In rounds, each stored before the next, because the broker in memory forgets what is more than a few megabytes.
    private func produceFacts(
        _ scheme: String, _ producer: Producer, _ topic: ProducerTopic, _ connection: Connection
    ) throws -> Int {
        let source = CloseFacts(institution: institution, scheme: scheme)
        var buffer: [UInt8] = []
        let headers = HeaderBuffer()
        var sent = 0
        var batch = producer.makeBatch()
        for number in 0..<managers {
            let key = Array(source.manager(number).description.utf8)
            for fact in source.facts(of: number) {
                buffer.removeAll(keepingCapacity: true)
                FactCodec.encode(fact, into: &buffer)
                _ = try key.withUnsafeBytes { key in
                    try buffer.withUnsafeBytes { value in
                        try producer.produce(
                            to: topic, partition: nil, key: key, value: value, headers: headers, in: batch)
                    }
                }
                sent += 1
            }
            if number % 10_000 == 9_999 || number == managers - 1 {
                guard try producer.wait(for: batch).failures.isEmpty else { throw ExitCode(1) }
                batch = producer.makeBatch()
                try wait(
                    connection,
                    "SELECT coalesce(sum(next_offset), 0) >= \(sent + partitions) FROM scoring.stream_offset")
            }
        }
        return sent
    }

    private func wait(_ connection: Connection, _ condition: String) throws {
        for _ in 0..<limit * 100 {
            if try connection.query(condition).first?.bool(0) == true { return }
            Thread.sleep(forTimeInterval: 0.01)
        }
        print("gave up waiting for: \(condition)")
        throw ExitCode(1)
    }
}
