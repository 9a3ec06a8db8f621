/// The languages in which figures, traces and notices are rendered.
public enum Language: String, Sendable, CaseIterable, Codable { case zh, en }

/// A text in both languages.
public struct BilingualText: Hashable, Sendable, Codable {
    public var zh: String
    public var en: String

    public init(zh: String, en: String) {
        self.zh = zh
        self.en = en
    }

    public func `in`(_ language: Language) -> String {
        switch language {
        case .zh: zh
        case .en: en
        }
    }
}

/// The sentence of a regulation that an element implements.
public struct Clause: Hashable, Sendable {
    /// The rule's number in the institution's register, such as `S72.R3`.
    public let rule: String
    /// The whole text: number and quoted sentence.
    public let text: String
    /// The register's number of the decision taken where the sentence leaves something open.
    public let standsIn: String?
}

/// Whether a rule acts, is only calculated, or acts without money.
public enum RuleState: String, Sendable, CaseIterable {
    /// The rule acts.
    case active
    /// Its figures are calculated and shown, nothing follows from them.
    case shadow
    /// Findings are raised without an amount.
    case unpaid
}
