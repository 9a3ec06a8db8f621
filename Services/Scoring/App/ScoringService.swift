import Messaging
import ScoringStores
import ServiceKit

/// Counts facts, evaluates schemes at period markers, and publishes what it finds.
@main
struct ScoringService {
    static func main() async {
        await launch(.scoring) { (settings: ScoringSettings, host) in
            try settings.database.refuseStore(newerThan: 6, of: .scoring)
            let counters = ScoringCounters(host.metrics)
            let options = settings.facts
            let library = SchemeLibrary()
            let closes = CloseLoop(
                database: try settings.connection(), library: library, options: options, logger: host.logger)
            let loop = ConsumerLoop(try settings.consumer(), logger: host.logger) { _ in
                FactHandler(options: options, library: library, counters: counters)
            }
            let relay = OutboxRelay(try settings.relay(), logger: host.logger)
            ScoringProbes(loop, database: try settings.connection()).add(to: host.probes)
            return [
                OutboxRelayService(relay),
                BlockingService("closes") { stop in try closes.run(until: stop) },
                ConsumerLoopService(loop),
            ]
        }
    }
}
