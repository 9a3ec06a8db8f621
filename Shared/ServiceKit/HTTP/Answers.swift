import Foundation
public import HTTPTypes
public import Hummingbird
import NIOCore

extension Response {
    /// A value as JSON, members in alphabetical order.
    public static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        try jsonResponse(value, status: status)
    }

    /// Text of a media type, not to be kept in caches; offered as a file to save when it has a name.
    ///
    /// Pages may hold styles and forms and nothing else: no script runs, whatever the text says.
    public static func text(
        _ text: String, type: String, status: HTTPResponse.Status = .ok, fileName: String? = nil
    ) -> Response {
        var headers: HTTPFields = [.contentType: type, .cacheControl: "no-store", .xContentTypeOptions: "nosniff"]
        headers[.contentSecurityPolicy] = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
        if let fileName { headers[.contentDisposition] = "attachment; filename=\"\(fileName)\"" }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
