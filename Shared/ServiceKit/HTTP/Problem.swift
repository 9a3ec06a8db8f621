import Foundation
public import HTTPTypes
public import Hummingbird
import NIOCore

/// An error a caller is told, as `application/problem+json` (RFC 9457).
///
/// Holds no personal data: it also goes to the log.
public struct Problem: CodedError, HTTPResponseError, ResponseGenerator, CustomStringConvertible {
    /// The HTTP status.
    public let status: HTTPResponse.Status
    /// The stable code: `GR-INTAKE-012`.
    public let code: String
    /// What is wrong, in one sentence.
    public let message: String
    /// Where, and what to do.
    public let detail: String?
    /// Headers to add, such as `Retry-After`.
    public var headers: HTTPFields = [:]

    /// Describes an error for the caller.
    public init(_ status: HTTPResponse.Status, code: String, message: String, detail: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
    }

    /// What the framework's or a handler's error means for the caller; anything unknown stays inside.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem:
            self = problem
        case let error as HTTPError:
            self.init(
                error.status, code: "GR-HTTP-\(error.status.code)",
                message: error.body ?? error.status.reasonPhrase)
            headers = error.headers
        case let error as any HTTPResponseError:
            self.init(
                error.status, code: "GR-HTTP-\(error.status.code)", message: error.status.reasonPhrase)
        case is DecodingError:
            self.init(.badRequest, code: "GR-HTTP-400", message: "The body does not have the expected form")
        default:
            self.init(.internalServerError, code: "GR-HTTP-500", message: "The service failed; see its log")
        }
    }

    /// The code and the sentence.
    public var description: String { "\(code) \(message)" }

    private struct Document: Encodable {
        let type = "about:blank"
        let title: String
        let status: Int
        let code: String
        let message: String
        let detail: String?
        let requestId: String?
    }

    /// The response.
    public func response(from request: Request, context: some RequestContext) throws -> Response {
        let document = Document(
            title: status.reasonPhrase, status: status.code, code: code, message: message, detail: detail,
            requestId: (context as? RequestScope)?.requestID)
        var response = try jsonResponse(document, status: status)
        response.headers[.contentType] = "application/problem+json"
        response.headers.append(contentsOf: headers)
        return response
    }
}

/// A response whose body is the value as JSON, members in alphabetical order.
func jsonResponse(_ value: some Encodable, status: HTTPResponse.Status) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let body = ByteBuffer(bytes: try encoder.encode(value))
    return Response(
        status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
        body: ResponseBody(byteBuffer: body))
}
