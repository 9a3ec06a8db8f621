internal import Crypto
public import Domain
internal import FEEL

extension SubjectKind {
    /// The type of the facts that say what rules may know of a subject, such as `manager.profile` or `unit.profile`.
    public var profileType: String { "\(rawValue).profile" }
}

/// One version of an institution's rules, compiled: immutable, shareable, without clock or I/O.
public struct Scheme: Sendable {
    private final class Shared: Sendable {
        let storage: SchemeStorage
        init(_ storage: SchemeStorage) { self.storage = storage }
    }

    private let shared: Shared
    var storage: SchemeStorage { shared.storage }

    /// Reads, checks and compiles a pack; its `tests/` are left out.
    ///
    /// - Throws: all faults of the pack at once.
    public init(compiling files: [SchemeSource]) throws(SchemeFaults) {
        let faults = FaultLog()
        let storage = Self.compile(files, faults: faults)
        guard let storage, !faults.hasErrors else { throw SchemeFaults(faults: faults.sorted) }
        shared = Shared(storage)
    }

    init(_ storage: SchemeStorage) { shared = Shared(storage) }

    static func compile(_ files: [SchemeSource], faults: FaultLog) -> SchemeStorage? {
        guard let document = files.first(where: { $0.file == "scheme.yaml" || $0.file.hasSuffix("/scheme.yaml") })
        else {
            faults.report(
                .missing, at: Place(file: "scheme.yaml", line: 1, column: 1), "the pack has no `scheme.yaml`",
                "add it")
            return nil
        }
        guard let root = Fields.root(of: document, faults: faults) else { return nil }
        var storage = SchemeCompiler(root, files: files).compile()
        storage.digest = digest(files)
        return storage
    }

    private static func digest(_ files: [SchemeSource]) -> String {
        var hash = SHA256()
        for file in files.sorted(by: { $0.file < $1.file }) where !file.file.contains("tests/") {
            hash.update(data: Array("\(file.file)\u{1F}\(file.text.utf8.count)\u{1F}\(file.text)".utf8))
        }
        let digits = Array("0123456789abcdef")
        return String(hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

extension Scheme {
    /// `institution/name`.
    public var id: String { "\(institution)/\(name)" }
    public var institution: String { storage.header.institution }
    public var name: String { storage.header.name }
    public var version: Int { storage.header.version }
    public var effectiveFrom: CalendarDate { storage.header.effectiveFrom }
    public var effectiveTo: CalendarDate? { storage.header.effectiveTo }
    public var title: BilingualText { storage.header.title }
    public var subjectKind: SubjectKind { storage.header.subject }
    public var currency: Currency { storage.header.currency }
    /// Hexadecimal SHA-256 of the pack without its tests.
    public var digest: String { storage.digest }
    /// The period in which scores and pay are made.
    public var basePeriod: Period.Kind { storage.header.basePeriod }
    /// The kinds of close at which something is evaluated.
    public var periodKinds: Set<Period.Kind> { Set(storage.plans.keys.map(\.period)) }
    /// The kinds of subject that have to be evaluated.
    public var subjectKinds: Set<SubjectKind> { Set(storage.plans.keys.map(\.subject)) }
    /// All fact types the scheme reads, `manager.profile` left out.
    public var factTypes: Set<String> {
        let types = Set(storage.header.facts.keys)
        return subjectKind == .manager || storage.profileSlots.isEmpty ? types : types.union([subjectKind.profileType])
    }
    /// The fact types for which ``arrivals(of:calendar:)`` can bring something about; all others need not be asked.
    public var arrivalFactTypes: Set<String> {
        let storage = storage
        return Set(storage.findings.keys).union(storage.statuses.keys).union(storage.factTasks.keys)
            .union(storage.factNotices.keys).union(storage.liabilities.keys)
    }
    /// What Scoring keeps incrementally.
    public var series: [SeriesDefinition] { storage.series }
    /// The types of which ``evaluate(_:tracing:)`` needs the facts themselves.
    public var keptFactTypes: Set<String> {
        var types: Set<String> = []
        for rule in storage.obligations {
            types.insert(rule.factType)
            if case .fact(let type) = rule.due { types.insert(type) }
        }
        types.formUnion(storage.allocations.map(\.factType))
        types.formUnion(storage.closeFindings.keys)
        types.formUnion(storage.lifelong.map(\.type))
        return types.union(lastingFactTypes)
    }

    /// Those of ``keptFactTypes`` that evaluation needs from the beginning, because what they say lasts.
    public var lastingFactTypes: Set<String> {
        var types = storage.waivers.reduce(into: Set<String>()) { $0.formUnion($1.factTypes) }
        types.formUnion(storage.lifelong.compactMap(\.rule.persons))
        for rule in storage.obligations {
            if case .on = rule.due { types.insert(rule.factType) }
            // What a fact announces may lie any time after it.
            if case .fact(let type) = rule.due, rule.anchor != nil { types.formUnion([type, rule.factType]) }
        }
        let hasPanel = storage.tasks.contains { $0.steps.contains { $0.panel != nil } }
        if hasPanel || storage.waivers.contains(where: { $0.approval != nil }) { types.insert("decision.made") }
        return types
    }

    /// The business dates of all other facts that ``evaluate(_:tracing:)`` needs for a period.
    public func keptWindow(for period: Period) -> ClosedRange<CalendarDate> {
        period.first.adding(days: -storage.reach)...period.last.adding(days: 31)
    }

    /// The attributes of the subjects' profiles that are read.
    public var profileAttributes: [String] { storage.profileSlots.map(\.shape.name) }
    /// Figures of earlier periods that evaluation reads.
    public var historyFigures: [String] {
        Set(resultsPlans.map(\.figure)).sorted()
    }
    /// How many months before a period's first day those figures reach.
    public var historyMonths: Int {
        resultsPlans.map { plan in
            if case .before(let count) = plan.window { return count * 12 }
            return 12
        }.max() ?? 0
    }

    private var resultsPlans: [ResultsPlan] {
        storage.figures.compactMap { if case .results(let plan) = $0.work { plan } else { nil } }
    }

    /// The figures to publish with a result.
    public var publishedFigures: [String] { storage.publishedSlots.map { storage.figure($0).name } }
    /// The published figures that ``pay(_:tracing:)`` reads.
    public var payFigures: [String] { storage.payReads.map { storage.figure($0).name } }
    public var ladders: [String] { storage.ladderSlots.map { storage.figure($0).name } }
    public var notices: [NoticeRule] { storage.notices.map(\.notice) }
    /// Whether any figure compares subjects, so that a second phase is needed.
    public var comparesSubjects: Bool {
        storage.plans.values.contains { !$0.across.isEmpty }
            || storage.gradings.contains { !$0.quotas.isEmpty }
            || storage.notices.contains { if case .across = $0.notice.trigger { true } else { false } }
    }
}
