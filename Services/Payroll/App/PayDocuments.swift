import Contracts
import Domain
import HTTPTypes
import PayrollCore
import PayrollStores
import ServiceKit

/// A run as JSON; amounts are decimal text.
struct RunDocument: Encodable, Sendable {
    let id: UUID128
    let institution: String
    let month: Period
    let state: String
    let currency: Currency
    let statements: Int
    let lines: Int
    let corrections: Int
    let total: String
    let payable: String
    let waiting: String?
    let openedBy: String
    let openedAt: String
    let calculatedAt: String?
    let approvedBy: String?
    let approvedAt: String?
    let releasedBy: String?
    let releasedAt: String?

    init(_ stored: StoredRun) {
        let run = stored.run
        id = run.id
        institution = run.institution
        month = run.month
        state = run.state.rawValue
        currency = run.currency
        statements = run.totals.statements
        lines = run.totals.lines
        corrections = run.totals.corrections
        total = run.amountText(run.totals.total)
        payable = run.amountText(run.totals.payable)
        waiting = stored.waiting
        openedBy = run.openedBy
        openedAt = stored.openedAt.text(offsetMinutes: 480)
        calculatedAt = stored.calculatedAt?.text(offsetMinutes: 480)
        approvedBy = run.approvedBy
        approvedAt = stored.approvedAt?.text(offsetMinutes: 480)
        releasedBy = run.releasedBy
        releasedAt = stored.releasedAt?.text(offsetMinutes: 480)
    }
}

/// A statement with its lines as JSON.
struct StatementDocument: Encodable, Sendable {
    struct Line: Encodable, Sendable {
        let id: UUID128
        let earned: Period
        let correction: Bool
        let component: String
        let title: [String: String]
        let amount: String
        let basis: [String: String]
        let scheme: String
        let version: Int
        let rule: String
        let clause: String
        let fund: String?
        let revision: Int
        let findings: [UUID128]
        let facts: [UUID128]
        let causes: [UUID128]
    }

    let id: UUID128
    let run: UUID128
    let subject: Subject
    let month: Period
    let state: String
    let currency: Currency
    let total: String
    let carriedIn: String
    let payable: String
    let carriedOut: String
    let lines: [Line]
    /// Items that could not be worked out, in Chinese and English.
    let gaps: [[String: String]]

    init(_ statement: PayStatement, of run: PayRun) {
        id = statement.id
        self.run = run.id
        subject = statement.subject
        month = run.month
        state = run.state.rawValue
        currency = run.currency
        total = run.amountText(statement.total)
        carriedIn = run.amountText(statement.carriedIn)
        payable = run.amountText(statement.payable)
        carriedOut = run.amountText(statement.carriedOut)
        gaps = statement.gaps.map { ["zh": $0.zh, "en": $0.en] }
        lines = statement.lines.map { line in
            let item = line.item
            return Line(
                id: line.id, earned: line.earned, correction: line.isCorrection, component: item.key.component,
                title: ["zh": item.title.zh, "en": item.title.en], amount: run.amountText(item.amount),
                basis: ["zh": item.basis.zh, "en": item.basis.en], scheme: item.key.scheme, version: item.version,
                rule: item.rule, clause: item.clause, fund: item.fund, revision: item.revision,
                findings: item.findings, facts: item.facts, causes: line.causes)
        }
    }
}

/// What an audit found, as JSON.
struct AuditDocument: Encodable, Sendable {
    struct Difference: Encodable, Sendable {
        let code: String
        let text: String
    }

    let run: UUID128
    let agrees: Bool
    let differences: [Difference]

    init(_ run: UUID128, _ differences: [RunAudit.Difference]) {
        self.run = run
        agrees = differences.isEmpty
        self.differences = differences.map { Difference(code: $0.code, text: $0.description) }
    }
}

extension Problem {
    /// Why a step of a run was refused, for the caller.
    init(_ refusal: RunRefusal) {
        let (status, title): (HTTPResponse.Status, String) =
            switch refusal {
            case .notAMonth, .notAnInstitution: (.badRequest, "The request is not understood")
            case .unknownRun: (.notFound, "There is no such pay run")
            case .sameHand: (.forbidden, "Another person has to do this")
            case .notTheNextMonth, .wrongState, .notCalculated: (.conflict, "The run is not in the state for this")
            }
        self.init(status, code: refusal.code, message: title, detail: refusal.description)
    }
}
