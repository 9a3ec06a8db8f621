import HTTPTypes
public import Hummingbird
import Synchronization

/// Lets a request pass only with a bearer token that has one of the roles: 401 without a token, 403 without the role.
public struct RoleGuard: RouterMiddleware {
    let tokens: BearerTokens
    let roles: Set<Role>

    /// Checks the token and notes the caller.
    public func handle(
        _ request: Request, context: RequestScope, next: (Request, RequestScope) async throws -> Response
    ) async throws -> Response {
        guard let token = RoleGuard.token(request.headers[.authorization]),
            let caller = tokens.caller(presenting: token)
        else {
            var problem = Problem(
                .unauthorized, code: "GR-HTTP-401", message: "A known bearer token is needed",
                detail: "Send the header Authorization: Bearer and the token this system was given.")
            problem.headers[.wwwAuthenticate] = "Bearer"
            throw problem
        }
        context.callerNote.name.withLock { $0 = caller.name }
        guard !caller.roles.isDisjoint(with: roles) else {
            let names = roles.map(\.rawValue).sorted().joined(separator: ", ")
            throw Problem(
                .forbidden, code: "GR-HTTP-403", message: "The caller does not have the role",
                detail: "One of these roles is needed: \(names).")
        }
        var context = context
        context.caller = caller
        return try await next(request, context)
    }

    private static func token(_ header: String?) -> Substring? {
        guard let header, header.count > 7, header.prefix(7).lowercased() == "bearer " else { return nil }
        return header.dropFirst(7).drop { $0 == " " }
    }
}

/// Carries the caller's name from the guard to the access log.
final class CallerNote: Sendable {
    let name = Mutex<String?>(nil)
}
