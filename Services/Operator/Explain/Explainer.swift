import Contracts
import Domain
import PayrollCore
import PayrollStores
import Postgres
import SchemeLibrary
import Schemes
import ScoringCore
import ScoringStores

/// Finds what somebody asks about and explains it.
struct Explainer {
    let connection: Connection
    var depth = Int.max
    /// Only these figures, by their names in the scheme.
    var figures: [String] = []
    /// Every figure, also those that nothing published comes from.
    var all = false
    var wish = RecordedResult.Wish()
    private let library = SchemeLibrary()

    init(_ connection: Connection) { self.connection = connection }

    private var pay: PayExplainer {
        PayExplainer(connection: connection, library: library, depth: depth)
    }

    /// A subject's period: what was paid for it, and the results.
    func period(_ subject: Subject, _ period: Period) throws -> [Explanation] {
        var found: [Explanation] = []
        if figures.isEmpty, wish.revision == nil, wish.knownOn == nil {
            // The figures stand below, with the results.
            let pay = PayExplainer(connection: connection, library: library, depth: 0)
            for run in try pay.runs(subject, earned: period) {
                guard let statement = try RecomputedStatement(of: subject, run: run, library, on: connection) else {
                    continue
                }
                found.append(
                    try pay.statement(statement) { line in
                        line.earned == period && (self.wish.scheme == nil || line.item.key.scheme == self.wish.scheme)
                    })
            }
        }
        guard let place = try RecordedInputs(connection, library).place(of: subject) else { return found }
        var wish = wish
        wish.period = period.description
        for recorded in try RecordedResult.find(wish, of: place.numbered.number, on: connection) {
            let result = try RecomputedResult(recorded, place, library, on: connection)
            guard figures.isEmpty || figures.contains(where: result.forest.has) else { continue }
            found.append(try explanation(result, subject))
        }
        return found
    }

    private func explanation(_ result: RecomputedResult, _ subject: Subject) throws -> Explanation {
        try Explanation(result, subject: subject, figures: figures, all: all, depth: depth, on: connection)
    }

    /// Whatever an identifier names: a score, finding, task, grade, status, notice, pay line, correction or statement.
    func identifier(_ id: UUID128) throws -> Explanation? {
        // Last come those for which no table has an index: they are looked for through all results.
        try line(id) ?? statement(id) ?? effect(id) ?? notice(id) ?? finding(emission: id) ?? receivedScore(id)
            ?? proposal(id) ?? score(id)
    }

    private func line(_ id: UUID128) throws -> Explanation? {
        guard
            let row = try connection.query("SELECT run, subject FROM payroll.line WHERE id = $1", [.uuid(id)]).first,
            let subject = Subject(try row.text(1)),
            let statement = try RecomputedStatement(of: subject, run: try row.uuid(0), library, on: connection),
            let line = statement.pay.booked.lines.first(where: { $0.id == id })
        else { return nil }
        return try pay.line(line, statement)
    }

    private func statement(_ id: UUID128) throws -> Explanation? {
        guard
            let row = try connection.query("SELECT run, subject FROM payroll.statement WHERE id = $1", [.uuid(id)])
                .first,
            let subject = Subject(try row.text(1)),
            let statement = try RecomputedStatement(of: subject, run: try row.uuid(0), library, on: connection)
        else { return nil }
        return try pay.statement(statement)
    }

    private func effect(_ id: UUID128) throws -> Explanation? {
        guard let effect = try RecordedEffect.find(id, on: connection) else { return nil }
        guard let record = effect.record else { return try appointment(id, effect) }
        var explanation = Explanation(record, subject: effect.subject)
        explanation.properties.append(.init(zh: "现状", en: "state now", effect.state))
        if let answer = effect.answer { explanation.properties.append(.init(zh: "决定", en: "decision", answer)) }
        for (what, column, event) in effect.columns where column != event {
            explanation.differences.append(.init(what: what, recorded: column ?? "", recomputed: event ?? ""))
        }
        return try add(origin: id, record, effect.subject, to: explanation)
    }

    private func add(
        origin id: UUID128, _ record: EffectRecord, _ subject: Subject, to explanation: Explanation
    ) throws -> Explanation {
        var explanation = explanation
        let origin = try EffectOrigins(connection: connection, library: library).origin(of: id, subject, record)
        if origin.record != record {
            explanation.differences.append(
                .init(
                    what: explanation.kind.rawValue, recorded: (try? JSONText.text(record)) ?? "",
                    recomputed: origin.record.flatMap { try? JSONText.text($0) } ?? ""))
        }
        explanation.facts = (origin.facts + [origin.decision].compactMap { $0 }).map { ExplainedFact($0) }
        if let decision = origin.decision {
            for (name, zh, en) in [
                ("decision", "决定", "decision"), ("by", "决定人", "decided by"), ("opinion", "意见", "opinion"),
            ] {
                if case .text(let text)? = decision.attributes[name] {
                    explanation.properties.append(.init(zh: zh, en: en, text))
                }
            }
        }
        if let result = origin.result {
            var part = try self.explanation(result, subject)
            part.parts = []
            explanation.parts = [part]
        }
        return explanation
    }

