public import Hummingbird
import Foundation
import HTTPTypes
import NIOCore
import Pages
public import ServiceKit

/// Lets people open a service's pages in a browser: a form takes their token once, a cookie presents it afterwards.
///
/// The cookie is out of reach of scripts and of requests from other sites. Programs go on sending their bearer token.
public struct BrowserSignIn: RouterMiddleware {
    private let tokens: BearerTokens

    static let cookie = "gradus-token"

    /// Sign-in for the pages of a service, with the tokens that the service knows.
    public init(_ host: ServiceHost) {
        tokens = host.settings.tokens
    }

    /// Adds the form at `/sign-in`.
    public func add(to host: ServiceHost) {
        host.router.get("sign-in") { request, _ in
            let next = request.uri.queryParameters["next"].map(String.init) ?? "/"
            return Self.form(next: Self.place(next), isRefused: false)
        }
        host.router.post("sign-in") { request, _ in
            let body = try await request.body.collect(upTo: 8192)
            let fields = Self.fields(String(decoding: body.readableBytesView, as: UTF8.self))
            let next = Self.place(fields["next"] ?? "/")
            guard let token = fields["token"], tokens.caller(presenting: token) != nil, Self.fitsCookie(token) else {
                return Self.form(next: next, isRefused: true)
            }
            // Behind a proxy that ends TLS the browser must not show the cookie without it.
            let isSecure = request.headers[Self.forwardedProtocol] == "https"
            let cookie = "\(Self.cookie)=\(token); Path=/; HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "")
            return Response(status: .seeOther, headers: [.location: next, .setCookie: cookie])
        }
    }

    /// Presents the cookie's token, and sends a browser without one to the form.
    public func handle(
        _ request: Request, context: RequestScope, next: (Request, RequestScope) async throws -> Response
    ) async throws -> Response {
        var request = request
        if request.headers[.authorization] == nil, let token = Self.token(in: request.headers[.cookie]) {
            var head = request.head
            head.headerFields[.authorization] = "Bearer \(token)"
            request = Request(head: head, body: request.body)
        }
        do {
            return try await next(request, context)
        } catch let problem as Problem where problem.status == .unauthorized && Self.isBrowser(request) {
            let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "/-._~"))
            let place = request.uri.path.addingPercentEncoding(withAllowedCharacters: allowed) ?? "/"
            return Response(status: .seeOther, headers: [.location: "/sign-in?next=\(place)"])
        }
    }
}

extension BrowserSignIn {
    private static let forwardedProtocol = HTTPField.Name("X-Forwarded-Proto") ?? .date

    private static func isBrowser(_ request: Request) -> Bool {
        request.method == .get && request.headers[.accept]?.contains("text/html") == true
    }

    static func token(in header: String?) -> String? {
        for part in header?.split(separator: ";") ?? [] {
            let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            if pair.count == 2, pair[0] == cookie { return String(pair[1]) }
        }
        return nil
    }

    /// Where to go after signing in: a path of this service, never another site.
    static func place(_ text: String) -> String {
        let isPath = text.hasPrefix("/") && !text.hasPrefix("//") && !text.hasPrefix("/\\")
        return isPath && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? text : "/"
    }

    static func fields(_ body: String) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in body.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? parts[1].replacing("+", with: " ") : ""
            fields[String(parts[0])] = String(value).removingPercentEncoding
        }
        return fields
    }

    private static func fitsCookie(_ token: String) -> Bool {
        token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\",;\\".utf8.contains($0) }
    }

    private static func form(next: String, isRefused: Bool) -> Response {
        let form = HTML.element(
            "form", ["method": "post", "action": "/sign-in", "class": "card"],
            .element("p", [:], .element("label", ["for": "token"], text: "访问令牌 · Access token")),
            .element(
                "p", [:],
                .void(
                    "input", ["type": "password", "name": "token", "id": "token", "autocomplete": "current-password"])),
            .void("input", ["type": "hidden", "name": "next", "value": next]),
            isRefused ? .element("p", ["class": "minus"], text: "令牌不正确。 The token is not known.") : .empty,
            .element("p", [:], .element("button", text: "登录 · Sign in")))
        let page = HTML.page(
            title: "登录 · Sign in", language: "zh", .element("header", [:], .element("h1", text: "登录 · Sign in")), form)
        return Response.text(page, type: "text/html; charset=utf-8", status: isRefused ? .unauthorized : .ok)
    }
}
