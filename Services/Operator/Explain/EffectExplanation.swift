import Contracts
import Domain
import Postgres
import SchemeLibrary
import Schemes
import ScoringCore
import ScoringStores

/// A finding, task, grade or status as it stands in the store, and what it can have come from.
struct RecordedEffect {
    let subject: Subject
    let number: Int32
    let state: String
    /// How a task was decided.
    let answer: String?
    /// `nil` for an appointment and for a withdrawal that came first.
    let record: EffectRecord?
    /// What the table says beside the event, and the same from the event.
    let columns: [(what: String, column: String?, event: String?)]

    /// Whatever goes by this identifier; `nil` when nothing does.
    static func find(_ id: UUID128, on connection: Connection) throws -> RecordedEffect? {
        try finding(id, connection) ?? task(id, connection) ?? grade(id, connection) ?? status(id, connection)
    }

    private static func rows(_ table: String, _ columns: String, _ id: UUID128, _ connection: Connection) throws -> Row?
    {
        try connection.query(
            """
            SELECT s.institution, s.kind, s.id, t.subject, t.state, t.event, \(columns)
            FROM scoring.\(table) t JOIN scoring.subject s ON s.no = t.subject WHERE t.id = $1
            """, [.uuid(id)]
        ).first
    }

    private init(
        _ row: Row, _ record: EffectRecord?, _ columns: [(what: String, column: String?, event: String?)],
        answer: String? = nil
    ) throws {
        subject = Subject(
            institution: try row.text(0), kind: SubjectKind(rawValue: try row.text(1)) ?? .manager, id: try row.text(2))
        number = try row.int4(3)
        state = try row.text(4)
        self.answer = answer
        self.record = record
        self.columns = columns
    }

    private static func event<Event: Decodable>(_ type: Event.Type, _ row: Row) throws -> Event? {
        guard let text = try row.optionalText(5), !text.isEmpty else { return nil }
        return try JSONText.decode(Event.self, text)
    }

    private static func finding(_ id: UUID128, _ connection: Connection) throws -> RecordedEffect? {
        guard let row = try rows("finding", "t.amount, t.period", id, connection) else { return nil }
        let event = try event(FindingEvent.self, row)
        return try RecordedEffect(
            row, event.map { .finding($0) },
            event == nil
                ? []
                : [
                    ("amount", try row.optionalText(6), event?.amount),
                    ("period", try row.optionalText(7), event?.period.description),
                ])
    }

    private static func task(_ id: UUID128, _ connection: Connection) throws -> RecordedEffect? {
        guard let row = try rows("task", "t.request, t.role, t.decision", id, connection) else { return nil }
        guard let event = try event(TaskEvent.self, row) else { return try RecordedEffect(row, nil, []) }
        let request = try JSONText.decode(TaskRequest.self, try row.text(6))
        return try RecordedEffect(
            row, .task(event, request: request), [("role", try row.text(7), event.role)],
            answer: try row.optionalText(8))
    }

    private static func grade(_ id: UUID128, _ connection: Connection) throws -> RecordedEffect? {
        guard let row = try rows("grade", "t.ladder, t.grade, t.valid_from::text", id, connection) else { return nil }
        let event = try event(GradeEvent.self, row)
        return try RecordedEffect(
            row, event.map { .grade($0, decided: true) },
            event == nil
                ? []
                : [
                    ("grade", try row.text(7), event?.to),
                    ("from", try row.text(8), event?.effectiveFrom.description),
                ])
    }

    private static func status(_ id: UUID128, _ connection: Connection) throws -> RecordedEffect? {
        guard let row = try rows("status", "t.status", id, connection) else { return nil }
        let event = try event(StatusEvent.self, row)
        return try RecordedEffect(
            row, event.map { .status($0) }, event.map { [("status", try row.text(6), $0.status)] } ?? [])
    }
}

/// Works effects out again from the fact, the decision or the result that brought them about.
struct EffectOrigins {
    let connection: Connection
    let library: SchemeLibrary

    struct Found {
        var record: EffectRecord?
        var facts: [Fact] = []
        /// The decision that a person took, when it came from one.
        var decision: Fact?
        var result: RecomputedResult?
    }

    /// What brings the effect about now; nothing when it does not come out again.
    func origin(of id: UUID128, _ subject: Subject, _ record: EffectRecord?) throws -> Found {
        var found = Found()
        if let fact = record?.fact { found.facts = try RecordedFacts.find([fact], on: connection) }
        if let (record, fact) = try fromFact(id, record, found.facts) {
            found.record = record
            found.facts = [fact]
            return found
        }
        guard let place = try RecordedInputs(connection, library).place(of: subject) else { return found }
        if let (record, decision) = try fromDecision(id, place.numbered.number) {
            found.record = record
            found.decision = decision
            return found
        }
        let wish = RecordedResult.Wish(effect: id)
        for recorded in try RecordedResult.find(wish, of: place.numbered.number, on: connection) {
            let result = try RecomputedResult(recorded, place, library, on: connection)
            found.result = result
            if let effect = result.effects.first(where: { $0.bringsAbout(id) }) {
                found.record = EffectRecord(effect, of: result.scheme)
                return found
            }
        }
        if let undone = try undoneGrade(id, place.numbered.number) {
            found.record = undone
            return found
        }
        return try fromComparison(id, record, place) ?? found
    }

