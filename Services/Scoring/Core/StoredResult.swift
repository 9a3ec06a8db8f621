import Contracts
public import Domain

/// A result on its way out. What acts is read; the rest stays the text that was stored.
public struct StoredResult: Sendable {
    public var number: Int32
    public var subject: Subject
    public var unit: String?
    public var scheme: String
    public var version: Int
    /// The period's text.
    public var period: String
    public var revision: Int
    public var score: String?
    public var grade: String?
    /// JSON objects of texts: the subject's own figures, and what the comparison with others added.
    public var figures: [UInt8]
    public var across: [UInt8]
    /// The effects as ``EffectText`` writes them.
    public var effects: [UInt8]
    public var causes: [UUID128]
    public var partition: Int32
    public var cutOffset: Int64

    public init(
        number: Int32, subject: Subject, unit: String?, scheme: String, version: Int, period: String, revision: Int,
        score: String?, grade: String?, figures: [UInt8], across: [UInt8], effects: [UInt8], causes: [UUID128],
        partition: Int32, cutOffset: Int64
    ) {
        self.number = number
        self.subject = subject
        self.unit = unit
        self.scheme = scheme
        self.version = version
        self.period = period
        self.revision = revision
        self.score = score
        self.grade = grade
        self.figures = figures
        self.across = across
        self.effects = effects
        self.causes = causes
        self.partition = partition
        self.cutOffset = cutOffset
    }

    /// `gradus.score.finalised.v1`, or `gradus.score.revised.v1` for a revision.
    public func event(close: UUID128) throws(ScoringFault) -> OutgoingEvent {
        let type: EventType = revision == 1 ? .scoreFinalised : .scoreRevised
        let key = subject.description
        let id = DeterministicID.make("score", key, scheme, period, String(revision))
        return OutgoingEvent(
            type, id: DeterministicID.make("event", type.rawValue, id.description, ""), key: key,
            payload: try json(id, key, close))
    }

    /// The JSON of a ``ScoreEvent``, written by hand because a close writes one for each result.
    private func json(_ id: UUID128, _ key: String, _ close: UUID128) throws(ScoringFault) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(figures.count + across.count + 600)
        bytes.append(contentsOf: #"{"id":""#.utf8)
        bytes.append(contentsOf: id.description.utf8)
        bytes.append(UInt8(ascii: "\""))
        func add(_ name: String, _ text: String?) {
            guard let text else { return }
            bytes.append(contentsOf: ",\"".utf8)
            bytes.append(contentsOf: name.utf8)
            bytes.append(contentsOf: "\":".utf8)
            JSONText.append(text, to: &bytes)
        }
        add("institution", subject.institution)
        add("subject", key)
        add("scheme", scheme)
        bytes.append(contentsOf: ",\"version\":\(version),\"revision\":\(revision)".utf8)
        add("period", period)
        add("close", close.description)
        bytes.append(contentsOf: #","cut":{"topic":"#.utf8)
        JSONText.append(Topic.facts.name, to: &bytes)
        bytes.append(contentsOf: ",\"partition\":\(partition),\"offset\":\(cutOffset)}".utf8)
        add("score", score)
        add("grade", grade)
        bytes.append(contentsOf: #","figures":"#.utf8)
        if across.count <= 2 {
            bytes.append(contentsOf: figures)
        } else {
            let (own, added) = (try JSONText.texts(figures), try JSONText.texts(across))
            JSONText.append(own.merging(added) { own, _ in own }, to: &bytes)
        }
        bytes.append(contentsOf: #","causes":["#.utf8)
        for (index, cause) in causes.enumerated() {
            bytes.append(contentsOf: index == 0 ? "\"".utf8 : ",\"".utf8)
            bytes.append(contentsOf: cause.description.utf8)
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(contentsOf: "]}".utf8)
        return bytes
    }
}
