public import Domain

/// What one subject's period comes to under one version of the rules, as far as it matters to people.
public struct SubjectOutcome: Hashable, Sendable {
    /// One line of pay.
    public struct Item: Hashable, Sendable {
        public let component: String
        /// Minor units; deductions are negative.
        public let amount: Int64
    }

    /// One fine or remark.
    public struct Fine: Hashable, Sendable {
        public let element: String
        public let date: CalendarDate
        /// Minor units, positive; zero without a fine.
        public let amount: Int64
        public let fact: UUID128?
    }

    /// One decision asked for.
    public struct Ask: Hashable, Sendable {
        public let task: String
        public let role: String
        public let id: UUID128
    }

    /// One grade reached or proposed.
    public struct Move: Hashable, Sendable {
        public let element: String
        public let ladder: String
        public let to: String
        public let decided: Bool
    }

    public var score: String?
    public var grade: String?
    public var items: [Item] = []
    public var fines: Set<Fine> = []
    public var asks: Set<Ask> = []
    public var moves: Set<Move> = []

    /// The sum of the lines, in minor units.
    public var paid: Int64 { items.reduce(0) { $0 + $1.amount } }
    /// The sum of the fines, in minor units.
    public var fined: Int64 { fines.reduce(0) { $0 + $1.amount } }

    public init() {}

    /// Adds what one evaluation or fact brought about.
    public mutating func add(_ effect: Effect, of scheme: Scheme) {
        switch effect {
        case .finding(let finding):
            fines.insert(
                Fine(
                    element: finding.element, date: finding.date, amount: finding.amount?.minorUnits ?? 0,
                    fact: finding.fact))
        case .task(let task): asks.insert(Ask(task: task.task, role: task.role, id: task.id))
        case .grade(let change):
            let element = scheme.element(ofRule: change.rule, clause: change.clause) ?? change.ladder
            moves.insert(Move(element: element, ladder: change.ladder, to: change.to, decided: change.decided))
        case .findingWithdrawn, .taskClosed, .status, .statusWithdrawn, .notice: break
        }
    }

    /// Adds what is paid.
    public mutating func add(_ pay: PayEvaluation) {
        items += pay.lines.map { Item(component: $0.component, amount: $0.amount.minorUnits) }
    }

    /// The elements that act differently in another outcome, and whether the score or the grade do.
    func changedElements(_ other: SubjectOutcome) -> Set<String> {
        var names: Set<String> = []
        let before = Dictionary(grouping: items, by: \.component).mapValues { $0.reduce(0) { $0 + $1.amount } }
        let after = Dictionary(grouping: other.items, by: \.component).mapValues { $0.reduce(0) { $0 + $1.amount } }
        for name in Set(before.keys).union(after.keys) where before[name] != after[name] { names.insert(name) }
        names.formUnion(fines.symmetricDifference(other.fines).map(\.element))
        names.formUnion(asks.symmetricDifference(other.asks).map(\.task))
        names.formUnion(moves.symmetricDifference(other.moves).map(\.element))
        return names
    }
}

extension Scheme {
    /// The name of the element with a clause; `nil` when it is not one of this version's.
    func element(ofRule rule: String, clause: String) -> String? {
        let found = storage.elements.filter { $0.clause.rule == rule && $0.clause.text == clause }
        return (found.first { $0.kind == "grading" } ?? found.first)?.name
    }
}
