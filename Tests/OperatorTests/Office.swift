import Contracts
import Domain
import Foundation
import Kafka
import Messaging
import PayrollCore
import PayrollStores
import Postgres
import SchemeLibrary
import Schemes
import ScoringStores
import ServiceHarness
import ServiceKit
import TestServers

@testable import Payroll
@testable import Scoring

/// A store with Scoring and Payroll on it, without a broker between them: facts go in, closes and runs are made.
final class Office {
    let connection: Connection
    let url: String
    private var next: [Int64]
    private var delivered: Int64 = 0
    private var handler: FactHandler
    private let library = SchemeLibrary()
    private let options: FactOptions
    private let desk = RunDesk(library: SchemeLibrary())
    private let schemes: [Scheme]
    /// When the messages that are told next were written.
    var now = CalendarDate("2026-01-31") ?? .earliest

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    init(_ url: String, packs: [String], partitions: Int = 2) throws {
        self.url = url
        let store = try GradusStore(url, services: ["Operator", "Scoring", "Payroll", "Notifications"])
        connection = store.connection
        next = Array(repeating: 0, count: partitions)
        options = FactOptions(partitions: partitions, storesTraces: false)
        handler = FactHandler(options: options, library: library, counters: ScoringCounters(MetricsRegistry()))
        schemes = try packs.map { pack in
            let folder = pack.hasPrefix("/") ? URL(filePath: pack) : Self.root.appending(path: "deploy/schemes/\(pack)")
            let bundle = try Self.bundle(folder)
            let scheme = try Self.compile(bundle)
            try store.connection.execute(
                """
                INSERT INTO reference.scheme
                    (institution, name, version, effective_from, digest, document, published_by)
                VALUES ($1, $2, 1, '2020-01-01', $3, $4, 'test')
                """,
                [
                    .text(scheme.institution), .text(scheme.name), .text(scheme.digest), .text(try bundle.document()),
                ])
            return scheme
        }
        try handler.prepare(connection)
        for scheme in schemes {
            let reference = SchemeReference(scheme: scheme.id, version: 1)
            for partition in next.indices {
                try read(
                    [
                        (
                            nil,
                            SchemeMarker(
                                institution: scheme.institution, scheme: reference, partition: Int32(partition)
                            ).encoded
                        )
                    ], partition)
            }
        }
    }

    static func bundle(_ folder: URL) throws -> SchemeBundle {
        SchemeBundle(
            files: try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".dmn") }.sorted().map {
                    .init(file: $0, text: try String(contentsOf: folder.appending(path: $0), encoding: .utf8))
                })
    }

    static func compile(_ bundle: SchemeBundle) throws -> Scheme {
        try Scheme(compiling: bundle.files.map { SchemeSource(file: $0.file, text: $0.text) })
    }

    /// Facts reach Scoring, each in its subject's partition.
    func tell(_ facts: [Fact]) throws {
        var messages: [[(String?, [UInt8])]] = Array(repeating: [], count: next.count)
        for fact in facts {
            var bytes: [UInt8] = []
            FactCodec.encode(fact, into: &bytes)
            let key = fact.subject.description
            messages[key.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % next.count].append((key, bytes))
        }
        for partition in messages.indices where !messages[partition].isEmpty {
            try read(messages[partition], partition)
        }
    }

    /// Closes a period of an institution with all its schemes.
    func close(_ institution: String, _ period: Period) throws {
        let references = schemes.filter { $0.institution == institution }
            .map { SchemeReference(scheme: $0.id, version: 1) }
        for partition in next.indices {
            let marker = PeriodMarker(
                close: CloseStore.id(institution, period), institution: institution, period: period, attempt: 1,
                partition: Int32(partition), schemes: references, assignments: 0)
            try read([(nil, marker.encoded)], partition)
        }
        while try CloseLoop.advance(connection, library, options) {}
    }

    private func read(_ messages: [(key: String?, value: [UInt8])], _ partition: Int) throws {
        let stored = messages.enumerated().map { index, message in
            StoredMessage(
                offset: next[partition] + Int64(index),
                timestampMilliseconds: Timestamp(startOf: now).adding(seconds: 36_000).microseconds / 1_000,
                key: message.key.map { Array($0.utf8) }, value: message.value)
        }
        next[partition] += Int64(messages.count)
        let batch = MessageBatch(partition: .init(Topic.facts.name, Int32(partition)), messages: stored)
        var handler = self.handler
        let outcome = try connection.transaction(.readCommitted) { transaction in
            let context = BatchContext(
                consumer: "test", clusterID: "test", partition: batch.partition, epoch: 1, writer: 0)
            let outcome = try handler.process(batch, in: transaction, context)
            try OutboxStore(schema: "scoring").append(outcome.outbox, in: transaction)
            return outcome
        }
        self.handler = handler
        self.handler.didCommit()
        guard outcome.deadLetters.isEmpty else {
            throw Refused(reason: outcome.deadLetters.map(\.code).joined(separator: " "))
        }
    }

    struct Refused: Error { let reason: String }

    /// Payroll reads what Scoring has published since, and pays a month.
    @discardableResult
    func pay(_ institution: String, _ month: String) throws -> UUID128 {
        try deliver()
        let now = Timestamp(microseconds: SystemTime.now())
        let run = try desk.open(
            institution: institution, month: month, currency: .cny, by: "li", now: now, on: connection
        ).run.run.id
        guard case .calculated = try desk.calculate(run, now: now, on: connection) else {
            throw Refused(reason: "the run of \(month) waits")
        }
        _ = try desk.approve(run, by: "wang", now: now, on: connection)
        _ = try desk.release(run, by: "li", now: now, on: connection)
        return run
    }

    private func deliver() throws {
        let rows = try connection.query(
            "SELECT id, event_id, type, source, subject, key, payload FROM scoring.outbox WHERE id > $1 ORDER BY id",
            [.int8(delivered)])
        var messages: [StoredMessage] = []
        for row in rows {
            delivered = try row.int8(0)
            var headers = HeaderList()
            headers.append("ce_specversion", Array("1.0".utf8))
            for (name, column) in [("ce_id", 1), ("ce_type", 2), ("ce_source", 3), ("ce_subject", 4)] {
                headers.append(name, try row.optionalText(column).map { Array($0.utf8) })
            }
            messages.append(
                StoredMessage(offset: delivered, key: try row.bytes(5), value: try row.bytes(6), headers: headers))
        }
        let batch = MessageBatch(partition: .init(Topic.scores.name, 0), messages: messages)
        let outcome = try connection.transaction(.readCommitted) { transaction in
            var handler = ScoreHandler()
            let context = BatchContext(
                consumer: "test", clusterID: "test", partition: batch.partition, epoch: 1, writer: 0)
            return try handler.process(batch, in: transaction, context)
        }
        guard outcome.deadLetters.isEmpty else {
            throw Refused(reason: outcome.deadLetters.map(\.code).joined(separator: " "))
        }
    }

    func ids(_ sql: String) throws -> [UUID128] { try connection.query(sql).map { try $0.uuid(0) } }
}

