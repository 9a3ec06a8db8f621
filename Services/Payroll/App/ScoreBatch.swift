import Contracts
import Domain
import Foundation
import Messaging

/// The events of one batch, sorted by what Payroll does with them; what cannot be read is a dead letter.
struct ScoreBatch {
    struct Finding {
        var event: FindingEvent
        /// The emission's own id: the finding's id is the same for a raise and a withdrawal.
        var emission: UUID128
        var amount: Int64?
        var withdrawn: Bool
    }

    var results: [ScoreResult] = []
    var findings: [Finding] = []
    var grades: [GradeEvent] = []
    var closes: [PeriodClosed] = []
    var deadLetters: [DeadLetter] = []
    var lastEventTime: Timestamp?
    private let decoder = JSONDecoder()
    private var reader = ScoreReader()

    init(_ batch: MessageBatch) {
        for index in batch.indices {
            do {
                try read(batch, index)
            } catch {
                deadLetters.append(DeadLetter(message: index, code: error.code, detail: error.description))
            }
        }
    }

    private mutating func read(_ batch: MessageBatch, _ index: Int) throws(ScoreFault) {
        guard let headers = EventHeaders(batch.headers(index)) else { throw .noEvent }
        guard let type = EventType(rawValue: headers.type), type.topic == .scores else {
            throw .unknownType(headers.type)
        }
        guard let range = batch.valueRange(index) else { throw .malformed(type: type.rawValue) }
        lastEventTime = headers.time.map { max($0, lastEventTime ?? $0) } ?? lastEventTime
        if type == .scoreFinalised || type == .scoreRevised {
            // Days and weeks pay nothing, but they count in the control totals of the close that revised them.
            results.append(try reader.result(batch.bytes.span.extracting(range), message: index, type))
            return
        }
        switch type {
        case .findingRaised, .findingWithdrawn:
            let event = try reader.finding(batch.bytes.span.extracting(range), type)
            findings.append(try finding(event, headers, type))
        case .gradeDecided: grades.append(try decode(Data(batch.bytes[range]), type))
        case .periodClosed:
            let event: PeriodClosed = try decode(Data(batch.bytes[range]), type)
            if event.period.isPaid { closes.append(event) }
        default: break
        }
    }

    private func finding(
        _ event: FindingEvent, _ headers: EventHeaders, _ type: EventType
    ) throws(ScoreFault) -> Finding {
        var amount: Int64?
        if let text = event.amount {
            guard let money = Money(amountText: text, event.currency ?? .cny), money.minorUnits >= 0 else {
                throw .badAmount
            }
            amount = money.minorUnits
        }
        return Finding(
            event: event, emission: DeterministicID.make("finding-emission", headers.id, type.rawValue), amount: amount,
            withdrawn: type == .findingWithdrawn)
    }

    private func decode<Event: Decodable>(_ data: Data, _ type: EventType) throws(ScoreFault) -> Event {
        do {
            return try decoder.decode(Event.self, from: data)
        } catch {
            throw .malformed(type: type.rawValue)
        }
    }
}

/// Why a record of the scores topic cannot be applied.
enum ScoreFault: Error, CustomStringConvertible {
    case noEvent
    case unknownType(String)
    case malformed(type: String)
    case badAmount
    case contradiction(period: Period, revision: Int)

    var code: String {
        switch self {
        case .noEvent: "GR-PAY-401"
        case .unknownType: "GR-PAY-402"
        case .malformed: "GR-PAY-403"
        case .badAmount: "GR-PAY-404"
        case .contradiction: "GR-PAY-405"
        }
    }

    var description: String {
        switch self {
        case .noEvent: "the record has no CloudEvents headers in binary mode; correct the sender"
        case .unknownType(let type): "events of type \(type.prefix(80)) do not belong on this topic; correct the sender"
        case .malformed(let type): "the data are not those of \(type); compare them with its JSON Schema"
        case .badAmount: "the fine is not an amount such as 20.00 of at least zero; correct the sender"
        case .contradiction(let period, let revision):
            "another result is stored as revision \(revision) of \(period); a result never changes, send a new revision"
        }
    }
}
