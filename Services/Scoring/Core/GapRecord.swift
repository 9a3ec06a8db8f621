public import Schemes

/// Something that could not be judged because data are missing, as it is kept with a result.
public struct GapRecord: Codable, Hashable, Sendable {
    public let kind: String
    public let rule: String
    public let figure: String
    public let zh: String
    public let en: String

    public init(kind: String, rule: String, figure: String, zh: String, en: String) {
        self.kind = kind
        self.rule = rule
        self.figure = figure
        self.zh = zh
        self.en = en
    }

    public init(_ gap: Gap) {
        kind = gap.kind.rawValue
        rule = gap.rule
        figure = gap.figure
        zh = gap.text.zh
        en = gap.text.en
    }
}
