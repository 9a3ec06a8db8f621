import Contracts
import Domain
import Foundation
import Messaging
import NotificationsCore

/// The events of one batch as occasions for notices; what cannot be read is a dead letter.
struct OccasionBatch {
    struct Entry {
        var message: Int
        var occasion: NoticeOccasion
        /// The W3C trace of the event.
        var trace: String?
    }

    private(set) var entries: [Entry] = []
    private(set) var deadLetters: [DeadLetter] = []
    private(set) var lastEventTime: Timestamp?
    private let decoder = JSONDecoder()

    init(_ batch: MessageBatch) {
        for index in batch.indices {
            do {
                if let entry = try read(batch, index) { entries.append(entry) }
            } catch {
                deadLetters.append(DeadLetter(message: index, code: error.code, detail: error.description))
            }
        }
    }

    private mutating func read(_ batch: MessageBatch, _ index: Int) throws(NoticeFault) -> Entry? {
        guard let headers = EventHeaders(batch.headers(index)) else { throw .unknownType("none") }
        guard let type = EventType(rawValue: headers.type), type.topic == .scores || type.topic == .payroll else {
            throw .unknownType(headers.type)
        }
        guard let value = batch.value(index) else { throw .malformed(type: type.rawValue, reason: "it has no data") }
        lastEventTime = headers.time.map { max($0, lastEventTime ?? $0) } ?? lastEventTime
        return try occasion(type, Data(value)).map {
            Entry(message: index, occasion: $0, trace: headers.traceparent)
        }
    }

    private func occasion(_ type: EventType, _ data: Data) throws(NoticeFault) -> NoticeOccasion? {
        switch type {
        case .scoreFinalised, .scoreRevised: return NoticeOccasion(try decode(data, type) as ScoreEvent, type: type)
        case .gradeProposed, .gradeDecided: return NoticeOccasion(try decode(data, type) as GradeEvent, type: type)
        case .findingRaised, .findingWithdrawn:
            return NoticeOccasion(try decode(data, type) as FindingEvent, type: type)
        case .taskRequested, .taskClosed: return NoticeOccasion(try decode(data, type) as TaskEvent, type: type)
        case .statusChanged: return NoticeOccasion(try decode(data, type) as StatusEvent)
        case .noticeRequested: return NoticeOccasion(try decode(data, type) as NoticeRequest)
        case .payLine, .payCorrection: return NoticeOccasion(try decode(data, type) as PayLineEvent, type: type)
        case .statementFinalised: return NoticeOccasion(try decode(data, type) as StatementEvent)
        case .runOpened, .runCalculated, .runApproved, .runReleased:
            return NoticeOccasion(try decode(data, type) as PayRunEvent, type: type)
        default: return nil
        }
    }

    private func decode<Event: Decodable>(_ data: Data, _ type: EventType) throws(NoticeFault) -> Event {
        do {
            return try decoder.decode(Event.self, from: data)
        } catch {
            throw .malformed(type: type.rawValue, reason: "the data do not fit its JSON Schema")
        }
    }
}
