public import Domain

/// The monthly pay of an institution, from opening to release.
public struct PayRun: Hashable, Sendable {
    /// How far a run has come; a run only ever goes forward.
    public enum State: String, Hashable, Sendable, CaseIterable {
        case open, calculated, approved, released
    }

    public var id: UUID128
    public var institution: String
    public var month: Period
    public var currency: Currency
    public var state: State
    public var openedBy: String
    public var approvedBy: String?
    public var releasedBy: String?
    public var totals: RunTotals

    /// A run of its parts.
    public init(
        id: UUID128, institution: String, month: Period, currency: Currency, state: State, openedBy: String,
        approvedBy: String? = nil, releasedBy: String? = nil, totals: RunTotals = .none
    ) {
        self.id = id
        self.institution = institution
        self.month = month
        self.currency = currency
        self.state = state
        self.openedBy = openedBy
        self.approvedBy = approvedBy
        self.releasedBy = releasedBy
        self.totals = totals
    }

    /// The one run of an institution and month has one id, so opening it twice opens one run.
    public static func id(institution: String, month: Period) -> UUID128 {
        DeterministicID.make("pay-run", institution, month.description)
    }
}

/// The counts and sums of a run.
public struct RunTotals: Hashable, Sendable {
    public var statements: Int
    public var lines: Int
    public var corrections: Int
    /// The sum of all lines, in hundredths.
    public var total: Int64
    /// The sum of what is paid, in hundredths: the control sum of the pay file.
    public var payable: Int64

    public static let none = RunTotals(statements: 0, lines: 0, corrections: 0, total: 0, payable: 0)

    /// Totals of their parts.
    public init(statements: Int, lines: Int, corrections: Int, total: Int64, payable: Int64) {
        self.statements = statements
        self.lines = lines
        self.corrections = corrections
        self.total = total
        self.payable = payable
    }

    /// Adds one manager's statement.
    public mutating func add(_ statement: PayStatement) {
        statements += 1
        lines += statement.lines.count
        corrections += statement.lines.count(where: \.isCorrection)
        total += statement.total
        payable += statement.payable
    }
}

/// Why a step of a run is refused; nothing has changed.
public enum RunRefusal: Error, Hashable, Sendable {
    case notAMonth(String)
    case notAnInstitution(String)
    case unknownRun
    case notTheNextMonth(expected: Period)
    case wrongState(PayRun.State, needs: PayRun.State)
    case sameHand(who: String)
    case notCalculated

    /// A stable code for callers.
    public var code: String {
        switch self {
        case .notAMonth: "GR-PAY-101"
        case .notAnInstitution: "GR-PAY-102"
        case .unknownRun: "GR-PAY-103"
        case .notTheNextMonth: "GR-PAY-104"
        case .wrongState: "GR-PAY-105"
        case .sameHand: "GR-PAY-106"
        case .notCalculated: "GR-PAY-107"
        }
    }
}

extension RunRefusal: CustomStringConvertible {
    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .notAMonth(let text): "\(text.prefix(20)) is not a month; write it as 2026-03"
        case .notAnInstitution(let text): "\(text.prefix(40)) is not an institution; use small letters, digits and -"
        case .unknownRun: "there is no such pay run; list the runs with GET /v1/runs"
        case .notTheNextMonth(let expected): "runs are opened month by month without a gap; the next is \(expected)"
        case .wrongState(let state, let needs):
            "the run is \(state.rawValue); this step needs a run that is \(needs.rawValue)"
        case .sameHand(let who):
            "\(who) opened this run, so somebody else has to approve it (four eyes); use another person's token"
        case .notCalculated: "the run is not calculated yet; it waits for the month's close and all its results"
        }
    }
}

/// The steps that people take on a run, and who may take them.
public enum RunStep {
    /// Opens the run of `month`, which must follow the latest run of the institution.
    ///
    /// - Returns: the run, and whether it is new; opening an existing month gives the existing run.
    public static func open(
        institution: String, month text: String, currency: Currency, by actor: String, existing: PayRun?,
        latest: Period?
    ) throws(RunRefusal) -> (run: PayRun, isNew: Bool) {
        guard isInstitution(institution) else { throw .notAnInstitution(institution) }
        guard let month = Period(text), month.kind == .month else { throw .notAMonth(text) }
        if let existing { return (existing, false) }
        if let latest, latest.next != month { throw .notTheNextMonth(expected: latest.next) }
        let run = PayRun(
            id: PayRun.id(institution: institution, month: month), institution: institution, month: month,
            currency: currency, state: .open, openedBy: actor)
        return (run, true)
    }

    /// Approves a calculated run; whoever opened it may not.
    ///
    /// - Returns: the approved run; the same run when the same person has approved it before.
    public static func approve(_ run: PayRun, by actor: String) throws(RunRefusal) -> PayRun {
        if run.state != .open, actor == run.openedBy { throw .sameHand(who: actor) }
        if run.state == .approved || run.state == .released, run.approvedBy == actor { return run }
        guard run.state == .calculated else { throw .wrongState(run.state, needs: .calculated) }
        var approved = run
        approved.state = .approved
        approved.approvedBy = actor
        return approved
    }

    /// Releases an approved run for payment; repeating it changes nothing.
    public static func release(_ run: PayRun, by actor: String) throws(RunRefusal) -> PayRun {
        if run.state == .released { return run }
        guard run.state == .approved else { throw .wrongState(run.state, needs: .approved) }
        guard let approver = run.approvedBy, approver != run.openedBy else { throw .sameHand(who: run.openedBy) }
        var released = run
        released.state = .released
        released.releasedBy = actor
        return released
    }

    /// Institutions are written with small letters, digits and hyphens.
    static func isInstitution(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }
}

/// Whether a month's results are complete: the close's control totals against what has arrived.
public struct CloseControl: Hashable, Sendable {
    public var finalised: Int
    public var revised: Int
    public var receivedFinalised: Int
    public var receivedRevised: Int

    /// The announced and the received counts of one close.
    public init(finalised: Int, revised: Int, receivedFinalised: Int, receivedRevised: Int) {
        self.finalised = finalised
        self.revised = revised
        self.receivedFinalised = receivedFinalised
        self.receivedRevised = receivedRevised
    }

    /// True when every announced result has arrived and no other.
    public var agrees: Bool { finalised == receivedFinalised && revised == receivedRevised }

    /// What keeps the run open, for people; nil when nothing does.
    public var reason: String? {
        if agrees { return nil }
        let more = receivedFinalised > finalised || receivedRevised > revised
        return "results \(receivedFinalised) of \(finalised), revisions \(receivedRevised) of \(revised)"
            + (more ? ": more than the close announced; check the close before paying" : "")
    }
}
