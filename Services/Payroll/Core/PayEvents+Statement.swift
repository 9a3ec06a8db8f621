public import Contracts
public import Domain

extension PayRun {
    /// The event of one line: a pay line, or a correction when it was earned before the run's month.
    public func event(of line: BookedLine, subject: Subject) -> PayLineEvent {
        PayLineEvent(
            id: line.id, run: id, institution: institution, subject: subject, payMonth: month,
            earnedMonth: line.earned, component: line.item.key.component, title: line.item.title,
            amount: amountText(line.item.amount), currency: currency, scheme: line.item.key.scheme,
            version: line.item.version, rule: line.item.rule, clause: line.item.clause, fund: line.item.fund,
            basis: line.item.basis, revision: line.item.revision, findings: line.item.findings,
            facts: line.item.facts, causes: line.causes)
    }

    /// The event of one statement.
    public func event(of statement: PayStatement) -> StatementEvent {
        StatementEvent(
            id: statement.id, run: id, institution: institution, subject: statement.subject, month: month,
            currency: currency, total: amountText(statement.total), carriedIn: amountText(statement.carriedIn),
            payable: amountText(statement.payable), carriedOut: amountText(statement.carriedOut),
            lines: statement.lines.map(\.id))
    }

    /// The event of the run's present state.
    public func event(by actor: String) -> PayRunEvent {
        PayRunEvent(
            id: DeterministicID.make("pay-run-state", id.description, state.rawValue), run: id,
            institution: institution, month: month, state: state.event, statements: totals.statements,
            lines: totals.lines, corrections: totals.corrections, currency: currency,
            total: amountText(totals.total), payable: amountText(totals.payable), actor: actor)
    }

    /// An amount of this run as decimal text with two decimals.
    public func amountText(_ minorUnits: Int64) -> String {
        Money(minorUnits: minorUnits, currency).amountText
    }
}

extension PayRun.State {
    var event: PayRunEvent.State {
        switch self {
        case .open: .open
        case .calculated: .calculated
        case .approved: .approved
        case .released: .released
        }
    }

    /// The type of the event that announces this state.
    public var eventType: EventType {
        switch self {
        case .open: .runOpened
        case .calculated: .runCalculated
        case .approved: .runApproved
        case .released: .runReleased
        }
    }
}

extension BookedLine {
    /// The type of the event that announces this line.
    public var eventType: EventType { isCorrection ? .payCorrection : .payLine }
}
