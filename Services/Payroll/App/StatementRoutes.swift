import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Pages
import PayrollCore
import PayrollStores
import ServiceKit
import SignIn

/// One manager's statement of a month, as JSON and as a page; a personal token sees its holder's own.
struct StatementRoutes: Sendable {
    private let parts: PayrollParts

    init(_ parts: PayrollParts) {
        self.parts = parts
    }

    func add(to host: ServiceHost) {
        let guarding = host.requires(.payrollReader, .payrollMaker, .payrollApprover, .operatorRole, .personal)
        host.router.group("v1/statements").add(middleware: guarding).get(":manager/:month") { _, context in
            let (run, statement) = try await statement(context)
            return try Response.json(StatementDocument(statement, of: run))
        }
        let signIn = BrowserSignIn(host)
        signIn.add(to: host)
        host.router.group("statements").add(middleware: signIn).add(middleware: guarding).get(":manager/:month") {
            request, context in
            let (run, statement) = try await statement(context)
            let language = request.uri.queryParameters["lang"].map(String.init) ?? "zh"
            let page = StatementPage(run, statement, language: language)
            return Response.text(page.html, type: "text/html; charset=utf-8")
        }
    }

    private func statement(_ context: RequestScope) async throws -> (PayRun, PayStatement) {
        guard let segment = context.parameters.get("manager")?.removingPercentEncoding,
            let subject = SubjectPath.manager(segment, institution: parts.institution),
            let month = context.parameters.get("month").flatMap({ Period($0) }), month.kind == .month
        else {
            throw Problem(
                .badRequest, code: "GR-PAY-109", message: "The path names no statement",
                detail: "Write it as /statements/institution:manager/2026-03.")
        }
        try authorise(context.caller, subject)
        let run = PayRun.id(institution: subject.institution, month: month)
        let found = try await parts.onStore { connection -> (PayRun, PayStatement)? in
            guard let stored = try RunStore.run(run, on: connection),
                let statement = try StatementStore.statement(of: subject, run: run, on: connection)
            else { return nil }
            return (stored.run, statement)
        }
        // Before the release a statement is the payroll office's draft, and its manager is told nothing.
        guard let found, found.0.state == .released || !Self.isPersonal(context.caller) else {
            throw Problem(
                .notFound, code: "GR-PAY-110", message: "There is no such statement",
                detail: "The month's run is not released, or pays this manager nothing.")
        }
        return found
    }

    private func authorise(_ caller: Caller?, _ subject: Subject) throws {
        guard Self.isPersonal(caller) else { return }
        guard let name = caller?.name, SubjectPath.manager(name, institution: parts.institution) == subject else {
            throw Problem(
                .forbidden, code: "GR-PAY-111", message: "A personal token shows its holder's own statements only")
        }
    }

    /// A token that is personal stays so whatever other roles it has been given.
    private static func isPersonal(_ caller: Caller?) -> Bool { caller?.roles.contains(.personal) ?? true }
}
