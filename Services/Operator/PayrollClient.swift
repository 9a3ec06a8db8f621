import Foundation
import ServiceKit

/// Payroll's own interface, as the person whose token is set.
struct PayrollClient {
    private let base: String
    private let http: ServiceClient

    init() throws {
        let settings = try OperatorSettings.load()
        base = settings.payrollURL
        http = ServiceClient(token: settings.token?.revealed)
    }

    func runs(of institution: String? = nil) async throws -> [PayRunView] {
        struct Page: Decodable { let runs: [PayRunView] }
        let query = institution.map { "?institution=\($0)" } ?? ""
        return try decode(Page.self, await http.get("\(base)/v1/runs\(query)")).runs
    }

    func run(_ target: RunCommand.Target) async throws -> PayRunView {
        guard let run = try await runs(of: target.institution).first(where: { $0.month == target.month }) else {
            throw OperatorError(
                "GR-OPERATOR-091",
                "\(target.institution) has no run for \(target.month); open it with gradus run open", exitCode: 66)
        }
        return run
    }

    func open(_ target: RunCommand.Target) async throws -> PayRunView {
        let body = #"{"institution":"\#(target.institution)","month":"\#(target.month)"}"#
        return try decode(PayRunView.self, await http.post("\(base)/v1/runs", body))
    }

    /// `approve` or `release`.
    func act(_ step: String, _ target: RunCommand.Target) async throws -> PayRunView {
        let run = try await run(target)
        return try decode(PayRunView.self, await http.post("\(base)/v1/runs/\(run.id)/\(step)", ""))
    }

    func file(_ target: RunCommand.Target, format: String) async throws -> String {
        let run = try await run(target)
        let answer = try await http.get("\(base)/v1/runs/\(run.id)/file?format=\(format)")
        guard answer.status == 200 else { throw refusal(answer) }
        return answer.body
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ answer: ServiceClient.Answer) throws -> Value {
        guard (200...299).contains(answer.status) else { throw refusal(answer) }
        return try JSONDecoder().decode(Value.self, from: Data(answer.body.utf8))
    }

    private func refusal(_ answer: ServiceClient.Answer) -> OperatorError {
        struct Problem: Decodable {
            let code: String
            let message: String
            let detail: String?
        }
        guard let problem = try? JSONDecoder().decode(Problem.self, from: Data(answer.body.utf8)) else {
            return OperatorError("GR-OPERATOR-092", "Payroll answered \(answer.status): \(answer.body.prefix(200))")
        }
        return OperatorError(problem.code, problem.message + (problem.detail.map { ". \($0)" } ?? ""))
    }
}

/// A pay run as Payroll shows it.
struct PayRunView: Codable {
    let id: String
    let institution: String
    let month: String
    let state: String
    let currency: String
    let statements: Int
    let lines: Int
    let corrections: Int
    let total: String
    let payable: String
    let waiting: String?
    let openedBy: String
    let approvedBy: String?
    let releasedBy: String?

    static func table(_ runs: [PayRunView]) -> Table {
        var table = Table([
            .text("institution"), .text("month"), .text("state"), .number("statements"), .number("lines"),
            .number("corrections"), .number("sum of lines"), .number("payable"), .text("opened by"),
            .text("approved by"),
        ])
        for run in runs {
            table.add(
                run.institution, run.month, run.state, "\(run.statements)", "\(run.lines)", "\(run.corrections)",
                run.total,
                run.payable, run.openedBy, run.approvedBy ?? "–")
        }
        return table
    }

    func show(json: Bool) throws {
        if json { return try Terminal.json(self) }
        Self.table([self]).show()
        if let waiting { Terminal.line("Waiting: \(waiting)") }
    }
}
