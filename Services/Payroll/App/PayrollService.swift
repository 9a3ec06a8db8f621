import Messaging
import PayrollStores
import Postgres
import SchemeLibrary
import ServiceKit
import ServiceLifecycle

/// Turns results into pay.
@main
struct PayrollService {
    static func main() async {
        await launch(.payroll) { (settings: PayrollSettings, host) in
            try settings.database.refuseStore(newerThan: 5, of: .payroll)
            let parts = try PayrollParts(settings, host)
            RunRoutes(parts).add(to: host)
            StatementRoutes(parts).add(to: host)
            return [
                OutboxRelayService(parts.relay), BlockingService("calculation", parts.calculation.run(until:)),
                ConsumerLoopService(parts.consumer),
            ]
        }
    }
}
