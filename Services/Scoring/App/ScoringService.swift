import Messaging
import ServiceKit

/// Counts facts, evaluates schemes at period markers, and publishes what it finds.
@main
struct ScoringService {
    static func main() async {
        await launch(.scoring) { (settings: ScoringSettings, host) in
            let counters = ScoringCounters(host.metrics)
            let options = settings.facts
            let loop = ConsumerLoop(try settings.consumer(), logger: host.logger) { _ in
                FactHandler(options: options, counters: counters)
            }
            let relay = OutboxRelay(try settings.relay(), logger: host.logger)
            ScoringProbes(loop, database: try settings.connection()).add(to: host.probes)
            return [OutboxRelayService(relay), ConsumerLoopService(loop)]
        }
    }
}
