import Domain
import FEEL

/// Everything compiled, shared by all copies of a ``Scheme``.
struct SchemeStorage: Sendable {
    var header: SchemeHeader
    var digest = ""
    var names = Names([])
    var figures: [Figure] = []
    /// By slot: the place in ``figures``.
    var figureOfSlot: [Int] = []
    /// The distinct windows of measures; their spans are computed once per evaluation.
    var windows: [MeasureWindow] = []
    var frameSize = 0
    var covers: Formula?
    var profileSlots: [(shape: AttributeShape, slot: Int)] = []
    var series: [SeriesDefinition] = []
    var plans: [PlanKey: Plan] = [:]
    var findings: [String: [FindingRule]] = [:]
    /// Findings on single facts that a waiver may cover: they wait for the close, because the waiver may come later.
    var closeFindings: [String: [FindingRule]] = [:]
    /// The figures that findings judged at the close read.
    var judgedReads: [Int] = []
    /// Liabilities whose persons an earlier fact of the same subject names, by the fact that sets them off.
    var lifelong: [(type: String, rule: LiabilityRule)] = []
    var periodFindings: [PeriodFindingRule] = []
    var waivers: [WaiverRule] = []
    var liabilities: [String: [LiabilityRule]] = [:]
    var statuses: [String: [StatusRule]] = [:]
    var factTasks: [String: [TaskRule]] = [:]
    var factNotices: [String: [NoticePlan]] = [:]
    var tasks: [TaskRule] = []
    var notices: [NoticePlan] = []
    var obligations: [ObligationRule] = []
    var gradings: [GradingRule] = []
    var allocations: [AllocationRule] = []
    var pay: [PayComponent] = []
    /// The greatest part of the gross pay that deductions may take; what exceeds it is carried.
    var deductionLimit: Formula?
    var constraints: [ConstraintRule] = []
    var exclusions: [ExclusionRule] = []
    var parameterSlots: [Int] = []
    /// The order in which pay formulas' own figures stand, and the published ones they read.
    var payReads: [Int] = []
    var scoreSlot: Int?
    var ladderSlots: [Int] = []
    /// The figures that are known only when everybody's are.
    var acrossSlots: Set<Int> = []
    var publishedSlots: [Int] = []
    /// The elements as they were written, in document order.
    var elements: [WrittenElement] = []
    /// Parameters, measures and tables that nothing reads.
    var unusedNames: [Located] = []

    func figure(_ slot: Int) -> Figure { figures[figureOfSlot[slot]] }

    /// The values of all parameters on a day, in the order of the fact scopes.
    func parameters(on date: CalendarDate) -> [Value] {
        parameterSlots.map { slot in
            if case .parameter(let values) = figure(slot).work { return values.value(on: date) }
            return .null
        }
    }
}

/// An element as it was written, for comparing versions.
struct WrittenElement: Sendable {
    let kind: String
    let name: String
    let clause: Clause
    let values: [String: String]
    let place: Place
    /// Where the value of each key stands.
    let places: [String: Place]
}

/// What is evaluated at one kind of close for one kind of subject.
struct PlanKey: Hashable, Sendable {
    let subject: SubjectKind
    let period: Period.Kind
}

/// Slots in the order in which they are computed.
struct Plan: Sendable {
    /// From the subject's own data.
    var own: [Int] = []
    /// After the figures across the population are known.
    var across: [Int] = []
}

/// The slots that every scheme has.
enum FixedSlot {
    static let names = ["period start", "period end", "actual", "target", "ratio", "excluded"]
    static let periodStart = 0
    static let periodEnd = 1
    static let actual = 2
    static let target = 3
    static let ratio = 4
    /// Published when a person is left out: by which rule.
    static let excluded = 5
}
