public import Domain
import FEEL

/// The second phase: ranks, averages, places and bulletins over everybody's published figures.
///
/// Members are shown one after the other, as often as ``isLearning`` asks for it, and once more to be told their own
/// figures; each time all of them, in any order. Between the rounds only the compared numbers are kept, so a large
/// institution needs no more memory than these.
public struct PopulationComparison {
    let scheme: Scheme
    let period: Period
    private let calendar: WorkCalendar
    private let slots: [Int]
    /// The round after which a slot is known: 0 without any comparison before it.
    private let levels: [Int: Int]
    private let rounds: Int
    private var round = 1
    private var learned: [Int: [String: ComparedNumbers]] = [:]
    private var boards: [BulletinBoard]
    private let placesMembers: Bool
    private var placed: [(member: PopulationMember, evaluator: Evaluator)] = []
    private var gaps: [Gap] = []
    /// What follows for single members.
    private var followed: [(subject: Subject, effects: [Effect])] = []

    /// The comparison of one period under one scheme.
    ///
    /// - Parameter calendar: for the time that tasks give to those who decide.
    public init(_ scheme: Scheme, _ period: Period, calendar: WorkCalendar) {
        let plan = scheme.storage.plans[PlanKey(subject: scheme.subjectKind, period: period.kind)]
        let isInForce = plan != nil && scheme.isInForce(on: period.first)
        self.scheme = scheme
        self.period = period
        self.calendar = calendar
        let slots = isInForce ? plan?.across ?? [] : []
        let levels = Self.levels(of: slots, scheme.storage)
        self.slots = slots
        self.levels = levels
        rounds =
            slots.compactMap { slot -> Int? in
                if case .comparison = scheme.storage.figure(slot).work { levels[slot] } else { nil }
            }.max() ?? 0
        boards = isInForce ? scheme.bulletins(period.kind) : []
        placesMembers =
            isInForce
            && scheme.storage.gradings.contains { !$0.quotas.isEmpty && $0.every.contains(period.kind) }
    }

    /// Whether there is anything to compare at all.
    public var isNeeded: Bool { !slots.isEmpty || !boards.isEmpty || placesMembers }
    /// Whether ``conclude(_:)`` gives any figures.
    public var hasFigures: Bool { !slots.isEmpty }
    /// Whether all members have to be shown to ``learn(_:)`` (again) before ``conclude(_:)``.
    public var isLearning: Bool { round <= rounds }

    /// Takes note of one member's numbers in the round under way.
    public mutating func learn(_ member: PopulationMember) {
        guard !Self.isExcluded(member) else { return }
        var evaluator = evaluator(member)
        for slot in slots where level(slot) <= round {
            let figure = scheme.storage.figure(slot)
            guard case .comparison(let plan) = figure.work else {
                if level(slot) < round { evaluator.compute([slot]) }
                continue
            }
            if level(slot) < round {
                resolve(plan, slot, member, &evaluator)
            } else if let number = evaluator.frame[plan.of].asNumber {
                let group = group(of: plan, member, evaluator)
                learned[slot, default: [:]][group, default: ComparedNumbers()].add(number)
            }
        }
    }

    /// Ends a round: all members have been shown.
    public mutating func endRound() {
        for slot in slots where level(slot) == round {
            for group in (learned[slot] ?? [:]).keys { learned[slot]?[group]?.settle() }
        }
        round += 1
    }

    /// The figures that the comparison adds to one member's result; each member is shown once.
    public mutating func conclude(_ member: PopulationMember) -> [FigureValue] {
        guard !Self.isExcluded(member) else { return [] }
        var evaluator = evaluator(member)
        for slot in slots {
            if case .comparison(let plan) = scheme.storage.figure(slot).work {
                resolve(plan, slot, member, &evaluator)
            } else {
                evaluator.compute([slot])
            }
        }
        gaps += evaluator.gaps
        let effects =
            evaluator.tasks(scheme, afterComparison: true) + evaluator.periodNotices(scheme, afterComparison: true)
        if !effects.isEmpty { followed.append((member.subject, effects)) }
        for index in boards.indices { boards[index].add(member, evaluator) }
        if placesMembers { placed.append((member, evaluator)) }
        return slots.map { slot in
            let figure = scheme.storage.figure(slot)
            return FigureValue(name: figure.name, value: evaluator.frame[slot], unit: figure.unit)
        }
    }