    private func appointment(_ id: UUID128, _ effect: RecordedEffect) throws -> Explanation? {
        let facts = try RecordedFacts.find([id], on: connection)
        guard let fact = facts.first, fact.type == "manager.appointed" else { return nil }
        var explanation = Explanation(
            .grade, Schemes.BilingualText(zh: "任命", en: "Appointment"), subject: effect.subject.description)
        explanation.id = id.description
        for name in ["ladder", "grade", "from"] {
            if case .text(let text)? = fact.attributes[name] {
                explanation.properties.append(.init(zh: name, en: name, text))
            }
        }
        explanation.facts = [ExplainedFact(fact)]
        return explanation
    }

    /// What only a result's effects name: a proposed grade, or a notice.
    private func proposal(_ id: UUID128) throws -> Explanation? {
        let rows = try connection.query(
            """
            SELECT s.institution, s.kind, s.id, r.effects FROM scoring.result r JOIN scoring.subject s ON s.no = r.subject
            WHERE strpos(r.effects, $1) > 0 ORDER BY r.revision DESC LIMIT 1
            """, [.text(id.description)])
        guard let row = rows.first, let kind = SubjectKind(rawValue: try row.text(1)) else { return nil }
        let subject = Subject(institution: try row.text(0), kind: kind, id: try row.text(2))
        let effects = try JSONText.decode([EffectRecord].self, try row.text(3))
        guard let record = effects.first(where: { $0.id == id }) else { return nil }
        return try add(origin: id, record, subject, to: Explanation(record, subject: subject))
    }

    private func notice(_ id: UUID128) throws -> Explanation? {
        let rows = try connection.query(
            """
            SELECT recipient, scheme, version, clause, cause, cause_type, fact, title, body, state, language
            FROM notices.notice WHERE id = $1
            """, [.uuid(id)])
        guard let row = rows.first else { return nil }
        let title = try row.text(7)
        var explanation = Explanation(.notice, Schemes.BilingualText(zh: title, en: title), subject: try row.text(0))
        explanation.id = id.description
        explanation.scheme = try row.text(1)
        explanation.version = Int(try row.int4(2))
        explanation.clause = try row.text(3)
        explanation.properties = [
            .init(zh: "内容", en: "text", try row.text(8)), .init(zh: "现状", en: "state now", try row.text(9)),
            .init(zh: "起因", en: "answers", "\(try row.text(5)) \(try row.uuid(4))"),
        ]
        let facts = try RecordedFacts.find([try row.optionalUUID(6)].compactMap { $0 }, on: connection)
        explanation.facts = facts.map { ExplainedFact($0) }
        let cause = try row.uuid(4)
        if let part = try line(cause) ?? statement(cause) ?? effect(cause) ?? proposal(cause) {
            explanation.parts = [part]
        }
        return explanation
    }

    /// A finding by the identifier of the event that raised or withdrew it.
    private func finding(emission id: UUID128) throws -> Explanation? {
        try [EventType.findingRaised, .findingWithdrawn].lazy.compactMap { type in
            try connection.query(
                "SELECT finding FROM payroll.finding_event WHERE event = $1",
                [.uuid(DeterministicID.make("finding-emission", id.description, type.rawValue))]
            ).first?.uuid(0)
        }.first.flatMap { try effect($0) }
    }

    /// A result by the identifier of its score event, if Payroll has received it.
    private func receivedScore(_ id: UUID128) throws -> Explanation? {
        let rows = try connection.query(
            "SELECT subject, period, scheme, revision FROM payroll.input WHERE event = $1", [.uuid(id)])
        guard let row = rows.first, let subject = Subject(try row.text(0)), let period = Period(try row.text(1)) else {
            return nil
        }
        return try result(subject, period, try row.text(2), revision: try row.int4(3))
    }

    private func result(
        _ subject: Subject, _ period: Period, _ scheme: String, revision: Int32
    ) throws -> Explanation? {
        var explainer = self
        explainer.wish = RecordedResult.Wish(scheme: scheme, revision: revision)
        return try explainer.period(subject, period).first { $0.kind == .result }
    }

    /// A result by the identifier of its score event; the one in the data as well as the message's own.
    private func score(_ id: UUID128) throws -> Explanation? {
        for partition in try connection.query("SELECT DISTINCT partition FROM scoring.subject ORDER BY 1") {
            let rows = try connection.query(
                """
                SELECT s.institution, s.kind, s.id, r.scheme, r.period, r.revision
                FROM scoring.result r JOIN scoring.subject s ON s.no = r.subject WHERE s.partition = $1
                """, [.int2(try partition.int2(0))])
            for row in rows {
                guard let kind = SubjectKind(rawValue: try row.text(1)), let period = Period(try row.text(4)) else {
                    continue
                }
                let subject = Subject(institution: try row.text(0), kind: kind, id: try row.text(2))
                let revision = try row.int4(5)
                let score = DeterministicID.make(
                    "score", subject.description, try row.text(3), period.description, String(revision))
                let type: EventType = revision == 1 ? .scoreFinalised : .scoreRevised
                guard id == score || id == DeterministicID.make("event", type.rawValue, score.description, "") else {
                    continue
                }
                return try result(subject, period, try row.text(3), revision: revision)
            }
        }
        return nil
    }
}

extension FigureForest {
    /// The same figures and those of pay, which read them.
    func adding(_ pay: [TraceNode]) -> FigureForest {
        FigureForest(allNodes + pay.filter { !has($0.figure) }, facts: facts)
    }
}
