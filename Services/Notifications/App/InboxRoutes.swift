import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NotificationsCore
import Pages
import Postgres
import ServiceKit
import SignIn

extension Role {
    /// A person's own token, named after its holder: his own notices and nothing else.
    static let personal = Role(rawValue: "personal")
}

/// Readers' inboxes, as JSON and as a page, and the steps that readers take.
struct InboxRoutes: Sendable {
    private let parts: NotificationsParts

    init(_ parts: NotificationsParts) {
        self.parts = parts
    }

    func add(to host: ServiceHost) {
        let guarding = host.requires(.inboxReader, .operatorRole, .personal)
        host.router.group("v1/inbox").add(middleware: guarding).get(":recipient") { request, context in
            try await list(request, context)
        }
        let steps = host.router.group("v1/notices").add(middleware: guarding)
        steps.post(":id/read") { _, context in try await step(to: .read, context) }
        steps.post(":id/acknowledge") { _, context in try await step(to: .acknowledged, context) }
        let signIn = BrowserSignIn(host)
        signIn.add(to: host)
        let pages = host.router.group("inbox").add(middleware: signIn).add(middleware: guarding)
        pages.get(":recipient") { request, context in try await page(request, context) }
        pages.post(":recipient/:id/acknowledge") { _, context in
            let recipient = try recipient(context)
            _ = try await step(to: .acknowledged, context)
            return Response(
                status: .seeOther, headers: [.location: "/inbox/\(SubjectPath.segment(recipient))"])
        }
    }

    private struct Inbox: Encodable {
        let recipient: Subject
        let notices: [NoticeDocument]
        /// What to give as `before` for the next page; absent on the last.
        let next: UUID128?
    }

    private func list(_ request: Request, _ context: RequestScope) async throws -> Response {
        let recipient = try recipient(context)
        let last = request.uri.queryParameters["before"].flatMap { UUID128(String($0)) }
        let limit = min(500, max(1, request.uri.queryParameters["limit"].flatMap { Int32($0) } ?? 100))
        let entries = try await parts.onStore {
            try NoticeStore.inbox(of: recipient, before: last, limit: limit, on: $0)
        }
        return try Response.json(
            Inbox(
                recipient: recipient, notices: entries.map { NoticeDocument($0) },
                next: entries.count < Int(limit) ? nil : entries.last?.id))
    }

    private func page(_ request: Request, _ context: RequestScope) async throws -> Response {
        let recipient = try recipient(context)
        let language = request.uri.queryParameters["lang"].flatMap { ReadingLanguage(rawValue: String($0)) } ?? .zh
        let entries = try await parts.onStore {
            try NoticeStore.inbox(of: recipient, before: nil, limit: 200, on: $0)
        }
        let page = InboxPage(recipient, entries, language: language)
        return Response.text(page.html, type: "text/html; charset=utf-8")
    }

    private func step(to next: NoticeState, _ context: RequestScope) async throws -> Response {
        let missing = Problem(
            .notFound, code: "GR-NOTE-401", message: "There is no such notice",
            detail: "List a reader's notices with GET /v1/inbox/institution:manager.")
        guard let id = context.parameters.get("id").flatMap({ UUID128($0) }) else { throw missing }
        let caller = context.caller
        let institution = parts.institution
        let now = Timestamp(microseconds: SystemTime.now())
        let state = try await parts.onStore { connection in
            try connection.transaction { transaction throws(any Error) -> NoticeState? in
                guard let (key, state) = try NoticeStore.locked(id, in: transaction) else { return nil }
                // To a personal token another reader's notice does not exist.
                guard Self.mayRead(caller, key.recipient, institution) else { return nil }
                try NoticeStore.advance(key, from: state, to: next, at: now, in: transaction)
                return max(state, next)
            }
        }
        guard let state else { throw missing }
        return try Response.json(["id": id.description, "state": state.rawValue])
    }

    private func recipient(_ context: RequestScope) throws -> Subject {
        guard let segment = context.parameters.get("recipient")?.removingPercentEncoding,
            let subject = SubjectPath.manager(segment, institution: parts.institution)
        else {
            throw Problem(
                .badRequest, code: "GR-NOTE-402", message: "The path names no reader",
                detail: "Write it as /inbox/institution:manager.")
        }
        guard Self.mayRead(context.caller, subject, parts.institution) else {
            throw Problem(
                .forbidden, code: "GR-NOTE-403", message: "A personal token shows its holder's own notices only")
        }
        return subject
    }

    /// A token that is personal stays so whatever other roles it has been given.
    private static func mayRead(_ caller: Caller?, _ recipient: Subject, _ institution: String?) -> Bool {
        guard let caller else { return false }
        guard caller.roles.contains(.personal) else { return true }
        return SubjectPath.manager(caller.name, institution: institution) == recipient
    }
}

/// A notice as JSON.
struct NoticeDocument: Encodable, Sendable {
    let id: UUID128
    let title: String
    let body: String
    let state: String
    let dueAt: String
    let scheme: String
    let version: Int
    let rule: String
    let clause: String
    let fact: UUID128?

    init(_ entry: InboxEntry) {
        id = entry.id
        title = entry.title
        body = entry.body
        state = entry.state.rawValue
        dueAt = entry.dueAt.text(offsetMinutes: 480)
        scheme = entry.scheme
        version = entry.version
        rule = entry.rule
        clause = entry.clause
        fact = entry.fact
    }
}
