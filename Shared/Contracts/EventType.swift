/// The CloudEvents types that Gradus writes. A published type never changes; a breaking change gets a new name.
public enum EventType: String, Sendable, CaseIterable {
    case fact = "gradus.fact.v1"
    case periodMarker = "gradus.period.marker.v1"
    case schemePublished = "gradus.scheme.published.v1"

    case scoreFinalised = "gradus.score.finalised.v1"
    case scoreRevised = "gradus.score.revised.v1"
    case gradeProposed = "gradus.grade.proposed.v1"
    case gradeDecided = "gradus.grade.decided.v1"
    case findingRaised = "gradus.finding.raised.v1"
    case findingWithdrawn = "gradus.finding.withdrawn.v1"
    case taskRequested = "gradus.task.requested.v1"
    case taskClosed = "gradus.task.closed.v1"
    case statusChanged = "gradus.status.changed.v1"
    case noticeRequested = "gradus.notice.requested.v1"
    case periodClosed = "gradus.period.closed.v1"

    case payLine = "gradus.pay.line.v1"
    case statementFinalised = "gradus.pay.statement.finalised.v1"
    case payCorrection = "gradus.pay.correction.v1"
    case runOpened = "gradus.pay.run.opened.v1"
    case runCalculated = "gradus.pay.run.calculated.v1"
    case runApproved = "gradus.pay.run.approved.v1"
    case runReleased = "gradus.pay.run.released.v1"

    case noticeIssued = "gradus.notice.issued.v1"
    case noticeDelivered = "gradus.notice.delivered.v1"
    case noticeRead = "gradus.notice.read.v1"
    case noticeAcknowledged = "gradus.notice.acknowledged.v1"

    case deadLetter = "gradus.dead-letter.v1"

    /// The topic that carries this type.
    public var topic: Topic {
        switch self {
        case .fact, .periodMarker, .schemePublished: .facts
        case .scoreFinalised, .scoreRevised, .gradeProposed, .gradeDecided, .findingRaised, .findingWithdrawn,
            .taskRequested, .taskClosed, .statusChanged, .noticeRequested, .periodClosed:
            .scores
        case .payLine, .statementFinalised, .payCorrection, .runOpened, .runCalculated, .runApproved, .runReleased:
            .payroll
        case .noticeIssued, .noticeDelivered, .noticeRead, .noticeAcknowledged: .notices
        case .deadLetter: .deadLetters
        }
    }
}
