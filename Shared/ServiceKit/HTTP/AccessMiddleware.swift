import HTTPTypes
import Hummingbird
import Logging
import Metrics
import Synchronization

/// The outermost layer: request id, trace, body limit, errors as problems, access log and metrics.
///
/// Logs the route, never the path or the query, which may hold ids of people.
struct AccessMiddleware: RouterMiddleware {
    let logger: Logger
    let bodyLimitBytes: Int

    func handle(
        _ request: Request, context: RequestScope, next: (Request, RequestScope) async throws -> Response
    ) async throws -> Response {
        let started = SystemTime.monotonicNanoseconds()
        let context = prepared(context, request)
        var response: Response
        do {
            try checkLength(request)
            response = try await next(request, context)
        } catch {
            let problem = Problem(error)
            if problem.status.code >= 500 {
                report(error, context.logger)
            }
            response = try problem.response(from: request, context: context)
        }
        response.headers[AccessMiddleware.requestIDHeader] = context.requestID
        record(request, context, response.status.code, SystemTime.monotonicNanoseconds() - started)
        return response
    }

    /// Only our own errors are sure to hold no personal data; of others only the type is written.
    private func report(_ error: any Error, _ logger: Logger) {
        if error is any CodedError {
            logger.log(level: .error, "a request failed", error: error)
        } else {
            logger.error("a request failed", metadata: ["error": "\(type(of: error))"])
        }
    }

    /// Gives the two metrics their help.
    static func describe(_ metrics: MetricsRegistry) {
        metrics.describe("gradus_http_requests_total", "Requests answered, by route and status.")
        metrics.describe("gradus_http_request_seconds", "Time to answer a request, by route.")
    }

    private static let requestIDHeader = HTTPField.Name("X-Request-Id") ?? .date
    private static let traceHeader = HTTPField.Name("traceparent") ?? .date

    private func prepared(_ context: RequestScope, _ request: Request) -> RequestScope {
        var context = context
        context.maxUploadSize = bodyLimitBytes
        context.requestID = AccessMiddleware.requestID(request)
        let trace = request.headers[AccessMiddleware.traceHeader].flatMap { TraceContext(traceparent: $0) }
        context.clientTrace = trace
        context.traceContext = trace?.child() ?? context.traceContext
        context.logger = logger
        context.logger[metadataKey: "request"] = "\(context.requestID)"
        context.logger[metadataKey: "traceparent"] = "\(context.traceContext)"
        return context
    }

    /// The caller's id if it is short and plain, so that it cannot forge log lines.
    private static func requestID(_ request: Request) -> String {
        if let given = request.headers[requestIDHeader], (1...64).contains(given.utf8.count),
            given.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) })
        {
            return given
        }
        return String(UInt64.random(in: (1 << 60)...UInt64.max), radix: 16)
    }

    private func checkLength(_ request: Request) throws {
        guard let length = request.headers[.contentLength].flatMap({ Int($0) }), length > bodyLimitBytes else { return }
        throw Problem(
            .contentTooLarge, code: "GR-HTTP-413", message: "The body is too large",
            detail: "At most \(bodyLimitBytes) bytes are accepted.")
    }

    private func record(_ request: Request, _ context: RequestScope, _ status: Int, _ nanoseconds: Int64) {
        let route = context.endpointPath ?? "unmatched"
        let method = AccessMiddleware.methods.contains(request.method) ? request.method.rawValue : "OTHER"
        let labels = [("method", method), ("route", route), ("status", String(status))]
        Counter(label: "gradus_http_requests_total", dimensions: labels).increment()
        Timer(label: "gradus_http_request_seconds", dimensions: [("method", method), ("route", route)])
            .recordNanoseconds(nanoseconds)
        var metadata: Logger.Metadata = [
            "method": "\(method)", "route": "\(route)", "status": "\(status)",
            "milliseconds": "\(nanoseconds / 1_000_000)",
        ]
        metadata["caller"] = context.callerNote.name.withLock { $0 }.map { "\($0)" }
        // Probes come every few seconds and say nothing while all is well.
        let isProbe = HTTPServer.probeRoutes.contains(route)
        context.logger.log(level: isProbe ? .debug : .info, "request", metadata: metadata)
    }

    private static let methods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]
}
