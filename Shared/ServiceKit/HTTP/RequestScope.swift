public import Hummingbird
import Logging

/// What a handler knows about a request besides the request itself.
public struct RequestScope: RequestContext {
    /// Hummingbird's own part.
    public var coreContext: CoreRequestContextStorage
    /// The largest body a handler may collect; from `http.body.limit.bytes`.
    public var maxUploadSize: Int
    /// The id in the log line, the response header `X-Request-Id` and every problem.
    public internal(set) var requestID: String
    /// The caller's trace, or a new one.
    public internal(set) var traceContext: TraceContext
    /// The trace that the caller named, if any: what is kept for good carries it, and never one that was made here, so that
    /// a repeated request leaves the same.
    public internal(set) var clientTrace: TraceContext?
    /// Who calls; set behind ``ServiceHost/requires(_:)``.
    public internal(set) var caller: Caller?
    /// Told the caller as well, because the access log outside does not see this copy.
    var callerNote = CallerNote()

    /// Made by the server for each request.
    public init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        maxUploadSize = 2_097_152
        requestID = ""
        traceContext = .start()
    }
}
