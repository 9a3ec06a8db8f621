/// What a decision table answers when several of its rules match.
public enum HitPolicy: Sendable, Equatable {
    /// At most one rule may match.
    case unique
    /// The first rule that matches.
    case first
    /// The matching rule whose output stands first in the output's allowed values.
    case priority
    /// All matching rules must agree.
    case any
    /// All matching rules' outputs in no order, as a list or aggregated.
    case collect(Aggregation?)
    /// All matching rules' outputs in the order of the rules.
    case ruleOrder
    /// All matching rules' outputs in the order of the output's allowed values.
    case outputOrder

    /// What a collecting table makes of the outputs.
    public enum Aggregation: String, Sendable {
        /// `C+`
        case sum = "SUM"
        /// `C<`
        case min = "MIN"
        /// `C>`
        case max = "MAX"
        /// `C#`
        case count = "COUNT"
    }

    /// The policy for its name (`UNIQUE`, `RULE ORDER`) or letter (`U`, `C+`); nil for anything else.
    public init?(_ text: String, aggregation: String? = nil) {
        switch text.uppercased() {
        case "U", "UNIQUE", "": self = .unique
        case "F", "FIRST": self = .first
        case "P", "PRIORITY": self = .priority
        case "A", "ANY": self = .any
        case "R", "RULE ORDER": self = .ruleOrder
        case "O", "OUTPUT ORDER": self = .outputOrder
        case "C+": self = .collect(.sum)
        case "C<": self = .collect(.min)
        case "C>": self = .collect(.max)
        case "C#": self = .collect(.count)
        case "C", "COLLECT":
            guard let aggregation else {
                self = .collect(nil)
                return
            }
            guard let known = Aggregation(rawValue: aggregation.uppercased()) else { return nil }
            self = .collect(known)
        default: return nil
        }
    }
}
