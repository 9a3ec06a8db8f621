import Foundation
import Logging
import Metrics
public import ServiceLifecycle
import UnixSignals

/// Runs a service's process: settings, parts, services in the order of their dependencies, until it is told to stop.
///
/// Never returns and never crashes on a wrong setting or a failing part: the process ends with an ``ExitCode`` and one
/// line for each thing that is wrong. SIGTERM and SIGINT stop the last service first.
///
/// - Parameters:
///   - service: the name in logs, metrics and help.
///   - assemble: makes the parts from the settings and returns the services, those others depend on first.
public func launch<Settings: ServiceSettings>(
    _ service: ServiceName, assemble: @Sendable (Settings, ServiceHost) async throws -> [any Service]
) async -> Never {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let sources = SettingsSources(arguments: arguments, environment: ProcessInfo.processInfo.environment)
    let reader = SettingsReader(sources)
    let common = HostSettings(reader, defaultPort: service.defaultPort)
    let settings = Settings(reader)
    answer(sources.request, service, reader) { settings.faultsOfFiles }

    // A reader of our output or a peer that goes away must be an error of a call, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    let output = processLogOutput(
        service: service, format: common.logFormat, redaction: Redaction(reader.secrets))
    let level = Logger.Level(rawValue: common.logLevel.rawValue) ?? .info
    LoggingSystem.bootstrap { _ in ServiceLogHandler(output, level: level) }
    let logger = Logger(label: "gradus.\(service.rawValue)")
    let metrics = MetricsRegistry()
    AccessMiddleware.describe(metrics)
    MetricsSystem.bootstrap(metrics)

    let code = await run(service, settings, common, metrics, logger, assemble)
    output.flush()
    exit(code.rawValue)
}

/// Ends the process here if it was only asked for help or a check, or if the settings are wrong.
private func answer(
    _ request: SettingsRequest, _ service: ServiceName, _ reader: SettingsReader, files: () -> [String]
) {
    if case .help = request {
        writeLine(settingsHelp(program: service.program, reader.entries), to: .standardOutput)
        exit(ExitCode.success.rawValue)
    }
    do throws(SettingsError) {
        try reader.finish()
    } catch {
        for fault in error.faults {
            writeLine("\(service.program): \(fault)", to: .standardError)
        }
        let code = if case .validate = request { ExitCode.configuration } else { error.exitCode }
        exit(code.rawValue)
    }
    if case .validate = request {
        let faults = files()
        for fault in faults { writeLine("\(service.program): \(fault)", to: .standardError) }
        guard faults.isEmpty else { exit(ExitCode.configuration.rawValue) }
        writeLine("\(service.program): settings are valid", to: .standardOutput)
        exit(ExitCode.success.rawValue)
    }
}

private func writeLine(_ line: String, to file: FileHandle) {
    // Nobody is left to be told when standard output or error is closed.
    try? file.write(contentsOf: Data((line + "\n").utf8))
}

/// Assembles and runs; every outcome is an exit code.
private func run<Settings: ServiceSettings>(
    _ service: ServiceName, _ settings: Settings, _ common: HostSettings, _ metrics: MetricsRegistry, _ logger: Logger,
    _ assemble: @Sendable (Settings, ServiceHost) async throws -> [any Service]
) async -> ExitCode {
    let probes = Probes()
    let process = ProcessMetrics(service: service, startedAt: SystemTime.now())
    let server = HTTPServer(
        settings: common, probes: probes, logger: logger,
        exposition: { metrics.exposition() + process.exposition() })
    let host = ServiceHost(
        name: service, settings: common, logger: logger, metrics: metrics, probes: probes, router: server.router)
    let services: [any Service]
    do {
        services = try await assemble(settings, host)
    } catch {
        logger.log(level: .critical, "the service cannot start", error: error)
        return (error as? any CodedError)?.exitCode ?? .internalError
    }
    let deadline = ShutdownDeadline(common.shutdownTimeout, logger: logger)
    let watch = ShutdownWatch(probes: probes, deadline: deadline, logger: logger)
    let all: [any Service] = [server.service()] + services + [watch]
    // The group's own lines repeat what the supervisors say.
    var groupLogger = logger
    groupLogger.logLevel = .critical
    let group = ServiceGroup(
        services: all.map { Supervised(service: $0, logger: logger, deadline: deadline) },
        gracefulShutdownSignals: [.sigterm, .sigint], logger: groupLogger)
    do {
        try await group.run()
    } catch {
        return .failure
    }
    logger.info("stopped")
    return .success
}
