import ArgumentParser
import Contracts
import Domain
import Foundation
import Kafka
import Logging
import Postgres

/// Has running workers close a month of many managers under a real scheme, and tells how long that takes.
struct Close: ParsableCommand {
    @Option(help: "Managers to be judged.") var managers = 50_000
    @Option var brokers: String
    @Option var database: String
    @Option(help: "Partitions of the facts topic.") var partitions = 24
    @Option(help: "Folder of the scheme pack.") var pack = "deploy/schemes/dongguan-post/big-customer-centre"
    @Option(help: "Give up after so many seconds.") var limit = 300

    func run() throws {
        let connection = try Connection(ConnectionSettings(database))
        let scheme = try publish(on: connection)
        let producer = try Producer(
            KafkaConfiguration([
                "bootstrap.servers": brokers, "linger.ms": "50", "batch.size": "1000000", "compression.type": "lz4",
            ]), logger: Logger(label: "bench"))
        let topic = try producer.topic(Topic.facts.name)
        let published = (0..<Int32(partitions)).map {
            SchemeMarker(institution: institution, scheme: scheme, partition: $0).encoded
        }
        try send(published, producer, topic)
        let facts = try produceFacts(producer, topic)
        let total = Int64(facts + partitions)
        try wait(connection, "SELECT coalesce(sum(next_offset), 0) >= \(total) FROM scoring.stream_offset")
        report("facts_before_close", "\(facts)")

        let period = Period.month(year: 2026, month: 3)
        let markers = (0..<Int32(partitions)).map {
            PeriodMarker(
                close: DeterministicID.make("close", institution, period.description), institution: institution,
                period: period, attempt: 1, partition: $0, schemes: [scheme], assignments: 0
            ).encoded
        }
        let clock = ContinuousClock()
        let start = clock.now
        try send(markers, producer, topic)
        try wait(connection, "SELECT count(*) > 0 FROM scoring.close_partition")
        try wait(connection, "SELECT count(*) >= \(partitions) FROM scoring.close_partition")
        report("first_phase_milliseconds", "\(Int((clock.now - start).seconds * 1_000))")
        try wait(connection, "SELECT count(*) = 1 FROM scoring.close WHERE state = 'closed'")
        report("close_milliseconds", "\(Int((clock.now - start).seconds * 1_000))")
        let results = try connection.query("SELECT count(*) FROM scoring.result").first?.int8(0) ?? 0
        report("results", "\(results)")
        guard results == Int64(managers) else { throw ExitCode(1) }
    }

    private var institution: String {
        URL(filePath: pack).deletingLastPathComponent().lastPathComponent
    }

    private func publish(on connection: Connection) throws -> SchemeReference {
        let folder = URL(filePath: pack)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            $0.hasSuffix(".yaml") || $0.hasSuffix(".dmn")
        }
        let bundle = SchemeBundle(
            files: try files.map {
                .init(file: $0, text: try String(contentsOf: folder.appending(path: $0), encoding: .utf8))
            })
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

    private func produceFacts(_ producer: Producer, _ topic: ProducerTopic) throws -> Int {
        var random = SeededNumbers(seed: 3)
        var buffer: [UInt8] = []
        let headers = HeaderBuffer()
        var sent = 0
        var batch = producer.makeBatch()
        for number in 0..<managers {
            let manager = Subject(institution: institution, kind: .manager, id: "rm-\(100_000 + number)")
            let key = Array(manager.description.utf8)
            for fact in facts(of: manager, &random) {
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
            if number % 2_000 == 1_999 || number == managers - 1 {
                guard try producer.wait(for: batch).failures.isEmpty else { throw ExitCode(1) }
                batch = producer.makeBatch()
            }
        }
        return sent
    }

    private func facts(of manager: Subject, _ random: inout SeededNumbers) -> [Fact] {
        var facts = [
            fact(
                "manager.profile", manager, &random,
                ["unit": .text("u-\(random.below(40))"), "status": .text("active")])
        ]
        for _ in 0..<6 {
            var moved = fact("deposit.moved", manager, &random, ["product": .text("savings")])
            moved.amount = Quantity(tenThousandths: Int64(random.below(5_000_000)) * 10_000)
            facts.append(moved)
        }
        for _ in 0..<4 {
            var developed = fact(
                "customer.developed", manager, &random, ["outlet": .text("o-1"), "first": .flag(true)])
            developed.amount = Quantity(tenThousandths: Int64(random.below(90_000)) * 10_000)
            facts.append(developed)
        }
        return facts
    }

    private func fact(
        _ type: String, _ manager: Subject, _ random: inout SeededNumbers, _ attributes: [String: AttributeValue]
    ) -> Fact {
        let day = CalendarDate(dayNumber: 20_513 + Int32(random.below(28)))
        return Fact(
            id: UUID128(high: random.next(), low: random.next()), subject: manager, type: type,
            businessDate: type == "manager.profile" ? CalendarDate(dayNumber: 20_454) : day,
            occurredAt: Timestamp(startOf: day).adding(seconds: Int64(30_000 + random.below(20_000))),
            unit: "CNY", customer: "c-\(random.below(500_000))", source: "bench", sourceID: "b-\(random.next())",
            attributes: attributes)
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
