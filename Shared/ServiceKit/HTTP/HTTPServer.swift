import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// The service's HTTP server: probes, metrics, and the routes the service adds.
struct HTTPServer {
    static let probeRoutes: Set<String> = ["/livez", "/readyz", "/metrics"]

    let router: Router<RequestScope>
    private let settings: HostSettings
    private let logger: Logger

    init(
        settings: HostSettings, probes: Probes, logger: Logger, exposition: @escaping @Sendable () -> String
    ) {
        self.settings = settings
        self.logger = logger
        router = Router(context: RequestScope.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: AccessMiddleware(logger: logger, bodyLimitBytes: settings.bodyLimitBytes))
        router.get("livez") { _, _ in
            let answer = probes.liveness()
            return try jsonResponse(answer, status: answer.isGood ? .ok : .serviceUnavailable)
        }
        router.get("readyz") { _, _ in
            let answer = await probes.readiness()
            return try jsonResponse(answer, status: answer.isGood ? .ok : .serviceUnavailable)
        }
        router.get("metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: MetricsText.contentType],
                body: ResponseBody(byteBuffer: ByteBuffer(string: exposition())))
        }
    }

    /// The server with all routes added so far; tells the log, and `onListening`, its port.
    func service(onListening: @escaping @Sendable (Int) -> Void = { _ in }) -> any Service {
        // The framework's own lines repeat ours and know nothing about personal data.
        var quiet = logger
        quiet.logLevel = .critical
        let (host, logger) = (settings.httpHost, logger)
        return Application(
            router: router,
            server: .http1(configuration: .init(idleTimeout: .seconds(HTTPServer.idleSeconds))),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: settings.httpPort), serverName: "gradus"),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                logger.info("listening", metadata: ["host": "\(host)", "port": "\(port)"])
                onListening(port)
            },
            logger: quiet)
    }

    /// A connection that sends nothing for so long is closed.
    private static let idleSeconds: Int64 = 60
}
