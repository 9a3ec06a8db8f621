/// How the way to the mail server is protected.
public enum MailSecurity: String, CaseIterable, Sendable {
    /// Plain text: for a relay on the same machine, and for tests.
    case none
    /// Begins in plain text and insists on TLS before anything else is said; port 587.
    case startTLS = "starttls"
    /// TLS from the first byte; port 465.
    case tls
}

/// Where messages are handed over, and how. Descriptions leave the password out.
public struct SMTPSettings: Sendable {
    /// The server's name, as its certificate has it.
    public var host: String
    /// The server's port.
    public var port: Int
    /// The protection of the connection.
    public var security: MailSecurity
    /// The user, where the server wants a login.
    public var user: String?
    /// The user's password.
    public var password: String?
    /// The name this machine gives itself in its greeting; nil is the machine's own.
    public var greetingName: String?
    /// A PEM file of certificate authorities; nil trusts the system's.
    public var authoritiesFile: String?
    /// The longest time to connect, in seconds.
    public var connectTimeoutSeconds = 10
    /// The longest time for one message, connection included, in seconds.
    public var totalTimeoutSeconds = 60

    /// A server that wants TLS unless told otherwise.
    public init(
        host: String, port: Int = 587, security: MailSecurity = .startTLS, user: String? = nil, password: String? = nil
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.user = user
        self.password = password
    }

    var url: String {
        let shown = host.contains(":") ? "[\(host)]" : host
        return (security == .tls ? "smtps" : "smtp") + "://\(shown):\(port)" + (greetingName.map { "/" + $0 } ?? "")
    }
}

extension SMTPSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Server and protection; never the login.
    public var description: String { "\(host):\(port) (\(security.rawValue))" }
    /// The same as ``description``.
    public var debugDescription: String { description }
    /// Only what ``description`` shows.
    public var customMirror: Mirror { Mirror(self, children: ["server": description]) }
}
