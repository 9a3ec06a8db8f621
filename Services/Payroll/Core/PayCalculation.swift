public import Contracts
public import Domain

/// What one manager is paid in one run.
public struct PayStatement: Hashable, Sendable {
    public var id: UUID128
    public var subject: Subject
    public var lines: [BookedLine]
    /// The sum of the lines, in hundredths.
    public var total: Int64
    /// What earlier months left to be recovered (zero or negative).
    public var carriedIn: Int64
    /// What is paid, never below zero.
    public var payable: Int64
    /// What is left to be recovered (zero or negative); `total + carriedIn == payable + carriedOut`, always.
    public var carriedOut: Int64
    /// Items that a scheme could not work out: they are told, never silently zero.
    public var gaps: [BilingualText]

    /// A statement of its parts.
    public init(
        id: UUID128, subject: Subject, lines: [BookedLine], total: Int64, carriedIn: Int64, payable: Int64,
        carriedOut: Int64, gaps: [BilingualText] = []
    ) {
        self.id = id
        self.subject = subject
        self.lines = lines
        self.total = total
        self.carriedIn = carriedIn
        self.payable = payable
        self.carriedOut = carriedOut
        self.gaps = gaps
    }
}

/// Turns what is known of a manager's earned periods into the statement of one run.
///
/// The amount booked is always "entitled now, less booked before", so a revision, a late finding and a withdrawal
/// need no rule of their own, and a replay books nothing twice.
public struct PayCalculation {
    /// The scheme's answer for a result, its findings and an amount carried in.
    public typealias Pricing = (ScoredResult, [ChargedFinding], Int64) throws(PayFault) -> PricedPay

    private let run: UUID128
    private let month: Period
    private let price: Pricing

    /// A calculation for the run of `month`.
    public init(run: UUID128, month: Period, price: @escaping Pricing) {
        self.run = run
        self.month = month
        self.price = price
    }

    /// The statement of one manager; nil when nothing is due and nothing is carried.
    ///
    /// - Parameter periods: the run's own period and earlier ones that changed, in any order.
    public func statement(
        of subject: Subject, periods: [EarnedPeriod], carriedIn: Int64
    ) throws(PayFault) -> PayStatement? {
        let ordered = periods.sorted { $0.period < $1.period }
        let earlier = ordered.filter { !isOwn($0.period) || !$0.booked.isEmpty }
        let own = ordered.filter { isOwn($0.period) && $0.booked.isEmpty }

        var corrections: [Due] = []
        for period in earlier {
            for item in try differences(period) {
                corrections.append(Due(earned: period.period, item: item, causes: causes(of: item, period)))
            }
        }
        var regular: [Due] = []
        for period in own {
            regular += uncovered(period.findings, by: try priced(period, carriedIn: 0).flatMap(\.pay.items))
                .map { Due(earned: period.period, item: $0, causes: []) }
        }
        // Whatever the schemes do not pay themselves reaches their guard and carry rules as carried in.
        var carry = carriedIn + (corrections + regular).reduce(0) { $0 + $1.item.amount }
        var payable: Int64 = 0
        var components: [Due] = []
        var gaps: [BilingualText] = []
        for period in own {
            for (result, pay) in try priced(period, carriedIn: carry) {
                components += items(of: pay, result, period.findings)
                    .map { Due(earned: period.period, item: $0, causes: []) }
                payable += pay.net
                gaps += pay.gaps
                carry = pay.carriedOut
            }
        }
        // What no scheme has settled is paid, or carried when it is below zero.
        payable += max(0, carry)
        carry = min(0, carry)
        let due = components + regular + corrections
        guard !due.isEmpty || carriedIn != 0 else { return nil }
        var statement = booked(due, subject, carriedIn: carriedIn, payable: payable, carriedOut: carry)
        statement.gaps = gaps
        return statement
    }

    private func isOwn(_ period: Period) -> Bool { month.contains(period.last) }
}

extension PayCalculation {
    private struct Due {
        var earned: Period
        var item: PayItem
        var causes: [UUID128]
    }

    /// Every scheme's pay for a period, each taking over what the one before carried out.
    private func priced(
        _ period: EarnedPeriod, carriedIn: Int64
    ) throws(PayFault) -> [(result: ScoredResult, pay: PricedPay)] {
        var carry = carriedIn
        var answers: [(result: ScoredResult, pay: PricedPay)] = []
        for result in period.results.sorted(by: { $0.scheme < $1.scheme }) {
            let findings = period.findings.filter { $0.scheme == result.scheme }
                .sorted { ($0.date, $0.id) < ($1.date, $1.id) }
            let pay = try price(result, findings, carry)
            guard !pay.items.isEmpty else { continue }
            guard pay.items.reduce(carry, { $0 + $1.amount }) == pay.net + pay.carriedOut else {
                throw .unbalanced(scheme: result.scheme, period: period.period)
            }
            carry = pay.carriedOut
            answers.append((result, pay))
        }
        return answers
    }

