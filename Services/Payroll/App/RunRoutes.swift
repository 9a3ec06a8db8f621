import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import PayrollCore
import PayrollStores
import Postgres
import ServiceKit

extension Role {
    /// May open runs, and release what another person approved.
    static let payrollMaker = Role(rawValue: "payroll-maker")
    /// May approve and release runs.
    static let payrollApprover = Role(rawValue: "payroll-approver")
    /// A person's own token, named after its holder: his own statements and nothing else.
    static let personal = Role(rawValue: "personal")
}

/// `/v1/runs`: the monthly run from opening to release, its figures and its files.
struct RunRoutes: Sendable {
    private let parts: PayrollParts

    init(_ parts: PayrollParts) {
        self.parts = parts
    }

    func add(to host: ServiceHost) {
        let read = host.router.group("v1/runs")
            .add(middleware: host.requires(.payrollReader, .payrollMaker, .payrollApprover, .operatorRole))
        read.get { request, _ in try await list(request) }
        read.get(":id") { _, context in try await show(context) }
        read.get(":id/statements") { request, context in try await statements(request, context) }
        read.get(":id/file") { request, context in try await file(request, context) }
        read.get(":id/audit") { _, context in try await audit(context) }
        host.router.group("v1/runs").add(middleware: host.requires(.payrollMaker, .operatorRole))
            .post { request, context in try await open(request, context) }
        host.router.group("v1/runs/:id/approve").add(middleware: host.requires(.payrollApprover, .operatorRole))
            .post { _, context in
                try await step(context) { [desk = parts.desk] id, actor, connection in
                    try desk.approve(id, by: actor, now: .now, on: connection)
                }
            }
        host.router.group("v1/runs/:id/release")
            .add(middleware: host.requires(.payrollMaker, .payrollApprover, .operatorRole))
            .post { _, context in
                try await step(context) { [desk = parts.desk] id, actor, connection in
                    try desk.release(id, by: actor, now: .now, on: connection)
                }
            }
    }

    private struct Opening: Decodable {
        let institution: String
        let month: String
        let currency: Currency?
    }

    private func open(_ request: Request, _ context: RequestScope) async throws -> Response {
        let body = try await request.body.collect(upTo: context.maxUploadSize)
        let opening = try JSONDecoder().decode(Opening.self, from: Data(body.readableBytesView))
        let actor = context.caller?.name ?? ""
        let (stored, isNew) = try await refusable {
            try await parts.onStore { [desk = parts.desk] connection in
                try desk.open(
                    institution: opening.institution, month: opening.month, currency: opening.currency ?? .cny,
                    by: actor, now: .now, on: connection)
            }
        }
        var response = try Response.json(RunDocument(stored), status: isNew ? .created : .ok)
        response.headers[.location] = "/v1/runs/\(stored.run.id)"
        return response
    }

    private func step(
        _ context: RequestScope, _ work: @escaping @Sendable (UUID128, String, Connection) throws -> StoredRun
    ) async throws -> Response {
        let id = try Self.id(context)
        let actor = context.caller?.name ?? ""
        let stored = try await refusable { try await parts.onStore { try work(id, actor, $0) } }
        return try Response.json(RunDocument(stored))
    }

    private func list(_ request: Request) async throws -> Response {
        let institution = request.uri.queryParameters["institution"].map(String.init)
        let runs = try await parts.onStore { try RunStore.runs(of: institution, on: $0) }
        return try Response.json(["runs": runs.map { RunDocument($0) }])
    }

    private func show(_ context: RequestScope) async throws -> Response {
        try Response.json(RunDocument(try await run(context)))
    }

    private struct StatementPage: Encodable {
        let statements: [StatementDocument]
        /// What to give as `after` for the next page; absent on the last.
        let next: String?
    }

    private func statements(_ request: Request, _ context: RequestScope) async throws -> Response {
        let stored = try await run(context)
        let after = request.uri.queryParameters["after"].map(String.init) ?? ""
        let limit = min(1000, max(1, request.uri.queryParameters["limit"].flatMap { Int32($0) } ?? 200))
        let page = try await parts.onStore {
            try StatementStore.statements(of: stored.run.id, after: after, limit: limit, on: $0)
        }
        return try Response.json(
            StatementPage(
                statements: page.map { StatementDocument($0, of: stored.run) },
                next: page.count < Int(limit) ? nil : page.last?.subject.description))
    }

    private func audit(_ context: RequestScope) async throws -> Response {
        let stored = try await run(context)
        let differences = try await parts.onStore { try RunAuditor.audit(run: stored.run.id, on: $0) ?? [] }
        return try Response.json(AuditDocument(stored.run.id, differences))
    }

    private func file(_ request: Request, _ context: RequestScope) async throws -> Response {
        let format = request.uri.queryParameters["format"].map(String.init) ?? "csv"
        guard format == "csv" || format == "pain.001" else {
            throw Problem(
                .badRequest, code: "GR-PAY-108", message: "The format is not known",
                detail: "Formats are csv and pain.001.")
        }
        let stored = try await run(context)
        let run = stored.run
        guard run.state != .open else { throw Problem(RunRefusal.notCalculated) }
        if format == "pain.001", run.state != .released {
            throw Problem(RunRefusal.wrongState(run.state, needs: .released))
        }
        let statements = try await parts.onStore { try StatementStore.allStatements(of: run.id, on: $0) }
        let name = "pay-\(run.institution)-\(run.month)"
        guard format == "pain.001" else {
            let text = PayFileCSV.text(run, statements)
            return .text(text, type: "text/csv; charset=utf-8", fileName: "\(name).csv")
        }
        let payDate = run.month.next.first.adding(days: parts.payDay - 1)
        let text = PayFilePain001.text(
            run, statements, party: parts.payer, created: stored.releasedAt ?? stored.openedAt, executeOn: payDate)
        return .text(text, type: "application/xml", fileName: "\(name).pain.001.xml")
    }

    private func run(_ context: RequestScope) async throws -> StoredRun {
        let id = try Self.id(context)
        guard let stored = try await parts.onStore({ try RunStore.run(id, on: $0) }) else {
            throw Problem(RunRefusal.unknownRun)
        }
        return stored
    }

    private static func id(_ context: RequestScope) throws -> UUID128 {
        guard let id = context.parameters.get("id").flatMap({ UUID128($0) }) else {
            throw Problem(RunRefusal.unknownRun)
        }
        return id
    }

    private func refusable<Value>(_ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch let refusal as RunRefusal {
            throw Problem(refusal)
        }
    }
}

extension Timestamp {
    /// This moment.
    static var now: Timestamp { Timestamp(microseconds: SystemTime.now()) }
}