/// Facts, made up but repeatable.
struct Teller {
    private var state: UInt64
    private var count = 0
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
        state = seed &+ 0x9E37_79B9_7F4A_7C15
    }

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((value ^ (value >> 31)) % UInt64(bound))
    }

    mutating func fact(
        _ type: String, _ subject: Subject, on date: String, amount: Int64? = nil, unit: String = "CNY",
        customer: String? = nil, _ attributes: [String: AttributeValue] = [:]
    ) -> Fact {
        fact(
            type, subject, on: CalendarDate(date) ?? .earliest, amount: amount, unit: unit, customer: customer,
            attributes)
    }

    mutating func fact(
        _ type: String, _ subject: Subject, on day: CalendarDate, amount: Int64? = nil, unit: String = "CNY",
        customer: String? = nil, _ attributes: [String: AttributeValue] = [:]
    ) -> Fact {
        count += 1
        return Fact(
            id: DeterministicID.make("fact", "teller \(seed)", String(count), subject.description, ""),
            subject: subject,
            type: type, businessDate: day,
            occurredAt: Timestamp(startOf: day).adding(seconds: Int64(30_000 + below(20_000))),
            amount: amount.map { Quantity(tenThousandths: $0 * 10_000) }, unit: amount == nil ? nil : unit,
            customer: customer, source: "teller", sourceID: "t-\(count)", attributes: attributes)
    }

    static func reversal(of fact: Fact) -> Fact {
        var reversal = fact
        reversal.id = DeterministicID.make("reversal", fact.id.description)
        reversal.sign = -fact.sign
        reversal.reverses = fact.id
        return reversal
    }

    /// Something that happens to a manager of the Dongguan Post centre.
    mutating func event(_ manager: Subject, on day: CalendarDate) -> Fact {
        let customer = "c-\(below(20))"
        switch below(5) {
        case 0:
            let status = ["on-time", "late", "absent"][below(3)]
            return fact(
                "attendance.recorded", manager, on: day,
                ["occasion": .text("morning-meeting"), "status": .text(status), "excused": .flag(below(5) == 0)])
        case 1: return fact("complaint.judged", manager, on: day, ["justified": .text(below(2) == 0 ? "yes" : "no")])
        case 2:
            return fact(
                "customer.developed", manager, on: day, amount: Int64(below(300_000)), customer: customer,
                ["outlet": .text("o-1"), "first": .flag(below(2) == 0)])
        case 3:
            return fact(
                "report.submitted", manager, on: day, ["kind": .text("daily-log"), "for": .text(day.description)])
        default:
            return fact(
                "deposit.moved", manager, on: day, amount: Int64(below(2_000_000)) - 500_000, customer: customer,
                ["product": .text("savings")])
        }
    }
}

extension Subject {
    static func manager(_ institution: String, _ number: Int) -> Subject {
        Subject(institution: institution, kind: .manager, id: "rm-\(number)")
    }
}