    /// The items of one scheme's pay; a deduction for several findings becomes one item for each.
    private func items(of pay: PricedPay, _ result: ScoredResult, _ findings: [ChargedFinding]) -> [PayItem] {
        let known = Dictionary(findings.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        return pay.items.flatMap { item -> [PayItem] in
            let charged = item.findings.compactMap { known[$0] }
            guard !charged.isEmpty, charged.reduce(0, { $0 + $1.amount }) == -item.amount else {
                return [whole(item, result, facts: charged.compactMap(\.fact))]
            }
            return charged.map { deduction($0, item.component, item.fund, revision: result.revision) }
        }
    }

    private func whole(_ item: PricedPay.Item, _ result: ScoredResult, facts: [UUID128]) -> PayItem {
        PayItem(
            key: ItemKey(scheme: result.scheme, component: item.component), version: result.version, title: item.title,
            amount: item.amount, rule: item.rule, clause: item.clause, fund: item.fund, basis: item.basis,
            revision: result.revision, findings: item.findings, facts: facts)
    }

    private func deduction(_ finding: ChargedFinding, _ component: String, _ fund: String?, revision: Int) -> PayItem {
        let amount = Money(minorUnits: finding.amount, .cny).amountText
        return PayItem(
            key: ItemKey(scheme: finding.scheme, component: component, finding: finding.id), version: finding.version,
            title: finding.text, amount: -finding.amount, rule: finding.rule, clause: finding.clause,
            fund: finding.fund ?? fund,
            basis: BilingualText(zh: "\(finding.date) 扣罚 \(amount)", en: "\(finding.date) fine \(amount)"),
            revision: revision, findings: [finding.id], facts: finding.fact.map { [$0] } ?? [])
    }

    /// Fines that no scheme's pay deducts: each is an item of its own, so that none is lost.
    private func uncovered(_ findings: [ChargedFinding], by items: [PricedPay.Item]) -> [PayItem] {
        let covered = Set(items.flatMap(\.findings))
        return findings.filter { !covered.contains($0.id) && $0.amount != 0 }
            .sorted { ($0.date, $0.id) < ($1.date, $1.id) }
            .map { deduction($0, Self.findingComponent, nil, revision: 0) }
    }

    /// The component of a fine whose scheme pays nothing itself.
    static let findingComponent = "findings"

    /// Entitled now, less booked before, for each key; nothing where they agree.
    private func differences(_ period: EarnedPeriod) throws(PayFault) -> [PayItem] {
        let answers = try priced(period, carriedIn: 0)
        let entitled =
            answers.flatMap { items(of: $0.pay, $0.result, period.findings) }
            + uncovered(period.findings, by: answers.flatMap(\.pay.items))
        var changes: [ItemKey: PayItem] = [:]
        for item in entitled { changes[item.key, default: item.zeroed].amount += item.amount }
        for item in period.booked {
            changes[item.key, default: item.zeroed].amount -= item.amount
        }
        let latest = period.results.map { ($0.scheme, $0.revision) }
        return changes.values.filter { $0.amount != 0 }.sorted { $0.key < $1.key }.map { item in
            var item = item
            item.revision = latest.first { $0.0 == item.key.scheme }?.1 ?? item.revision
            return item
        }
    }

    private func causes(of item: PayItem, _ period: EarnedPeriod) -> [UUID128] {
        if item.key.finding != nil { return item.facts.isEmpty ? item.findings : item.facts }
        return period.causes.sorted()
    }

    private func booked(
        _ due: [Due], _ subject: Subject, carriedIn: Int64, payable: Int64, carriedOut: Int64
    ) -> PayStatement {
        let lines = due.enumerated().map { index, due in
            let key = due.item.key
            let id = DeterministicID.make(
                "pay-line", run.description, subject.description, key.scheme, key.component,
                key.finding?.description ?? "", due.earned.description, String(due.item.revision))
            return BookedLine(
                id: id, ordinal: index + 1, earned: due.earned, item: due.item, isCorrection: !isOwn(due.earned),
                causes: due.causes)
        }
        return PayStatement(
            id: DeterministicID.make("pay-statement", run.description, subject.description), subject: subject,
            lines: lines, total: lines.reduce(0) { $0 + $1.item.amount }, carriedIn: carriedIn, payable: payable,
            carriedOut: carriedOut)
    }
}

extension PayItem {
    fileprivate var zeroed: PayItem {
        var item = self
        item.amount = 0
        return item
    }
}
