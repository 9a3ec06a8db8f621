import Foundation
import Postgres
import Synchronization
import TestServers

@testable import Operator

/// Faults in a seeded order, and what was done for the report.
struct Faults {
    let seed: UInt64
    private var random: SeededRandom
    private(set) var counts: [String: Int] = [:]

    /// `GRADUS_JOURNEY_SEED` repeats an earlier run.
    init() {
        let given = ProcessInfo.processInfo.environment["GRADUS_JOURNEY_SEED"].flatMap { UInt64($0) }
        seed = given ?? UInt64.random(in: 1...999_999)
        random = SeededRandom(seed: seed)
        print("faults: seed \(seed)")
    }

    mutating func pause(_ milliseconds: ClosedRange<Int>) {
        Thread.sleep(forTimeInterval: TimeInterval(random.pick(milliseconds)) / 1000)
    }

    mutating func count(_ kind: String) { counts[kind, default: 0] += 1 }

    /// `kill -9`, a moment of absence, and a new process under the same name.
    mutating func killOne(of site: Site) throws {
        let victim = site.services[random.pick(0...(site.services.count - 1))]
        try victim.kill()
        pause(0...400)
        try victim.start()
        count("kill -9 \(victim.service)")
    }

    /// `pg_ctl restart -m immediate`.
    mutating func crashStore(of site: Site) throws {
        site.server.crash()
        pause(300...1_500)
        guard site.server.start() else { throw Command.Failure(description: "PostgreSQL did not come back") }
        count("crash of the store")
    }

    /// With nothing under way: this broker can lose what it acknowledges while it stops, and that loss is not ours.
    mutating func restartBroker(of site: Site, gate: Gate) throws {
        try gate.holding {
            try site.settle()
            try site.broker.restart()
        }
        count("restart of the broker")
    }

    var report: String {
        "seed \(seed): " + counts.sorted { $0.key < $1.key }.map { "\($0.key) × \($0.value)" }.joined(separator: ", ")
    }
}

/// Work on a thread of its own, joined at the end.
final class Background: Sendable {
    private let outcome = Mutex<Result<Void, any Error>?>(nil)

    init(_ body: @escaping @Sendable () throws -> Void) {
        startThread { [self] in
            let result = Result { try body() }
            outcome.withLock { $0 = result }
        }
    }

    var isDone: Bool { outcome.withLock { $0 != nil } }

    func join(_ what: String, seconds: Double) throws {
        try wait(what, seconds: seconds) { isDone }
        try outcome.withLock { try $0?.get() }
    }
}

/// What the consumers of a site counted.
struct LoopCounts: CustomStringConvertible {
    let applied, duplicates, rejected, fenced: Int64

    init(_ site: Site) throws {
        let connection = try site.connection()
        defer { connection.close() }
        let row = try connection.query(
            """
            SELECT sum(applied)::bigint, sum(duplicates)::bigint, sum(rejected)::bigint, sum(fenced)::bigint
            FROM (SELECT * FROM intake.stream_offset UNION ALL SELECT * FROM scoring.stream_offset
                  UNION ALL SELECT * FROM payroll.stream_offset UNION ALL SELECT * FROM notices.stream_offset) all_loops
            """)[0]
        applied = try row.optionalInt8(0) ?? 0
        duplicates = try row.optionalInt8(1) ?? 0
        rejected = try row.optionalInt8(2) ?? 0
        fenced = try row.optionalInt8(3) ?? 0
    }

    var description: String {
        "\(applied) messages applied, \(duplicates) duplicates removed, \(rejected) rejected, \(fenced) writes fenced"
    }
}

/// Lets one of two threads pass at a time.
final class Gate: Sendable {
    private let lock = NSLock()

    func holding(_ body: () throws -> Void) throws {
        lock.lock()
        defer { lock.unlock() }
        try body()
    }
}
