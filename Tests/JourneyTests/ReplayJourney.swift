import Contracts
import Foundation
import TestServers
import Testing

@testable import Operator

extension Journeys {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct Replay {
        struct Division: CustomTestStringConvertible {
            let batch: Int
            let workers: Int

            var testDescription: String { "batches of \(batch), \(workers) workers" }
        }

        /// The calm run's own division was batches of up to 20,000 and one worker.
        @Test(arguments: [
            Division(batch: 1, workers: 4), Division(batch: 7, workers: 1), Division(batch: 500, workers: 4),
        ])
        func theSameLogGivesTheSameBytes(_ division: Division) async throws {
            let calm = try await CalmRun.value()
            try await journey {
                let began = ContinuousClock.now
                let scores = calm.site.broker
                let published = try Published(scores, upTo: nil)
                let name = "replay_\(division.batch)_\(division.workers)"
                let site = try Site(
                    server: calm.site.server, broker: scores, database: name, scoring: division.workers,
                    workerSettings: [
                        "GRADUS_SCORING_GROUP": name, "GRADUS_SCORING_BATCH_MESSAGES": "\(division.batch)",
                    ], only: ["scoring"])
                try site.gradus("migrate")
                try Self.copyReference(from: calm.site, to: site)
                try site.start()
                try wait("every partition to be claimed", seconds: 60) {
                    try site.number("SELECT count(*) FROM scoring.stream_offset") == Int64(Topic.defaultPartitions)
                }
                // Markers that were read before an earlier close had ended are worked off later.
                let closes = try calm.site.number("SELECT count(*) FROM scoring.close WHERE state = 'closed'")
                try wait("every close to be finished", seconds: 120) {
                    try site.number("SELECT count(*) FROM scoring.close WHERE state = 'closed'") == closes
                }
                try site.settle()
                let differences = try StoreDigest(site, exact: true).differences(from: calm.atEnd)
                    .filter { !$0.hasPrefix("line") && !$0.hasPrefix("statement") }
                let rejected = try site.gradus("deadletters", "list")
                #expect(differences.isEmpty, "\(differences); \(rejected)")

                let again = try Published(scores, upTo: published)
                #expect(again.events.subtracting(published.events).isEmpty, "events that the first run did not publish")
                #expect(published.events.subtracting(again.events).isEmpty, "events that the replay did not publish")
                print("replay, \(division.testDescription): \(again.count) events, \(ContinuousClock.now - began)")
                try site.stop()
            }
        }

        /// What the operator's command and Intake had written before the log began.
        private static func copyReference(from calm: Site, to site: Site) throws {
            let (source, target) = [calm, site].map { Site.url($0.server, $0.database, role: nil) }.pair
            let script = """
                set -e -o pipefail
                pg_dump -d "$0" --data-only -n reference | psql -q -v ON_ERROR_STOP=1 -d "$1" >/dev/null
                """
            let outcome = try Command(program: "/bin/bash", arguments: ["-c", script, source, target]).run()
            guard outcome.status == 0 else { throw Command.Failure(description: outcome.everything) }
        }
    }
}

/// The distinct events on the scores topic, from where an earlier reading ended.
struct Published {
    private(set) var events: Set<String> = []
    private(set) var count = 0
    private var ends: [Int32: Int64] = [:]

    init(_ broker: KafkaBroker, upTo earlier: Published?) throws {
        var ends = earlier?.ends ?? [:]
        var events: Set<String> = []
        var count = 0
        try TopicReader(broker.configuration(), topic: Topic.scores.name).read { event in
            guard event.offset >= earlier?.ends[event.partition] ?? 0 else { return }
            ends[event.partition] = event.offset + 1
            events.insert("\(event.type) \(event.key) \(String(decoding: event.value, as: UTF8.self))")
            count += 1
        }
        (self.ends, self.events, self.count) = (ends, events, count)
    }
}

extension Array {
    fileprivate var pair: (Element, Element) { (self[0], self[1]) }
}
