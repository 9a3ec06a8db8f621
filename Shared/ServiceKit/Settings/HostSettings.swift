/// The settings every service has.
///
/// ## Keys
/// - `http.host` (default 127.0.0.1), `http.port` (a default for each service; 0 is any free port)
/// - `http.body.limit.bytes` (default 2 MiB), `http.tokens` (secret)
/// - `log.level` (default info), `log.format` (json, text or auto; default auto)
/// - `shutdown.timeout.seconds` (default 25)
public struct HostSettings: ServiceSettings {
    /// How log lines are written.
    public enum LogFormat: String, CaseIterable, Sendable {
        /// One JSON object a line.
        case json
        /// A line for people.
        case text
        /// `text` on a terminal, otherwise `json`.
        case auto
    }

    /// The levels of log lines, the most talkative first.
    public enum LogLevel: String, CaseIterable, Sendable {
        case trace, debug, info, notice, warning, error, critical
    }

    /// The address the HTTP server listens on.
    public let httpHost: String
    /// The port the HTTP server listens on; 0 takes any free one.
    public let httpPort: Int
    /// The largest accepted request body.
    public let bodyLimitBytes: Int
    /// Who may call the protected routes.
    public let tokens: BearerTokens
    /// The least important level that is written.
    public let logLevel: LogLevel
    /// How log lines are written.
    public let logFormat: LogFormat
    /// How long the services may take to stop.
    public let shutdownTimeout: Duration

    /// Reads them for a program without a port of its own.
    public init(_ read: SettingsReader) {
        self.init(read, defaultPort: 8080)
    }

    init(_ read: SettingsReader, defaultPort: Int) {
        httpHost = read.string("http.host", default: "127.0.0.1", "Address of the HTTP server; 0.0.0.0 is every one.")
        httpPort = read.integer(
            "http.port", default: defaultPort, in: 0...65_535, "Port of the HTTP server; 0 is any free one.")
        bodyLimitBytes = read.integer(
            "http.body.limit.bytes", default: 2_097_152, in: 1_024...1_073_741_824, "Largest request body.")
        let lines = read.optionalSecret(
            "http.tokens", "Bearer tokens of callers, one a line: name role[,role] token (16 characters or more).")
        let (tokens, faults) = BearerTokens.parse(lines?.revealed ?? "")
        for fault in faults {
            read.fault("http.tokens", fault)
        }
        self.tokens = tokens
        read.keepSecret(tokens.texts)
        logLevel = read.choice("log.level", default: LogLevel.info, "Least important level that is written.")
        logFormat = read.choice("log.format", default: LogFormat.auto, "Form of log lines; auto is text on a terminal.")
        shutdownTimeout = read.seconds(
            "shutdown.timeout.seconds", default: 25, in: 1...600, "Time the services have to stop after SIGTERM.")
    }
}
