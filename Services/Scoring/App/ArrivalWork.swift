import Contracts
import Domain
import Postgres
import SchemeLibrary
import Schemes
import ScoringCore
import ScoringStores

/// A fact that is new in the store and may act by itself.
struct Arrival {
    let subject: Int32
    let fact: Fact
    let offset: Int64
    /// The W3C trace that the fact came on.
    let trace: String?
}

/// Does at once what follows from single facts: findings, statuses, tasks, notices, appointments and decisions.
struct ArrivalWork {
    let connection: Connection
    let library: SchemeLibrary
    private(set) var events: [OutgoingEvent] = []

    init(_ connection: Connection, _ library: SchemeLibrary) {
        self.connection = connection
        self.library = library
    }

    /// Facts that are new in the store, in the order of their offsets.
    mutating func run(_ facts: [Arrival], _ active: PlanStore.Active) throws {
        var calendars: [String: WorkCalendar] = [:]
        var entries: [EffectStore.Entry] = []
        for arrival in facts {
            let (subject, fact) = (arrival.subject, arrival.fact)
            if fact.type == "manager.appointed" {
                try TaskStore(connection).appoint(fact, subject: subject, offset: arrival.offset)
            }
            let institution = fact.subject.institution
            for scheme in active.schemes(of: institution, on: fact.businessDate) {
                if calendars[institution] == nil {
                    calendars[institution] = try library.calendar(of: institution, on: connection)
                }
                let effects = scheme.arrivals(of: fact, calendar: calendars[institution] ?? WorkCalendar())
                entries += effects.map { Self.entry($0, scheme, subject, fact, arrival.offset, arrival.trace) }
            }
            if fact.type == "decision.made" {
                try apply(entries)
                entries = []
                if fact.sign > 0 {
                    try decide(fact, arrival.offset, arrival.trace)
                } else {
                    try undo(fact, arrival.offset, arrival.trace)
                }
            }
        }
        try apply(entries)
    }

    /// Stores effects, publishes them, and takes up decisions that were waiting for the tasks among them.
    mutating func apply(_ entries: [EffectStore.Entry]) throws {
        guard !entries.isEmpty else { return }
        let (made, tasks) = try EffectStore(connection).apply(entries)
        events += made
        guard !tasks.isEmpty else { return }
        for (payload, offset) in try TaskStore(connection).takeWaiting(for: tasks) {
            try decide(try FactCodec.decode(payload.span), offset, FactCodec.traceparent(payload.span))
        }
    }

    mutating func decide(_ fact: Fact, _ offset: Int64, _ trace: String?) throws {
        guard case .text(let text)? = fact.attributes["task"], let id = UUID128(text) else { return }
        let store = TaskStore(connection)
        let (open, isKnown) = try store.task(id)
        guard let open else {
            if !isKnown, let subject = try store.number(of: fact.subject) {
                try store.wait(fact.id, subject: subject, for: id)
            }
            return
        }
        guard try !DecisionStore(connection).isUndone(fact.id, of: open.subject) else { return }
        let scheme = try library.required(open.scheme, version: open.version, on: connection)
        let decisions = scheme.hasPanel(open.request) ? try store.decisions(of: open.subject, through: offset) : []
        let answer = scheme.answer(
            fact, to: open.request, openTasks: try store.open(of: open.subject),
            grades: try store.grades(of: open.subject), decisions: decisions,
            calendar: try library.calendar(of: scheme.institution, on: connection))
        guard case .effects(let effects) = answer else { return }
        let decisive = scheme.decisive(fact, for: open.request, among: decisions)
        let entries = effects.map { Self.entry($0, scheme, open.subject, decisive, offset, trace) }
        try DecisionStore(connection).keep(
            entries.map(\.record), of: id, decision: decisive.id, subject: open.subject)
        try apply(entries)
    }

    private static func entry(
        _ effect: Effect, _ scheme: Scheme, _ subject: Int32, _ fact: Fact, _ offset: Int64, _ trace: String?
    ) -> EffectStore.Entry {
        EffectStore.Entry(
            subject: subject, record: EffectRecord(effect, of: scheme), occasion: fact.id.description,
            day: fact.businessDate, isArrival: true, decision: fact.type == "decision.made" ? fact.id : nil,
            offset: offset, trace: trace)
    }
}
