/// Why Scoring puts a message aside although it is a well-formed fact, or cannot go on.
public enum ScoringFault: Error, Hashable, Sendable {
    /// The message's key is not the fact's subject, so that it may stand in the wrong partition.
    case wrongKey
    /// Neither the canonical types nor any published scheme know the type.
    case unknownType
    /// Another fact with the same id and other content is stored.
    case conflict
    /// A sum would leave the range of the store.
    case sumOutOfRange
    /// A marker is not for this service, or names a scheme that is not published.
    case unknownScheme(String)
    /// The store gave no number to a subject.
    case unnumberedSubject
    /// A close that was just written is not there.
    case lostClose(period: String)
    /// A stored result is not in the form in which this version writes it.
    case unreadableResult
    /// A marker cannot be evaluated with the data as they are; its partition waits until they are mended.
    case stuckMarker(period: String, offset: Int64, reason: String)

    /// The stable code, as written to dead letters.
    public var code: String {
        switch self {
        case .wrongKey: "GR-SCORING-001"
        case .unknownType: "GR-SCORING-002"
        case .conflict: "GR-SCORING-003"
        case .sumOutOfRange: "GR-SCORING-004"
        case .unknownScheme: "GR-SCORING-005"
        case .unnumberedSubject: "GR-SCORING-006"
        case .lostClose: "GR-SCORING-007"
        case .unreadableResult: "GR-SCORING-008"
        case .stuckMarker: "GR-SCORING-009"
        }
    }
}

extension ScoringFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .wrongKey:
            "the message key is not institution/kind/subject of the fact; produce it with its subject as key"
        case .unknownType:
            "no canonical type and no published scheme has this fact type; publish the scheme first or correct the type"
        case .conflict:
            "a fact with this id and other content is already stored; correct it by a reversal and a new fact"
        case .sumOutOfRange:
            "a sum with this amount leaves the range of the store; check the amount and its unit"
        case .unknownScheme(let scheme):
            "the marker names \(scheme), which is not published in that version"
        case .lostClose(let period):
            "the close of \(period) vanished while it was begun; run the command again"
        case .unreadableResult:
            "a stored result cannot be read; was it written by a newer version?"
        case .stuckMarker(let period, let offset, let reason):
            "the marker of \(period) at offset \(offset) cannot be evaluated: \(reason); nothing of the partition is "
                + "lost, it goes on by itself once the data or the program are mended (runbook: a close that does not end)"
        case .unnumberedSubject:
            "the store gave a subject no number; look at its log"
        }
    }
}
