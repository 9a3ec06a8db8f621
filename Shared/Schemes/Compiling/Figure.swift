import Domain
import FEEL

/// A named, computed value of the scheme: one slot of the frame.
///
/// A class, as the plans are, so that evaluating a figure copies one reference.
final class Figure: Sendable {
    let slot: Int
    let name: String
    let title: BilingualText
    let clause: Clause
    let kind: String
    let unit: String
    let place: Place
    let state: RuleState
    let subject: SubjectKind
    let every: Set<Period.Kind>
    let work: FigureWork
    /// The slots that must be filled first.
    let reads: [Int]

    init(
        slot: Int, name: String, title: BilingualText, clause: Clause, kind: String, unit: String, place: Place,
        state: RuleState, subject: SubjectKind, every: Set<Period.Kind>, work: FigureWork, reads: [Int]
    ) {
        self.slot = slot
        self.name = name
        self.title = title
        self.clause = clause
        self.kind = kind
        self.unit = unit
        self.place = place
        self.state = state
        self.subject = subject
        self.every = every
        self.work = work
        self.reads = reads
    }

    /// The same figure, computed in another way.
    func working(_ work: FigureWork) -> Figure {
        Figure(
            slot: slot, name: name, title: title, clause: clause, kind: kind, unit: unit, place: place, state: state,
            subject: subject, every: every, work: work, reads: reads)
    }

    /// Whether the figure is wanted at the close of a base period without anybody asking for it.
    var isDefaultRoot: Bool {
        switch work {
        case .formula, .indicator, .scorecard, .ladder, .comparison, .waiver, .reserve: every.isEmpty
        default: false
        }
    }
}

/// How a figure comes to its value.
enum FigureWork: Sendable {
    case parameter([DatedValue])
    case formula(Formula)
    case measure(MeasurePlan)
    case results(ResultsPlan)
    case table(TablePlan, column: Int)
    case decision(DecisionPlan)
    case indicator(IndicatorPlan)
    case scorecard(ScorecardPlan)
    case ladder(LadderPlan)
    case comparison(ComparisonPlan)
    /// Whether the waiver at this place of the storage is in force on the last day.
    case waiver(Int)
    case reserve(ReservePlan, ReservePart)
    /// The part of the period that the person served.
    case served(Proration)
    /// The place, the grade or the step of what is held on a ladder.
    case ladderPart(Int, LadderPart)
    /// Given by the inputs: the period, the profile, an item of a list, or a pay line before.
    case given
}

/// A parameter's value from a day on.
struct DatedValue: Hashable, Sendable {
    let from: CalendarDate
    let value: Value

    static func == (lhs: DatedValue, rhs: DatedValue) -> Bool { lhs.from == rhs.from && lhs.value == rhs.value }
    func hash(into hasher: inout Hasher) { hasher.combine(from) }
}

extension [DatedValue] {
    /// The value in force on a day; `null` before the first.
    func value(on date: CalendarDate) -> Value {
        last { $0.from <= date }?.value ?? .null
    }
}

final class IndicatorPlan: Sendable {
    enum Missing: String, CaseIterable, Sendable { case zero, redistribute }

    let actual: Formula
    let target: Formula?
    /// From the ratio to the target, or from the actual value when there is none; or by a curve.
    let score: Formula?
    let curve: Curve?
    /// Less is better: the ratio is the target divided by the actual value.
    let isInverse: Bool
    let floor: Formula?
    let cap: Formula?
    let missing: Missing

    init(
        actual: Formula, target: Formula?, score: Formula?, curve: Curve?, isInverse: Bool, floor: Formula?,
        cap: Formula?, missing: Missing
    ) {
        self.actual = actual
        self.target = target
        self.score = score
        self.curve = curve
        self.isInverse = isInverse
        self.floor = floor
        self.cap = cap
        self.missing = missing
    }
}

final class ScorecardPlan: Sendable {
    let parts: [(slot: Int, weight: Formula?)]
    let combine: Combination
    let floor: Formula?
    let cap: Formula?

    /// By the weights of the parts, all alike, or added up.
    enum Combination: String, CaseIterable, Sendable { case weighted, average, sum }

    init(parts: [(slot: Int, weight: Formula?)], combine: Combination, floor: Formula?, cap: Formula?) {
        self.parts = parts
        self.combine = combine
        self.floor = floor
        self.cap = cap
    }
}

struct LadderPlan: Sendable {
    let name: String
    /// Lowest first; with steps, each grade with each of its steps.
    let grades: [String]
    /// The steps inside each grade, lowest first; empty when grades have none.
    let steps: [String]
    /// Other names of grades.
    let aliases: [String: String]
    let entry: Formula?
    let entryGrade: String?
    /// Changes take effect on the first day of a period of this kind.
    let startsWith: Period.Kind
}

struct ComparisonPlan: Sendable {
    enum Take: String, CaseIterable, Sendable { case rank, average, sum, count, highest, lowest, share }
    /// Who is compared with whom: everybody, the people of a unit, or those for whom a figure has the same value.
    enum Among: Hashable, Sendable {
        case everyone, unit
        case sharing(Int)
    }

    let of: Int
    let take: Take
    let among: Among
    let lowestFirst: Bool
}

struct ResultsPlan: Sendable {
    enum Take: String, CaseIterable, Sendable { case list, last, sum, mean, count, highest, lowest }
    enum Window: Hashable, Sendable {
        /// The shorter periods inside the one evaluated.
        case parts(Period.Kind)
        /// So many periods of the same kind before the one evaluated.
        case before(Int)
    }

    let figure: String
    let take: Take
    let window: Window
}
