public import Domain
public import Schemes

/// One subject's result of a period, as it is stored and, once its close is complete, published.
public struct ResultDraft: Hashable, Sendable {
    public var subject: Subject
    public var scheme: String
    public var version: Int
    public var period: Period
    public var revision: Int
    public var score: String?
    public var grade: String?
    public var unit: String?
    /// What the subject's own data gave: the published figures only, as ``JSONText/object(_:)`` writes them.
    public var figuresText: [UInt8]
    /// What the comparison with others added.
    public var across: [String: String]
    public var effects: [EffectRecord]
    public var causes: [UUID128]

    public init(
        subject: Subject, scheme: String, version: Int, period: Period, revision: Int, score: String?, grade: String?,
        unit: String?, figuresText: [UInt8], across: [String: String], effects: [EffectRecord], causes: [UUID128]
    ) {
        self.subject = subject
        self.scheme = scheme
        self.version = version
        self.period = period
        self.revision = revision
        self.score = score
        self.grade = grade
        self.unit = unit
        self.figuresText = figuresText
        self.across = across
        self.effects = effects
        self.causes = causes
    }

    /// What an evaluation found.
    public init(_ evaluation: Evaluation, _ subject: Subject, of scheme: Scheme, unit: String?) {
        self.init(evaluation, subject, of: scheme, unit: unit, FigureOrder(evaluation, of: scheme))
    }

    /// What an evaluation found, its figures in an order that was worked out for another one like it.
    public init(
        _ evaluation: Evaluation, _ subject: Subject, of scheme: Scheme, unit: String?, _ order: FigureOrder
    ) {
        self.init(
            subject: subject, scheme: scheme.id, version: scheme.version, period: evaluation.period, revision: 1,
            score: evaluation.score?.description, grade: evaluation.grade, unit: unit,
            figuresText: order.text(of: evaluation), across: [:],
            effects: evaluation.effects.map { EffectRecord($0, of: scheme) }.sorted { $0.id < $1.id }, causes: [])
    }

    /// What the subject's own data gave, by name.
    public var figures: [String: String] { (try? JSONText.texts(figuresText)) ?? [:] }

    /// Whether the subject's own data gave the same; what others gave is compared elsewhere.
    public func saysTheSame(as other: ResultDraft) -> Bool {
        score == other.score && grade == other.grade && figuresText == other.figuresText
            && effects.map(\.id) == other.effects.map(\.id)
    }

    /// The member of the population that is compared.
    public var member: PopulationMember { PopulationMember(subject: subject, unit: unit, figures: figures) }

    /// All published figures.
    public var allFigures: [String: String] { figures.merging(across) { own, _ in own } }
}
