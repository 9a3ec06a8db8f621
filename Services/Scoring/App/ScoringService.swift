import Messaging
import SchemeLibrary
import ScoringStores
import ServiceKit

/// Counts facts, evaluates schemes at period markers, and publishes what it finds.
@main
struct ScoringService {
    static func main() async {
        await launch(.scoring) { (settings: ScoringSettings, host) in
            try settings.database.refuseStore(newerThan: 8, of: .scoring)
            let counters = ScoringCounters(host.metrics)
            let options = settings.facts
            let closes = CloseLoop(
                database: try settings.connection(), library: SchemeLibrary(), options: options, counters: counters,
                logger: host.logger)
            let loop = ConsumerLoop(try settings.consumer(), logger: host.logger) { _ in
                // Each thread compiles its own schemes: counting references to shared ones costs more than rules do.
                FactHandler(options: options, library: SchemeLibrary(), counters: counters)
            }
            let relay = OutboxRelay(try settings.relay(), logger: host.logger)
            ScoringProbes(loop, database: try settings.connection()).add(to: host.probes)
            return [OutboxRelayService(relay)]
                + (1...settings.closers).map { number in
                    BlockingService("closes \(number)") { stop in try closes.run(until: stop) }
                } + [ConsumerLoopService(loop)]
        }
    }
}
