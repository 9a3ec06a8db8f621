public import Domain
public import FEEL

/// A named figure with its value.
public struct FigureValue: Sendable {
    public let name: String
    public let value: Value
    /// The unit the scheme declares, such as `CNY` or `points`.
    public let unit: String

    /// Canonical text for events and the store; `nil` when there is no value.
    public var text: String? {
        switch value {
        case .null, .function: nil
        default: value.text
        }
    }
}

/// What one subject's period comes to, from this subject's own data.
public struct Evaluation: Sendable {
    public let period: Period
    /// `false` when the scheme does not cover the subject; then everything else is empty.
    public let applies: Bool
    /// In document order.
    public let figures: [FigureValue]
    public let score: Decimal128?
    public let grade: String?
    /// The complete set for the subject and period: a revision compares its ids with those stored.
    public let effects: [Effect]
    public let gaps: [Gap]
    public let trace: Trace?

    public func value(of figure: String) -> Value? {
        figures.first { $0.name == figure }?.value
    }

    public func text(of figure: String) -> String? {
        figures.first { $0.name == figure }?.text
    }
}

/// What the figures across a population come to.
public struct CrossEvaluation: Sendable {
    /// Figures to add to the members' results.
    public let figures: [Subject: [FigureValue]]
    public let effects: [Effect]
    public let gaps: [Gap]
}

/// What one manager is paid for one period: `gross - deductions + carryIn = net + carryOut`.
public struct PayEvaluation: Sendable {
    public let lines: [PayLine]
    public let gross: Money
    public let deductions: Money
    public let net: Money
    /// Zero or negative; the next period's carry.
    public let carryOut: Money
    public let gaps: [Gap]
    public let trace: Trace?
}

/// One line of a pay statement.
public struct PayLine: Hashable, Sendable {
    public let component: String
    public let title: BilingualText
    /// Rounded; deductions are negative.
    public let amount: Money
    /// The amount before rounding.
    public let exact: Decimal128
    /// How it was rounded, such as `half-up 0.01`.
    public let rounding: String
    public let rule: String
    public let clause: String
    public let fund: String?
    public let findings: [UUID128]
    /// The formula with the figures' names and with their numbers.
    public let basis: BilingualText
}
