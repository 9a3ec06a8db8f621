public import Domain

/// Why a run cannot be calculated; the run stays open, and the text says what to do.
public enum PayFault: Error, Hashable, Sendable {
    /// The scheme version named by a result is not in the store.
    case unknownScheme(name: String, version: Int)
    /// The stored scheme document does not compile.
    case brokenScheme(name: String, version: Int, faults: Int)
    /// A scheme pays in another currency than the run.
    case otherCurrency(scheme: String, currency: Currency, run: Currency)
    /// A scheme's lines and its net amount contradict each other.
    case unbalanced(scheme: String, period: Period)

    /// A stable code for alerts and runbooks.
    public var code: String {
        switch self {
        case .unknownScheme: "GR-PAY-201"
        case .brokenScheme: "GR-PAY-202"
        case .otherCurrency: "GR-PAY-203"
        case .unbalanced: "GR-PAY-204"
        }
    }
}

extension PayFault: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .unknownScheme(let name, let version):
            "\(code) scheme \(name) version \(version) is not published; publish it, then the run is calculated"
        case .brokenScheme(let name, let version, let faults):
            "\(code) scheme \(name) version \(version) does not compile (\(faults) faults); publish a corrected version"
        case .otherCurrency(let scheme, let currency, let run):
            "\(code) scheme \(scheme) pays in \(currency), the run in \(run); pay it in a run of its own institution"
        case .unbalanced(let scheme, let period):
            "\(code) the lines of scheme \(scheme) for \(period) do not add up to its net pay; report the scheme"
        }
    }
}
