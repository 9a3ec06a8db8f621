import ServiceKit

/// Takes the bank's records and makes facts of them.
@main
struct IntakeService {
    static func main() async {
        await launch(.intake) { (settings: IntakeSettings, host) in
            try settings.database.refuseStore(newerThan: 2, of: .intake)
            let parts = try IntakeParts(settings, logger: host.logger, metrics: host.metrics)
            parts.attach(to: host)
            return parts.services
        }
    }
}
