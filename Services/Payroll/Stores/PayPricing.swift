import Contracts
public import Domain
public import PayrollCore
public import Postgres
public import SchemeLibrary
import Schemes

/// Asks the schemes what results are worth; the only place where Payroll's words meet those of the schemes.
public struct PayPricing: Sendable {
    private struct Key: Hashable {
        let name: String
        let version: Int
    }

    private let schemes: [Key: Result<Scheme, PayFault>]
    private let currency: Currency

    /// Loads every scheme version that the results name.
    public init(
        for results: some Sequence<ScoredResult>, currency: Currency, library: SchemeLibrary, on connection: Connection
    ) throws(PostgresError) {
        var schemes: [Key: Result<Scheme, PayFault>] = [:]
        for result in results {
            let key = Key(name: result.scheme, version: result.version)
            guard schemes[key] == nil else { continue }
            schemes[key] = try library.scheme(key.name, version: key.version, on: connection).mapError { fault in
                switch fault {
                case .unknown(let name, let version): .unknownScheme(name: name, version: version)
                case .broken(let name, let version, let faults):
                    .brokenScheme(name: name, version: version, faults: faults)
                }
            }
        }
        self.schemes = schemes
        self.currency = currency
    }

    /// The pricing of one manager's results.
    public func pricing(of subject: Subject) -> PayCalculation.Pricing {
        { (result, findings, carriedIn) throws(PayFault) -> PricedPay in
            try price(subject, result, findings, carriedIn: carriedIn)
        }
    }

    private func price(
        _ subject: Subject, _ result: ScoredResult, _ findings: [ChargedFinding], carriedIn: Int64
    ) throws(PayFault) -> PricedPay {
        let answer = try scheme(of: result).pay(inputs(subject, result, findings, carriedIn: carriedIn), tracing: true)
        // A scheme that does not carry may leave a net below zero; nobody pays to work, so it is carried all the same.
        let net = answer.net.minorUnits
        return PricedPay(
            items: answer.lines.map { item($0) }, net: max(0, net),
            carriedOut: answer.carryOut.minorUnits + min(0, net),
            gaps: answer.gaps.map { .init(zh: $0.text.zh, en: $0.text.en) })
    }

    /// How the lines of a result's pay come about: each component with its formula and the figures that it reads.
    func trace(
        _ subject: Subject, _ result: ScoredResult, _ findings: [ChargedFinding], carriedIn: Int64
    ) throws(PayFault) -> [TraceNode] {
        let answer = try scheme(of: result).pay(inputs(subject, result, findings, carriedIn: carriedIn), tracing: true)
        return answer.trace?.nodes ?? []
    }

    private func scheme(of result: ScoredResult) throws(PayFault) -> Scheme {
        guard let found = schemes[Key(name: result.scheme, version: result.version)] else {
            throw .unknownScheme(name: result.scheme, version: result.version)
        }
        let scheme = try found.get()
        guard scheme.currency == currency else {
            throw .otherCurrency(scheme: result.scheme, currency: scheme.currency, run: currency)
        }
        return scheme
    }

    private func inputs(
        _ subject: Subject, _ result: ScoredResult, _ findings: [ChargedFinding], carriedIn: Int64
    ) throws(PayFault) -> PayInputs {
        let wanted = Set(try scheme(of: result).payFigures)
        return PayInputs(
            subject: subject, period: result.period, figures: result.figures.filter { wanted.contains($0.key) },
            findings: findings.map { payFinding($0) }, carryIn: Money(minorUnits: carriedIn, currency))
    }

    private func payFinding(_ finding: ChargedFinding) -> PayFinding {
        PayFinding(
            id: finding.id, rule: finding.rule, clause: finding.clause, date: finding.date,
            amount: Money(minorUnits: finding.amount, currency), fund: finding.fund,
            text: .init(zh: finding.text.zh, en: finding.text.en))
    }

    private func item(_ line: PayLine) -> PricedPay.Item {
        PricedPay.Item(
            component: line.component, title: .init(zh: line.title.zh, en: line.title.en),
            amount: line.amount.minorUnits, rule: line.rule, clause: line.clause, fund: line.fund,
            basis: .init(zh: line.basis.zh, en: line.basis.en), findings: line.findings)
    }
}
