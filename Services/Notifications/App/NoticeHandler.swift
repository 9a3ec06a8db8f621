import Contracts
import Domain
import Messaging
import Metrics
import NotificationsCore
import Postgres
import ServiceKit

/// Turns each batch of events into notices and their deliveries.
struct NoticeHandler: BatchHandler {
    private let shelf: RuleShelf
    private let people: ReaderStore
    private var issued = 0

    init(shelf: RuleShelf, people: ReaderStore) {
        self.shelf = shelf
        self.people = people
    }

    mutating func process(
        _ batch: MessageBatch, in transaction: borrowing Transaction, _ context: BatchContext
    ) throws -> BatchOutcome {
        let now = Timestamp(microseconds: SystemTime.now())
        let occasions = OccasionBatch(batch)
        var outcome = BatchOutcome(deadLetters: occasions.deadLetters, lastEventTime: occasions.lastEventTime)
        var planned: [PlannedNotice] = []
        var rules: [SchemeKey: [NoticeRule]] = [:]
        var known: [PeopleKey: [Reader]] = [:]
        for entry in occasions.entries {
            do {
                let key = SchemeKey(entry.occasion)
                let candidates =
                    try rules[key]
                    ?? shelf.rules(
                        for: entry.occasion, on: transaction.connection, today: now.date())
                rules[key] = candidates
                planned += try plan(entry.occasion, candidates, &known, now, on: transaction.connection)
                outcome.applied += 1
            } catch let fault as NoticeFault {
                outcome.deadLetters.append(
                    DeadLetter(message: entry.message, code: fault.code, detail: fault.description))
            }
        }
        let new = try NoticeStore.insert(planned, in: transaction)
        outcome.duplicates = planned.count - new.count
        let traces = Dictionary(
            occasions.entries.map { ($0.occasion.event, $0.trace) }, uniquingKeysWith: { first, _ in first })
        outcome.outbox = try new.map {
            try NotificationTopics.row(.issued, of: $0, channel: nil, at: now, trace: traces[$0.cause] ?? nil)
        }
        issued = new.count
        return outcome
    }

    mutating func didCommit() {
        Counter(label: "gradus_notices_issued_total").increment(by: issued)
        issued = 0
    }

    mutating func didRollBack() { issued = 0 }

    /// Rules are looked up once a batch for each scheme version, or institution.
    private struct SchemeKey: Hashable {
        let scheme: String
        let version: Int

        init(_ occasion: NoticeOccasion) {
            scheme = occasion.scheme ?? occasion.institution
            version = occasion.version ?? -1
        }
    }

    private struct PeopleKey: Hashable {
        let institution: String
        let audience: Audience
        let subject: Subject?
    }

    private func plan(
        _ occasion: NoticeOccasion, _ candidates: [NoticeRule], _ known: inout [PeopleKey: [Reader]], _ now: Timestamp,
        on connection: Connection
    ) throws -> [PlannedNotice] {
        var readers: [Subject: Reader] = [:]
        for audience in NoticePlan.audiences(occasion, rules: candidates) {
            let key = PeopleKey(institution: occasion.institution, audience: audience, subject: occasion.subject)
            let people =
                try known[key]
                ?? people.readers(
                    audience, about: occasion.subject, institution: occasion.institution, on: connection)
            known[key] = people
            for reader in people { readers[reader.subject] = reader }
        }
        return try NoticePlan.notices(occasion, rules: candidates, readers: Array(readers.values), now: now)
    }
}
