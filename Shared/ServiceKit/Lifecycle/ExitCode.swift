/// How a service's process ends; the numbers are those of `sysexits`.
public enum ExitCode: Int32, CaseIterable, Sendable {
    /// Asked to stop, and stopped in time.
    case success = 0
    /// A service failed while running, or did not stop in time.
    case failure = 1
    /// The command line is malformed.
    case usage = 64
    /// Something the start needs, such as the database, is not there.
    case unavailable = 69
    /// The start failed for a reason of our own.
    case internalError = 70
    /// The settings are wrong.
    case configuration = 78

    var meaning: String {
        switch self {
        case .success: "stopped as asked"
        case .failure: "a part failed or did not stop in time"
        case .usage: "malformed command line"
        case .unavailable: "something needed is unavailable"
        case .internalError: "internal error at start"
        case .configuration: "wrong settings"
        }
    }
}

/// An error with a stable code, for logs, metrics and runbooks.
///
/// Its description is one plain sentence without personal data and secrets.
public protocol CodedError: Error, Sendable {
    /// The stable code: `GR-AREA-NNN`.
    var code: String { get }
    /// How the process ends if this error stops it from starting.
    var exitCode: ExitCode { get }
}

extension CodedError {
    /// An internal error, unless a type says otherwise.
    public var exitCode: ExitCode { .internalError }
}
