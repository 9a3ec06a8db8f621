/// Why a message was not handed over, in the terms a caller can act on. Holds no addresses and no contents.
public enum MailError: Error, Hashable, Sendable {
    /// No answer from the mail server, or the connection was lost. After a timeout the message may have arrived.
    case unreachable(reason: String)
    /// The server asks to try again later (4xx).
    case deferred(status: Int)
    /// The server will never take this message (5xx).
    case refused(status: Int)
    /// The server does not accept our user or password.
    case loginRefused
    /// The server offers no TLS, or its certificate is not to be trusted. Nothing was sent.
    case insecure(reason: String)
    /// The message cannot be sent by anybody: an address or a header is malformed.
    case invalidMessage(reason: String)

    /// True when sending the same message later may succeed, if only after an operator has acted.
    public var isTransient: Bool {
        switch self {
        case .unreachable, .deferred, .loginRefused, .insecure: true
        case .refused, .invalidMessage: false
        }
    }

    /// The stable code of this kind of error.
    public var code: String {
        switch self {
        case .unreachable: "GR-MAIL-001"
        case .deferred: "GR-MAIL-002"
        case .refused: "GR-MAIL-003"
        case .loginRefused: "GR-MAIL-004"
        case .insecure: "GR-MAIL-005"
        case .invalidMessage: "GR-MAIL-006"
        }
    }
}

extension MailError: CustomStringConvertible {
    /// One line for a log: what is wrong and what to do.
    public var description: String {
        switch self {
        case .unreachable(let reason): "mail server unreachable: \(reason)"
        case .deferred(let status): "mail server asks to try later (\(status))"
        case .refused(let status): "mail server refuses this message (\(status)); check the recipient's address"
        case .loginRefused: "mail server refuses the login; check the user and password"
        case .insecure(let reason): "no trusted TLS with the mail server: \(reason)"
        case .invalidMessage(let reason): "message not sendable: \(reason)"
        }
    }
}