    /// A grade that went back because a revision no longer gives the one before.
    private func undoneGrade(_ id: UUID128, _ number: Int32) throws -> EffectRecord? {
        let rows = try connection.query("SELECT effects FROM scoring.result WHERE subject = $1", [.int4(number)])
        for row in rows {
            let effects = try JSONText.decode([EffectRecord].self, try row.text(0))
            for case .grade(let event, true) in effects {
                if let undone = event.undone, undone.id == id { return .grade(undone, decided: true) }
            }
        }
        return nil
    }

    private func fromFact(
        _ id: UUID128, _ record: EffectRecord?, _ facts: [Fact]
    ) throws -> (EffectRecord, Fact)? {
        guard let record, let (name, version) = record.scheme else { return nil }
        let scheme = try library.required(name, version: version, on: connection)
        let calendar = try library.calendar(of: scheme.institution, on: connection)
        for fact in facts {
            if let effect = scheme.arrivals(of: fact, calendar: calendar).first(where: { $0.bringsAbout(id) }) {
                return (EffectRecord(effect, of: scheme), fact)
            }
        }
        return nil
    }

    /// Effects of decided tasks: the next task, a charge, a grade, a status.
    private func fromDecision(_ id: UUID128, _ number: Int32) throws -> (EffectRecord, Fact)? {
        let rows = try connection.query(
            """
            SELECT t.scheme, t.version, t.request, f.payload
            FROM scoring.task t JOIN scoring.fact f ON f.id = t.decided_by
            WHERE t.subject = $1 AND t.request <> '' AND t.state = 'decided' ORDER BY t.closed_on, t.id
            """, [.int4(number)])
        for row in rows {
            let payload = try row.bytes(3)
            let decision = try FactCodec.decode(payload.span)
            let scheme = try library.required(try row.text(0), version: Int(try row.int4(1)), on: connection)
            let answer = scheme.answer(
                decision, to: try JSONText.decode(TaskRequest.self, try row.text(2)), openTasks: [],
                grades: try grades(of: number, before: decision),
                decisions: try TaskStore(connection).decisions(of: number, through: offset(of: decision)),
                calendar: try library.calendar(of: scheme.institution, on: connection))
            guard case .effects(let effects) = answer, let effect = effects.first(where: { $0.bringsAbout(id) }) else {
                continue
            }
            return (EffectRecord(effect, of: scheme), decision)
        }
        return nil
    }

    /// The grades held when a decision came.
    private func grades(of number: Int32, before decision: Fact) throws -> [GradeHold] {
        try EvaluationStore(connection).grades([number], before: offset(of: decision))[number] ?? []
    }

    private func offset(of fact: Fact) throws -> Int64 {
        try connection.query("SELECT max(\"offset\") FROM scoring.fact WHERE id = $1", [.uuid(fact.id)])
            .first?.optionalInt8(0) ?? .max
    }

    /// What the first comparison of subjects brought about is kept with no single result.
    private func fromComparison(_ id: UUID128, _ record: EffectRecord?, _ place: RecordedInputs.Place) throws -> Found?
    {
        guard let record, let (scheme, _) = record.scheme else { return nil }
        let wish = RecordedResult.Wish(scheme: scheme, revision: 1)
        for recorded in try RecordedResult.find(wish, of: place.numbered.number, on: connection)
        where record.follows(recorded.period) {
            let result = try RecomputedResult(recorded, place, library, on: connection)
            if let effect = result.effects.first(where: { $0.bringsAbout(id) }) {
                return Found(record: EffectRecord(effect, of: result.scheme), result: result)
            }
        }
        return nil
    }
}

extension Effect {
    /// Whether it is what goes by the identifier, not the end of it.
    fileprivate func bringsAbout(_ id: UUID128) -> Bool {
        switch self {
        case .findingWithdrawn, .taskClosed, .statusWithdrawn: false
        default: self.id == id
        }
    }
}

extension EffectRecord {
    /// The fact that set it off.
    var fact: UUID128? {
        switch self {
        case .finding(let event): event.fact
        case .task(let event, _): event.fact
        case .status(let event): event.fact
        default: nil
        }
    }

    /// Whether the close of a period can have brought it about.
    func follows(_ period: Period) -> Bool {
        switch self {
        case .grade(let event, _): event.effectiveFrom.adding(days: -1) == period.last
        case .task(_, let request): request.context["period"] == period.description
        default: false
        }
    }

    /// The version that it was brought about by.
    var scheme: (name: String, version: Int)? {
        switch self {
        case .finding(let event): (event.scheme, event.version)
        case .task(let event, _): (event.scheme, event.version)
        case .grade(let event, _), .gradeWithdrawn(let event): (event.scheme, event.version)
        case .status(let event): (event.scheme, event.version)
        case .notice(let event): (event.scheme, event.version)
        case .findingWithdrawn, .taskClosed, .taskReopened, .statusWithdrawn: nil
        }
    }
}
