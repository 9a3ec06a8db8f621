import Foundation
import Kafka
import TestServers

@testable import Operator

/// A part of the demonstration: some managers with all that concerns them, and the truth about it.
struct DemoLoad {
    /// Enough for every incident of the demonstration: hand-over, split, suspense, late and reversed movements.
    static let managers: Set<Int> = [1, 5, 7, 8, 9, 11, 12, 13, 20, 21, 30, 33, 50]

    let phase: DemoPhase
    let records: [SourceRecord]

    init(_ phase: DemoPhase, seed: UInt64 = 20_260_101) {
        self.phase = phase
        records = DemoRecords(seed: seed).records(of: phase).filter { Self.concerns($0) }
    }

    private static func concerns(_ record: SourceRecord) -> Bool {
        guard let fields = try? JSONSerialization.jsonObject(with: Data(record.value)) as? [String: Any] else {
            return true
        }
        let kind = fields["kind"] as? String
        let customer = fields["customer"] as? String ?? (kind == "customer" ? fields["id"] as? String : nil)
        if let customer { return manager(of: customer).map { managers.contains($0) } ?? true }
        let manager = fields["manager"] as? String ?? (kind == "manager" ? fields["id"] as? String : nil)
        guard let manager, manager.hasPrefix("rm-"), let number = Int(manager.dropFirst(3)) else { return true }
        return managers.contains(number)
    }

    /// Customers `c-00001` to `c-00040` are manager 1's; `n-2-007` was brought in by manager 7.
    private static func manager(of customer: String) -> Int? {
        if customer.hasPrefix("c-"), let number = Int(customer.dropFirst(2)) {
            return (number - 1) / DemoWorld.customersPerManager + 1
        }
        return customer.hasPrefix("n-") ? Int(customer.suffix(3)) : nil
    }

    var messages: [EventWriter.Message] {
        records.compactMap { record in
            guard case .topic(let topic) = record.door else { return nil }
            return EventWriter.Message(topic: topic, key: record.key, value: record.value)
        }
    }

    /// Sends everything through its own door; returns when the broker, the folder and Intake have it.
    ///
    /// Who looks after whom goes ahead, so that what waits in suspense does not depend on the race of two topics.
    func send(to site: Site) throws {
        let writer = try EventWriter(site.broker.configuration())
        try writer.write(messages.filter { $0.topic == "reference.data" })
        try site.settle()
        try writer.write(messages.filter { $0.topic != "reference.data" })
        try sendOthers(to: site)
        try site.settle()
    }

    /// A chunk that fails is sent again, as a source would do; what arrived twice is a duplicate.
    ///
    /// - Parameters:
    ///   - gate: held while a chunk is under way.
    ///   - chunk: called before each chunk of messages, so that a journey can pace them.
    func sendMessages(
        to site: Site, chunk size: Int = 5_000, gate: Gate = Gate(), before chunk: (Int) throws -> Void = { _ in }
    ) throws {
        let configuration = site.broker.configuration(["acks": "all"])
        var writer = try EventWriter(configuration)
        let all = messages
        for start in stride(from: 0, to: all.count, by: size) {
            try chunk(start / size)
            let part = all[start..<min(start + size, all.count)]
            try gate.holding {
                for attempt in 1... {
                    do {
                        try writer.write(part)
                        break
                    } catch  where attempt < 20 {
                        Thread.sleep(forTimeInterval: 0.5)
                        writer = try EventWriter(configuration)
                    }
                }
            }
        }
    }

    func sendOthers(to site: Site) throws {
        try DemoFiles(folder: site.folder.appending(path: "files/ndjson").path).write(records, phase: phase)
        let events = records.filter { $0.door == .http }.map { String(decoding: $0.value, as: UTF8.self) }
        guard !events.isEmpty else { return }
        let outcome = try Command(
            program: "/usr/bin/curl",
            arguments: [
                "-sS", "-m", "60", "--retry", "5", "--retry-connrefused", "-H", "Authorization: Bearer \(Site.clerk)",
                "-H", "Content-Type: application/cloudevents-batch+json", "-d", "[\(events.joined(separator: ","))]",
                try site.named("intake").address + "/v1/facts",
            ]
        ).run()
        guard outcome.status == 0, outcome.output.contains(#""rejected":0"#) else {
            throw Command.Failure(description: "Intake answered \(outcome.everything)")
        }
    }
}

/// What must be true of the store when some loads have been taken in, computed from the records alone.
struct DemoTruth {
    struct Deposits: Hashable {
        /// Movements that count, and the sum of their amounts in hundredths.
        var movements = 0
        var sum = 0
    }

    /// By customer.
    private(set) var deposits: [String: Deposits] = [:]
    private(set) var records = 0
    private(set) var duplicates = 0
    private(set) var rejected = 0

    init(_ loads: [DemoLoad]) {
        var seen: [String: Data] = [:]
        for load in loads {
            for record in load.records {
                records += 1
                take(record, &seen)
            }
        }
    }

    private mutating func take(_ record: SourceRecord, _ seen: inout [String: Data]) {
        let data = Data(record.value)
        guard let fields = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let event = fields["eventId"] as? String ?? fields["id"] as? String, Self.isValid(event)
        else {
            rejected += 1
            return
        }
        let identity = "\(record.source)/\(event)"
        guard seen[identity] == nil else {
            if seen[identity] == data { duplicates += 1 } else { rejected += 1 }
            return
        }
        seen[identity] = data
        guard record.isDeposit, let customer = fields["customer"] as? String,
            let amount = (fields["amount"] as? String).flatMap({ Int($0.replacing(".", with: "")) })
        else { return }
        let isReversal = fields["reversal"] as? Bool ?? false
        deposits[customer, default: Deposits()].movements += isReversal ? -1 : 1
        deposits[customer, default: Deposits()].sum += isReversal ? -amount : amount
    }

    /// The demonstration names its damaged records `bad-PHASE-N`.
    private static func isValid(_ event: String) -> Bool { !event.hasPrefix("bad-") }
}

extension SourceRecord {
    var source: String {
        switch door {
        case .topic(let topic): topic
        case .http: "http"
        case .file: "files"
        }
    }

    var isDeposit: Bool {
        switch door {
        case .topic(let topic): topic == "core.deposits"
        case .http: false
        case .file: true
        }
    }
}
