import CLibPQ
import Logging

/// Something the server wants known that is not an error.
public struct Notice: Hashable, Sendable {
    /// `NOTICE`, `WARNING`, `INFO`, `LOG` or `DEBUG`.
    public let severity: String
    /// The code of the notice.
    public let state: SQLState
    /// The server's sentence.
    public let message: String
}

extension Notice {
    /// Sends warnings to the log as warnings and the rest as debug lines.
    public static let toLog: @Sendable (Notice) -> Void = { notice in
        let level: Logger.Level = notice.severity == "WARNING" ? .warning : .debug
        Logger(label: "gradus.postgres").log(
            level: level, "\(notice.message)", metadata: ["sqlstate": "\(notice.state.rawValue)"])
    }
}

/// Carries the caller's closure through libpq's callback.
final class NoticeSink {
    private let receive: @Sendable (Notice) -> Void

    init(_ receive: @escaping @Sendable (Notice) -> Void) {
        self.receive = receive
    }

    /// Directs the connection's notices here; without this libpq prints them on standard error.
    /// The sink must outlive the connection.
    func attach(to handle: OpaquePointer) {
        let receiver: PQnoticeReceiver = { argument, result in
            guard let argument, let result else { return }
            let sink = Unmanaged<NoticeSink>.fromOpaque(argument).takeUnretainedValue()
            guard let rejection = Rejection(result, showsRowDetail: false) else { return }
            sink.receive(
                Notice(severity: rejection.severity, state: rejection.state, message: rejection.message))
        }
        _ = PQsetNoticeReceiver(handle, receiver, Unmanaged.passUnretained(self).toOpaque())
    }
}
