import CLibPQ

/// Where the database is and how its connections behave.
///
/// The location is a secret (it may hold a password): descriptions leave it out.
public struct ConnectionSettings: Sendable {
    /// The name shown in `pg_stat_activity`, unless the location names one.
    public var applicationName = "gradus"
    /// The longest time to make a connection, in seconds.
    public var connectTimeoutSeconds = 5
    /// The longest time of one statement, in milliseconds; 0 is no limit.
    public var statementTimeoutMilliseconds = 30_000
    /// The longest wait for one lock, in milliseconds; 0 is no limit.
    public var lockTimeoutMilliseconds = 10_000
    /// The longest a transaction may stand idle before the server ends the connection, in milliseconds; 0 is no limit.
    public var idleInTransactionTimeoutMilliseconds = 60_000
    /// How long sent data may stay unacknowledged before the connection counts as lost, in milliseconds.
    public var tcpUserTimeoutMilliseconds = 15_000
    /// Seconds of silence before the first probe of a connection; two more follow, five seconds apart.
    public var keepaliveIdleSeconds = 10
    /// Refuses standbys and read-only servers. Leave it on for whoever writes or pays.
    public var requiresWritableServer = true
    /// Prepares each statement once per connection. Switch it off behind PgBouncer's transaction mode.
    public var cachesStatements = true
    /// Puts the server's DETAIL, which quotes rows, into errors. For tests and tools on invented data only.
    public var showsRowDetail = false
    /// The schemas searched for unqualified names, in order; nil keeps the server's setting.
    public var searchPath: [String]?
    /// Receives the server's notices and warnings, on the connection's thread.
    public var notices: @Sendable (Notice) -> Void = Notice.toLog

    private let location: String
    private let locationOptions: String?
    private let password: String?
    /// The host, port, database and user of the location, for logs.
    public let redactedLocation: String

    /// Reads a URL (`postgresql://user@host:5432/name?sslmode=verify-full`) or a `key=value` string of libpq.
    public init(_ location: String) throws(PostgresError) {
        // libpq's own message may quote a part of the password, so it is not passed on.
        guard !location.isEmpty, let options = PQconninfoParse(location, nil) else {
            throw .invalidSettings(
                reason: "the connection string is not readable; write postgresql://user@host:5432/database")
        }
        defer { PQconninfoFree(options) }
        var found: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { found[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        self.location = location
        self.locationOptions = found["options"]
        self.password = found["password"]
        self.redactedLocation = ["host", "port", "dbname", "user"]
            .compactMap { key in found[key].map { "\(key)=\($0)" } }
            .joined(separator: " ")
    }
}

extension ConnectionSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Host, port, database and user; never the password.
    public var description: String { redactedLocation }
    /// The same as ``description``.
    public var debugDescription: String { redactedLocation }
    /// Only what ``description`` shows.
    public var customMirror: Mirror { Mirror(self, children: ["location": redactedLocation]) }
}

extension ConnectionSettings {
    /// libpq's keywords in order: what the location may override, the location, what it may not.
    var keywords: [(key: String, value: String)] {
        var list = [
            ("application_name", applicationName),
            ("connect_timeout", "\(connectTimeoutSeconds)"),
            ("keepalives", "1"),
            ("keepalives_idle", "\(keepaliveIdleSeconds)"),
            ("keepalives_interval", "5"),
            ("keepalives_count", "3"),
            ("tcp_user_timeout", "\(tcpUserTimeoutMilliseconds)"),
            ("dbname", location),
            ("client_encoding", "UTF8"),
            ("options", sessionOptions),
        ]
        if requiresWritableServer { list.append(("target_session_attrs", "read-write")) }
        return list
    }

    /// Session settings as start-up options: no round trip, and there again after a reconnect.
    private var sessionOptions: String {
        var options = [
            "-c timezone=UTC",
            "-c statement_timeout=\(statementTimeoutMilliseconds)",
            "-c lock_timeout=\(lockTimeoutMilliseconds)",
            "-c idle_in_transaction_session_timeout=\(idleInTransactionTimeoutMilliseconds)",
            // Compiling a plan costs more than it saves in statements as short as ours.
            "-c jit=off",
        ]
        if let searchPath {
            let path = searchPath.map { Identifier.quoted($0) }.joined(separator: ",")
            options.append("-c search_path=" + path.replacing("\\", with: "\\\\").replacing(" ", with: "\\ "))
        }
        if let locationOptions { options.append(locationOptions) }
        return options.joined(separator: " ")
    }

    /// The text without the password, should a library ever quote it.
    func redact(_ text: String) -> String {
        guard let password, !password.isEmpty else { return text }
        return text.replacing(password, with: "…")
    }
}
