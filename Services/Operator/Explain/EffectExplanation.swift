import Contracts
import Domain
import Postgres
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
    let library: ScoringSchemes

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
            if let undone = EffectChanges(from: effects, to: []).changes.first(where: { $0.id == id }) { return undone }
        }
        return nil
    }

    private func fromFact(
        _ id: UUID128, _ record: EffectRecord?, _ facts: [Fact]
    ) throws -> (EffectRecord, Fact)? {
        guard let record, let (name, version) = record.scheme else { return nil }
        let scheme = try library.scheme(name, version: version, on: connection)
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
            let scheme = try library.scheme(try row.text(0), version: Int(try row.int4(1)), on: connection)
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

extension Explanation {
    /// An effect by itself: what, when, under which clause.
    init(_ record: EffectRecord, subject: Subject) {
        switch record {
        case .finding(let event):
            self.init(.finding, .init(zh: event.text.zh, en: event.text.en), subject: event.subject.description)
            value = event.amount
            period = event.period.description
            day = event.date
            properties = [.init(zh: "日期", en: "date", event.date.description)]
            if let fund = event.fund { properties.append(.init(zh: "归入", en: "goes to", fund)) }
            clause = event.clause
        case .task(let event, _):
            self.init(.task, .init(zh: event.text.zh, en: event.text.en), subject: event.subject.description)
            properties = [
                .init(zh: "由谁决定", en: "who decides", event.role), .init(zh: "期限", en: "due", event.dueAt.description),
                .init(zh: "可选", en: "options", event.options.joined(separator: ", ")),
            ]
            clause = event.clause
        case .grade(let event, let decided):
            self.init(.grade, .init(zh: event.reason.zh, en: event.reason.en), subject: event.subject.description)
            value = event.to
            day = event.effectiveFrom
            properties = [
                .init(zh: "级别体系", en: "ladder", event.ladder), .init(zh: "原级别", en: "before", event.from ?? "–"),
                .init(zh: "生效日", en: "from", event.effectiveFrom.description),
                .init(zh: "状态", en: "state", decided ? "decided" : "proposed"),
            ]
            clause = event.clause
        case .status(let event):
            self.init(.status, .init(zh: event.status, en: event.status), subject: event.subject.description)
            day = event.from
            properties = [.init(zh: "自", en: "from", event.from.description)]
            clause = event.clause
        case .notice(let event):
            let name = event.values["notice"] ?? event.rule
            self.init(.notice, .init(zh: name, en: name), subject: (event.subject ?? subject).description)
            properties = [.init(zh: "发出", en: "due", event.dueAt.description)]
            clause = event.clause
        case .gradeWithdrawn(let event):
            self.init(
                .grade, .init(zh: "撤销 \(event.to)", en: "withdrawal of \(event.to)"), subject: event.subject.description
            )
            clause = event.clause
        case .findingWithdrawn(let id, let rule), .statusWithdrawn(let id, let rule), .taskClosed(let id, let rule, _),
            .taskReopened(let id, let rule):
            self.init(.notice, .init(zh: "撤销 \(id)", en: "withdrawal of \(id)"), subject: subject.description)
            clause = rule
        }
        id = record.id.description
        if let (name, number) = record.scheme { (scheme, version) = (name, number) }
    }
}
