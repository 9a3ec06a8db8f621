public import Contracts
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
    /// What the subject's own data gave: the published figures only.
    public var figures: [String: String]
    /// What the comparison with others added.
    public var across: [String: String]
    public var effects: [EffectRecord]
    public var causes: [UUID128]

    public init(
        subject: Subject, scheme: String, version: Int, period: Period, revision: Int, score: String?, grade: String?,
        unit: String?, figures: [String: String], across: [String: String], effects: [EffectRecord], causes: [UUID128]
    ) {
        self.subject = subject
        self.scheme = scheme
        self.version = version
        self.period = period
        self.revision = revision
        self.score = score
        self.grade = grade
        self.unit = unit
        self.figures = figures
        self.across = across
        self.effects = effects
        self.causes = causes
    }

    /// What an evaluation found.
    public init(_ evaluation: Evaluation, _ subject: Subject, of scheme: Scheme, unit: String?) {
        let names = Set(scheme.publishedFigures)
        var figures: [String: String] = [:]
        for figure in evaluation.figures where names.contains(figure.name) { figures[figure.name] = figure.text }
        self.init(
            subject: subject, scheme: scheme.id, version: scheme.version, period: evaluation.period, revision: 1,
            score: evaluation.score?.description, grade: evaluation.grade, unit: unit, figures: figures, across: [:],
            effects: evaluation.effects.map { EffectRecord($0, of: scheme) }.sorted { $0.id < $1.id }, causes: [])
    }

    /// Whether the subject's own data gave the same; what others gave is compared elsewhere.
    public func saysTheSame(as other: ResultDraft) -> Bool {
        score == other.score && grade == other.grade && figures == other.figures
            && effects.map(\.id) == other.effects.map(\.id)
    }

    /// The member of the population that is compared.
    public var member: PopulationMember { PopulationMember(subject: subject, unit: unit, figures: figures) }

    /// All published figures.
    public var allFigures: [String: String] { figures.merging(across) { own, _ in own } }

    /// `gradus.score.finalised.v1`, or `gradus.score.revised.v1` for a revision.
    public func event(close: UUID128, cut: Cut) -> OutgoingEvent {
        let type: EventType = revision == 1 ? .scoreFinalised : .scoreRevised
        let id = DeterministicID.make("score", subject.description, scheme, period.description, String(revision))
        return OutgoingEvent(
            type, id: DeterministicID.make("event", type.rawValue, id.description, ""), key: subject.description,
            payload: json(id, close, cut))
    }

    /// The JSON of a ``ScoreEvent``, written by hand because a close writes one for each result.
    private func json(_ id: UUID128, _ close: UUID128, _ cut: Cut) -> [UInt8] {
        var bytes = Array(#"{"id":"\#(id)""#.utf8)
        func add(_ key: String, _ text: String?) {
            guard let text else { return }
            bytes += Array(",\"\(key)\":".utf8)
            JSONText.append(text, to: &bytes)
        }
        add("institution", subject.institution)
        add("subject", subject.description)
        add("scheme", scheme)
        bytes += Array(#","version":\#(version),"revision":\#(revision)"#.utf8)
        add("period", period.description)
        add("close", close.description)
        bytes += Array(#","cut":{"topic":"\#(cut.topic)","partition":\#(cut.partition),"offset":\#(cut.offset)}"#.utf8)
        add("score", score)
        add("grade", grade)
        bytes += Array(#","figures":"#.utf8)
        JSONText.append(allFigures, to: &bytes)
        bytes += Array(#","causes":[\#(causes.map { "\"\($0)\"" }.joined(separator: ","))]}"#.utf8)
        return bytes
    }
}
