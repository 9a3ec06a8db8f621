import Foundation
import TestServers
import Testing

@testable import Operator

extension Journeys {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct UnderFaults {
        @Test func twentyKillsACrashedStoreAndARestartedBrokerChangeNothing() async throws {
            let calm = try await CalmRun.value()
            try await journey {
                let began = ContinuousClock.now
                let site = try Site(
                    server: PostgresServer(isDurable: true), broker: .development(), database: "gradus", scoring: 3,
                    workerSettings: ["GRADUS_SCORING_BATCH_MESSAGES": "200"])
                try site.prepare()
                try site.start()
                try DemoLoad(.reference).send(to: site)

                var faults = Faults()
                let gate = Gate()
                let sending = Background {
                    try calm.january.sendMessages(to: site, chunk: 100, gate: gate) { _ in usleep(250_000) }
                }
                for number in 1...20 {
                    faults.pause(200...1_200)
                    try faults.killOne(of: site)
                    if number == 7 { try faults.crashStore(of: site) }
                    if number == 14 { try faults.restartBroker(of: site, gate: gate) }
                }
                try sending.join("the broker to have every record", seconds: 180)
                try site.waitUntilReady(site.named("intake"))
                try calm.january.sendOthers(to: site)
                try site.settle()
                try Self.close("2026-01", at: site, while: &faults)

                print("faults: \(faults.report); \(try LoopCounts(site)); \(ContinuousClock.now - began)")
                try Self.expectIntact(site, DemoTruth([DemoLoad(.reference), calm.january]))
                let differences = try StoreDigest(site).differences(from: calm.afterJanuary)
                #expect(differences.isEmpty, "seed \(faults.seed): \(differences)")
                for service in site.services {
                    #expect(try service.terminate() == 0, "\(service.name) must drain: \(service.tail)")
                }
            }
        }

        @Test func stalledAndKilledWorkersAreReplacedAndFencedAndABrokerThatIsAwayChangesNothing() async throws {
            let calm = try await CalmRun.value()
            try await journey {
                let began = ContinuousClock.now
                let site = try Site(
                    server: PostgresServer(isDurable: true), broker: .mock(topics: Site.mockTopics), database: "gradus",
                    scoring: 3, isStatic: false,
                    workerSettings: [
                        "GRADUS_SCORING_BATCH_MESSAGES": "1",
                        "GRADUS_KAFKA_PROPERTIES_SESSION_TIMEOUT_MS": "6000",
                        "GRADUS_KAFKA_PROPERTIES_HEARTBEAT_INTERVAL_MS": "500",
                        "GRADUS_KAFKA_PROPERTIES_MAX_POLL_INTERVAL_MS": "8000",
                    ])
                try site.prepare()
                try site.start()
                try DemoLoad(.reference).send(to: site)

                var faults = Faults()
                let workers = site.services.filter { $0.service == "scoring" }
                for load in [calm.january, calm.february] {
                    // A backlog, worked off one fact a transaction: the worker is stopped with work in its hands.
                    for worker in workers { try worker.kill() }
                    let (facts, received) = (try site.number(Self.factCount), try Accounting(site).received)
                    try load.sendMessages(to: site)
                    try wait("Intake to take it all", seconds: 120) {
                        try Accounting(site).received == received + Int64(load.messages.count)
                    }
                    for worker in workers { try worker.start() }
                    try wait("facts to flow") { try site.number(Self.factCount) > facts + 200 }
                    let busiest = try site.number(Self.busiestOwner)
                    let victim = workers.first { $0.identifier.map(Int64.init) == busiest } ?? workers[0]
                    let stalled = ContinuousClock.now
                    victim.send(SIGSTOP)
                    defer { victim.send(SIGCONT) }
                    try wait("other workers to take over what a stalled one holds", seconds: 90) {
                        try site.number(Self.partitions(of: victim)) == 0
                    }
                    faults.count("stall, taken over after \((ContinuousClock.now - stalled).components.seconds) s")
                }
                try wait("the stalled workers' writes to be fenced", seconds: 30) { try LoopCounts(site).fenced > 0 }
                try workers[1].kill()
                try workers[1].start()
                faults.count("kill -9 scoring")
                site.broker.command("down 1")
                faults.pause(1_500...2_500)
                site.broker.command("up 1")
                faults.count("broker down")
                try site.waitUntilReady(site.named("intake"))
                for load in [calm.january, calm.february] { try load.sendOthers(to: site) }
                try site.settle()

                let counts = try LoopCounts(site)
                print("stalls: \(faults.report); \(counts); \(ContinuousClock.now - began)")
                try Self.expectIntact(site, DemoTruth([DemoLoad(.reference), calm.january, calm.february]))
                let mine = try StoreDigest(site)
                #expect(mine.parts["aggregate"] == calm.atEndPlain.parts["aggregate"], "seed \(faults.seed)")
            }
        }

        private static func partitions(of worker: ServiceProcess) -> String {
            "SELECT count(*) FROM scoring.stream_offset WHERE split_part(owner, '/', 2) = '\(worker.identifier ?? 0)'"
        }

        private static let factCount = "SELECT count(*) FROM scoring.fact"
        /// The process that stored a fact last.
        private static let busiestOwner = """
            SELECT split_part(owner, '/', 2)::bigint FROM scoring.stream_offset ORDER BY updated_at DESC, next_offset DESC LIMIT 1
            """

        /// Closes a period while workers die; the command is repeated until it says that the period is closed.
        private static func close(_ period: String, at site: Site, while faults: inout Faults) throws {
            for institution in Site.institutions {
                let closing = Background {
                    try wait("\(institution) \(period) to be closed", seconds: 180, every: 0.5) {
                        try site.tryGradus(
                            ["period", "close", "--institution", institution, "--period", period]
                        ).status == 0
                    }
                }
                for _ in 1...2 {
                    faults.pause(100...600)
                    if !closing.isDone { try faults.killOne(of: site) }
                }
                try closing.join("the close", seconds: 240)
            }
            for service in site.services { try site.waitUntilReady(service) }
            try site.settle()
        }

        private static func expectIntact(_ site: Site, _ truth: DemoTruth) throws {
            let audit = try site.tryGradus(["audit"])
            #expect(audit.status == 0, "\(audit.everything)")
            let accounting = try Accounting(site)
            #expect(accounting.isBalanced, "\(accounting)")
            // What the source had to send again counts as duplicate, or, without an id, as rejected once more.
            #expect(accounting.received >= Int64(truth.records), "\(accounting)")
            #expect(accounting.duplicate >= Int64(truth.duplicates), "\(accounting)")
            #expect(accounting.rejected >= Int64(truth.rejected), "\(accounting)")
            let distinct = Int64(truth.records - truth.duplicates - truth.rejected)
            #expect(accounting.accepted + accounting.suspended == distinct, "\(accounting)")
            try expectTruth(truth, in: site, without: accounting.openSuspense > 0 ? [DemoStory.unassigned] : [])
        }
    }
}
