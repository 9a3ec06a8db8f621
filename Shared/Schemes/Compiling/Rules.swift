import Domain
import FEEL

/// What names a rule in everything it brings about.
struct RuleHead: Sendable {
    let name: String
    let title: BilingualText
    let clause: Clause
    let state: RuleState
    let place: Place
}

/// A fine or a note for one fact.
struct FindingRule: Sendable {
    let head: RuleHead
    let when: FactFormula?
    let amount: FactFormula?
    let fund: String?
}

/// A fine or a note that follows from the figures of a period.
struct PeriodFindingRule: Sendable {
    let head: RuleHead
    let every: Set<Period.Kind>
    let when: Formula?
    let amount: Formula?
    let fund: String?
    /// The list for each of whose entries the condition is asked.
    var items: ItemList?
}

/// An amount shared out to the persons whom a fact names, by the first band that applies.
struct LiabilityRule: Sendable {
    struct Band: Sendable {
        let when: FactFormula?
        /// The fact's attribute that names the person, or several who bear it equally, and the share.
        let shares: [(holder: String, share: FactFormula)]
        /// Who takes what rounding and a missing holder leave over.
        let residual: String
    }

    let head: RuleHead
    let when: FactFormula?
    let amount: FactFormula
    let bands: [Band]
    let fund: String?
    /// The fact of the same subject that names the persons, whenever it happened; `nil` when the fact itself does.
    let persons: String?
    /// Who has to approve each share before it is charged; `nil` when it is charged at once.
    let approval: TaskRule?
}

struct StatusRule: Sendable {
    let head: RuleHead
    let when: FactFormula?
}

struct TaskRule: Sendable {
    enum Trigger: Sendable {
        case fact(FactFormula?)
        case period(Set<Period.Kind>, when: Formula?, times: Formula?)
    }

    let head: RuleHead
    let trigger: Trigger
    let steps: [TaskStep]
    /// While a task of this name is open, no answer is accepted.
    var suspendedBy: String?
    /// What an approval charges, for a task about a fact.
    var amount: FactFormula?
    /// Figures that whoever decides is shown.
    var figures: [Int] = []
    /// The list for each of whose entries somebody is asked.
    var items: ItemList?
    /// Counts of `times` begin again with each period of this kind, and not with the appointment.
    var countsPer: Period.Kind?
    /// Each step has to be answered by another person.
    var needsDistinctPeople = false
}

struct TaskStep: Sendable {
    let role: String
    /// Whether the step is needed at all; without it, always.
    var when: StepFormula?
    /// Says who is asked when that depends on what the task is about.
    var roleFrom: StepFormula?
    let within: Deadline
    let options: [(name: String, outcome: TaskOutcome)]
    let escalatesTo: String?
    /// The option that counts as chosen when nobody answered in time.
    var silence: String?
    /// How often the same role is asked again when nobody answered in time.
    var rollsOver = 0
    /// Several people who decide by vote; `nil` when one person does.
    var panel: PanelRule?
}

enum TaskOutcome: Hashable, Sendable {
    case next
    case end
    case status(String)
    case move(ladder: String, steps: Int)
    /// To the grade that the fact's attribute names, however many grades that is.
    case grade(ladder: String, attribute: String)
    /// The amount proposed becomes a finding.
    case charge(fund: String?)
    /// The waiver asked for is granted.
    case waive
}

/// A notice with when and for what it is sent.
struct NoticePlan: Sendable {
    /// What the notice reminds of; `nil` for all others.
    var reminder: ReminderPlan?
    let notice: NoticeRule
    var when: FactFormula?
    let by: TimeOfDay
    var figures: [Int]
    var orderSlot: Int?
    var lowestFirst: Bool
    /// How many rows of a bulletin are shown, best first.
    var limit: Int?
    var condition: Formula?
    let state: RuleState
}

/// Something that has to be handed in, done or entered in time.
struct ObligationRule: Sendable {
    enum Due: Sendable {
        case every(Rhythm)
        /// Once, on a day.
        case on(CalendarDate)
        /// A figure that gives the cadence's name for each item of a list.
        case chosen(slot: Int)
        /// Once for every fact of the type.
        case fact(String)
    }

    let head: RuleHead
    let due: Due
    let every: Set<Period.Kind>
    let factType: String
    let filter: FactFormula?
    let waived: FactFormula?
    /// The attribute that says which instance a fact is for.
    let instance: String?
    /// What a fact has to have in common with the item or the fact that it is due for: `customer` or attributes.
    let same: [String]
    let deadline: Deadline
    /// The date attribute of the fact from which the deadline is counted; `nil` when it is the fact's own day.
    let anchor: String?
    /// The list for each of whose entries something is due.
    var items: ItemList?
    let amount: Formula?
    let fund: String?
    /// How many are due in each span.
    let atLeast: Int
    /// How many of them are due in a span that was served in part; without it only whole spans count.
    let proration: Proration?
}

/// How often something is due.
enum Cadence: String, CaseIterable, Sendable {
    case workingDay = "working day"
    case day, week, month, quarter, year
    case halfMonth = "half month"
    case quarterOfMonth = "quarter of a month"
}

struct GradingRule: Sendable {
    let head: RuleHead
    let ladderSlot: Int
    let every: Set<Period.Kind>
    let grade: Formula
    /// Who has to approve, in this order; nobody when the figures decide.
    let approvers: [String]
    let within: Deadline
    /// How many places a person may rise or fall at once; `nil` when there is no limit.
    var up: Int?
    var down: Int?
    /// How many may hold a grade after this grading; a grade not named, or whose number is `null`, has no limit.
    var quotas: [String: Formula] = [:]
    /// Who comes first when a grade has fewer places than people: the highest of this figure.
    var orderSlot: Int?

    var approver: String? { approvers.first }
}

struct AllocationRule: Sendable {
    let head: RuleHead
    let every: Set<Period.Kind>
    let factType: String
    let resource: [String]
    let order: String
    let holder: String
    let steps: [TaskStep]
}

struct PayComponent: Sendable {
    let head: RuleHead
    let slot: Int
    let formula: Formula?
    let deductsFindings: Bool
    let isDeduction: Bool
}

/// Something that must hold before the scheme may be published.
struct ConstraintRule: Sendable {
    let head: RuleHead
    let given: [(slot: Int, value: Value)]
    let that: Formula
    var steps: [Int] = []
}

/// Why a person inside the scheme's population takes no part in it.
struct ExclusionRule: Sendable {
    let head: RuleHead
    let when: Formula
    /// The figures that the condition needs.
    var steps: [Int] = []
}