    /// What follows for everybody together, once all members have been concluded.
    public func effects() -> [Effect] {
        let placed = placed.sorted { $0.member.subject < $1.member.subject }
        return scheme.placements(period, placed.map(\.member), placed.map(\.evaluator))
            + followed.sorted { $0.subject < $1.subject }.flatMap(\.effects)
            + boards.compactMap { $0.request(scheme, period).map(Effect.notice) }
    }

    /// What could not be worked out, in the order in which members were concluded.
    public var missing: [Gap] { gaps }

    /// Who is left out of the scheme is not compared either.
    private static func isExcluded(_ member: PopulationMember) -> Bool { member.figures["excluded"] != nil }

    private func level(_ slot: Int) -> Int { levels[slot] ?? 0 }

    private func group(of plan: ComparisonPlan, _ member: PopulationMember, _ evaluator: Evaluator) -> String {
        switch plan.among {
        case .everyone: ""
        case .unit: member.unit ?? ""
        case .sharing(let slot): evaluator.frame[slot].text
        }
    }

    private func resolve(
        _ plan: ComparisonPlan, _ slot: Int, _ member: PopulationMember, _ evaluator: inout Evaluator
    ) {
        guard let numbers = learned[slot]?[group(of: plan, member, evaluator)] else { return }
        if let own = evaluator.frame[plan.of].asNumber {
            evaluator.frame[slot] = .number(numbers.figure(plan, own))
        } else if plan.take != .rank, plan.take != .share {
            // What a group has in common holds for those too who have no part in it.
            evaluator.frame[slot] = .number(numbers.figure(plan, .zero))
        }
    }

    private func evaluator(_ member: PopulationMember) -> Evaluator {
        var inputs = SubjectInputs(subject: member.subject, period: period)
        inputs.calendar = calendar
        inputs.profile["unit"] = member.unit.map(AttributeValue.text)
        var evaluator = Evaluator(scheme.storage, inputs, tracing: false)
        for slot in scheme.storage.publishedSlots {
            let figure = scheme.storage.figure(slot)
            if let text = member.figures[figure.name] {
                evaluator.frame[slot] = scheme.storage.value(of: slot, published: text)
            }
        }
        return evaluator
    }

    /// A comparison is known one round after everything that its figure depends on.
    private static func levels(of slots: [Int], _ storage: SchemeStorage) -> [Int: Int] {
        var levels: [Int: Int] = [:]
        for slot in slots {
            let figure = storage.figure(slot)
            if case .comparison(let plan) = figure.work {
                var before = levels[plan.of] ?? 0
                if case .sharing(let group) = plan.among { before = max(before, levels[group] ?? 0) }
                levels[slot] = 1 + before
            } else {
                levels[slot] = figure.reads.map { levels[$0] ?? 0 }.max() ?? 0
            }
        }
        return levels
    }
}

/// The numbers of one group, in their order once all are known.
struct ComparedNumbers {
    private var numbers: [Decimal128] = []
    private var total = Decimal128.zero

    mutating func add(_ number: Decimal128) { numbers.append(number) }

    /// Sorted before they are added up, so that even a rounded sum does not depend on who came first.
    mutating func settle() {
        numbers.sort()
        total = numbers.reduce(.zero, +)
    }

    func figure(_ plan: ComparisonPlan, _ own: Decimal128) -> Decimal128 {
        switch plan.take {
        case .rank:
            plan.lowestFirst
                ? Decimal128(1 + position { !($0 < own) }) : Decimal128(1 + numbers.count - position { own < $0 })
        case .average: total / Decimal128(numbers.count)
        case .sum: total
        case .count: Decimal128(numbers.count)
        case .highest: numbers.last ?? .zero
        case .lowest: numbers.first ?? .zero
        case .share: total.isZero ? .zero : own / total
        }
    }

    /// The place of the first number for which `isBeyond` holds; it must hold for all after it.
    private func position(_ isBeyond: (Decimal128) -> Bool) -> Int {
        var low = 0
        var high = numbers.count
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(numbers[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
