import Contracts
import Domain
import Postgres
import SchemeLibrary
import Schemes
import ScoringCore
import ScoringStores

/// A result worked out again from what was recorded.
struct RecomputedResult {
    let recorded: RecordedResult
    let scheme: Scheme
    let effects: [Effect]
    let differences: [Explanation.Difference]
    let forest: FigureForest
    let score: String?
    let grade: String?
    let holds: [GradeHold]

    init(
        _ recorded: RecordedResult, _ place: RecordedInputs.Place, _ library: SchemeLibrary,
        on connection: Connection
    ) throws {
        self.recorded = recorded
        let scheme = try library.required(recorded.scheme, version: recorded.version, on: connection)
        self.scheme = scheme
        let store = RecordedInputs(connection, library)
        let inputs = try store.inputs(scheme, recorded.period, place, before: recorded.cutOffset)
        let evaluation = scheme.evaluate(inputs, tracing: true)
        let facts = try store.facts(scheme.factTypes, of: place.numbered.number, before: recorded.cutOffset)
        let comparison = try Comparison(
            recorded, scheme, place.numbered.subject, inputs.calendar, on: connection)
        effects = evaluation.effects + comparison.effects
        holds = inputs.grades
        score = evaluation.score?.description
        grade = evaluation.grade
        differences = Self.differences(recorded, evaluation, scheme, place.numbered.subject, comparison.figures)
        let nodes = (evaluation.trace?.nodes ?? []) + comparison.nodes
        forest = FigureForest(nodes) { figure in
            scheme.countedFacts(of: figure, inputs, among: facts).map { ExplainedFact($0.fact, counted: $0.amount) }
        }
    }

    private static func differences(
        _ recorded: RecordedResult, _ evaluation: Schemes.Evaluation, _ scheme: Scheme, _ subject: Subject,
        _ across: [String: String]
    ) -> [Explanation.Difference] {
        let draft = ResultDraft(evaluation, subject, of: scheme, unit: nil)
        var found: [Explanation.Difference] = []
        func compare(_ what: String, _ old: String?, _ new: String?) {
            guard old != new else { return }
            found.append(.init(what: what, recorded: old ?? "", recomputed: new ?? ""))
        }
        compare("score", recorded.score, draft.score)
        compare("grade", recorded.grade, draft.grade)
        for name in Set(recorded.figures.keys).union(draft.figures.keys).sorted() {
            compare(name, recorded.figures[name], draft.figures[name])
        }
        for name in Set(recorded.across.keys).union(across.keys).sorted() {
            compare(name, recorded.across[name], across[name])
        }
        let old = Dictionary(recorded.effects.map { ($0.id, $0) }) { first, _ in first }
        let new = Dictionary(draft.effects.map { ($0.id, $0) }) { first, _ in first }
        for id in Set(old.keys).union(new.keys).sorted() where old[id] != new[id] {
            compare("effect \(id)", text(old[id]), text(new[id]))
        }
        compare("gaps", text(recorded.gaps), text(evaluation.gaps.map(GapRecord.init)))
        return found
    }

    private static func text(_ content: (some Encodable)?) -> String {
        guard let content else { return "" }
        return (try? JSONText.text(content)) ?? ""
    }

    /// The figures that pay, score, grade and effects start from; all of them with nothing left out when `all`.
    func starts(all: Bool) -> [String] {
        if all { return forest.names }
        let pay = scheme.payFigures.filter { forest.has($0) }
        let published = recorded.across.keys.sorted().filter { forest.has($0) && !pay.contains($0) }
        let rest = scheme.publishedFigures.filter { forest.has($0) && !pay.contains($0) && !published.contains($0) }
        return pay + published + rest
    }
}

/// What the comparison with others came to.
private struct Comparison {
    var figures: [String: String] = [:]
    var effects: [Effect] = []
    var nodes: [TraceNode] = []

    init(
        _ recorded: RecordedResult, _ scheme: Scheme, _ subject: Subject, _ calendar: WorkCalendar,
        on connection: Connection
    ) throws {
        guard scheme.comparesSubjects, scheme.subjectKind == subject.kind,
            scheme.comparesFigures(at: recorded.period.kind)
        else { return }
        let population = try recorded.population(on: connection)
        guard let own = population.first(where: { $0.subject == subject }) else { return }
        let across = scheme.evaluateAcross(recorded.period, population, calendar: calendar)
        for figure in across.figures[subject] ?? [] { figures[figure.name] = figure.text }
        effects = across.effects.filter { $0.subject == subject }
        nodes = scheme.traceAcross(recorded.period, population, of: own)
    }
}

extension Effect {
    /// Whom it is about; `nil` for what only names something brought about before, and for bulletins.
    var subject: Subject? {
        switch self {
        case .finding(let finding): finding.subject
        case .task(let task): task.subject
        case .grade(let change): change.subject
        case .status(let change): change.subject
        case .notice(let notice): notice.subject
        case .findingWithdrawn, .taskClosed, .statusWithdrawn: nil
        }
    }
}

extension Explanation {
    /// A result, its figures `depth` levels deep; `figures` names some of them, or leaves the choice to the result.
    init(
        _ result: RecomputedResult, subject: Subject, figures names: [String], all: Bool, depth: Int,
        on connection: Connection
    ) throws {
        let recorded = result.recorded
        self.init(.result, result.scheme.title, subject: subject.description)
        id =
            DeterministicID.make(
                "score", subject.description, recorded.scheme, recorded.period.description, String(recorded.revision)
            ).description
        period = recorded.period.description
        scheme = recorded.scheme
        version = recorded.version
        revision = recorded.revision
        cut = "\(Topic.facts.name)[\(recorded.partition)]@\(recorded.cutOffset)"
        value = recorded.score
        if let score = recorded.score { properties.append(.init(zh: "得分", en: "score", score)) }
        if let grade = recorded.grade { properties.append(.init(zh: "等级", en: "grade", grade)) }
        for hold in result.holds.sorted(by: { $0.from < $1.from }) {
            properties.append(.init(zh: "已定等级", en: "grade held", "\(hold.ladder) \(hold.grade), \(hold.from)"))
        }
        figures = result.forest.trees(names.isEmpty ? result.starts(all: all) : names, depth: depth)
        causes = try RecordedFacts.find(recorded.causes, on: connection).map { ExplainedFact($0) }
        gaps = recorded.gaps
        differences = result.differences
        guard names.isEmpty else { return }
        parts = recorded.effects.map { Explanation($0, subject: subject) }.sorted {
            ($0.clause ?? "", $0.day ?? .earliest, $0.id ?? "") < ($1.clause ?? "", $1.day ?? .earliest, $1.id ?? "")
        }
    }
}
