import Logging
import ServiceKit
import ServiceLifecycle

/// A service that does nothing, in several ways: what the tests of a whole process run.
@main
struct ProbeService {
    static func main() async {
        await launch(ServiceName(rawValue: "probe")) { (settings: ProbeSettings, host) in
            host.logger.info("assembled", metadata: ["database": "\(settings.database.url.revealed)"])
            let behaviour = settings.behaviour
            if behaviour == .unavailable { throw ProbeError.unavailable }
            let heartbeat = Heartbeat("loop")
            host.probes.watch(heartbeat)
            return [
                BlockingService("loop") { stop in
                    if behaviour == .failing { throw ProbeError.broken }
                    while behaviour != .returning && (behaviour == .stuck || !stop.isStopping) {
                        heartbeat.tick()
                        _ = stop.wait(for: .milliseconds(20))
                    }
                }
            ]
        }
    }
}

/// ## Keys
/// - `database.url` (secret, required), `probe.behaviour` (default steady)
struct ProbeSettings: ServiceSettings {
    enum Behaviour: String, CaseIterable {
        case steady, failing, returning, stuck, unavailable
    }

    let database: DatabaseSettings
    let behaviour: Behaviour

    init(_ read: SettingsReader) {
        database = DatabaseSettings(read)
        behaviour = read.choice("probe.behaviour", default: .steady, "What the loop does.")
    }
}

enum ProbeError: CodedError, CustomStringConvertible {
    case broken
    case unavailable

    var code: String {
        switch self {
        case .broken: "GR-PROBE-001"
        case .unavailable: "GR-PROBE-002"
        }
    }

    var exitCode: ExitCode { self == .unavailable ? .unavailable : .internalError }

    var description: String {
        switch self {
        case .broken: "the loop is broken"
        case .unavailable: "the store is unavailable"
        }
    }
}
