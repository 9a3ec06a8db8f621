public import Domain
import FEEL

/// A fact that a figure counted, and with how much.
public struct CountedFact: Hashable, Sendable {
    public let fact: Fact
    /// What the fact added to the figure.
    public let amount: Decimal128
}

extension Scheme {
    /// The facts behind a figure: those that a measure counts, less what was undone, by date and identifier.
    ///
    /// - Parameters:
    ///   - inputs: what the figure was computed from; the period and the day of appointment decide the window.
    ///   - facts: the subject's facts as far as they were known, reversals included.
    public func countedFacts(of figure: String, _ inputs: SubjectInputs, among facts: [Fact]) -> [CountedFact] {
        guard let found = storage.figures.first(where: { $0.name == figure }), case .measure(let plan) = found.work,
            plan.seriesIndex >= 0
        else { return [] }
        let series = storage.series[plan.seriesIndex]
        var appointed: CalendarDate?
        if case .text(let text)? = inputs.profile["appointed"] { appointed = CalendarDate(text) }
        let (first, last) = plan.window.span(inputs.period, appointed: appointed)
        let low = plan.startsFromTheBeginning ? Int32.min : first.map(series.bucketNumber) ?? .min
        let high = series.bucketNumber(of: last)
        return Evaluator.net(facts).compactMap { fact -> CountedFact? in
            let bucket = series.bucketNumber(of: fact.businessDate)
            guard low <= bucket, bucket <= high, let part = series.contribution(of: fact) else { return nil }
            return CountedFact(fact: fact, amount: Decimal128(tenThousandths: part.amount))
        }.sorted { ($0.fact.businessDate, $0.fact.id) < ($1.fact.businessDate, $1.fact.id) }
    }

    /// How the second phase came to one member's figures; empty when nothing is compared at this kind of close.
    public func traceAcross(
        _ period: Period, _ population: [PopulationMember], of member: PopulationMember
    ) -> [TraceNode] {
        guard let plan = storage.plans[PlanKey(subject: subjectKind, period: period.kind)], !plan.across.isEmpty,
            isInForce(on: period.first)
        else { return [] }
        let across = evaluateAcross(period, population).figures
        var known = member
        for figure in across[member.subject] ?? [] { known.figures[figure.name] = figure.text }
        return zip(plan.across, acrossNodes(period, of: known)).map { slot, node in
            guard case .comparison(let comparison) = storage.figure(slot).work else { return node }
            var node = node
            let compared = storage.figure(comparison.of)
            let others = population.filter { other in
                switch comparison.among {
                case .everyone: true
                case .unit: other.unit == member.unit
                case .sharing(let slot):
                    other.figures[storage.names.all[slot]] == member.figures[storage.names.all[slot]]
                }
            }
            let numbers = others.compactMap { other -> Decimal128? in
                if let text = other.figures[compared.name] { return Decimal128(text) }
                return across[other.subject]?.first { $0.name == compared.name }?.value.asNumber
            }
            node.filled = Self.comparison(known.figures[compared.name].flatMap { Decimal128($0) }, among: numbers)
            return node
        }
    }

    /// Whether two members are in one group.
    private func isCompared(
        _ other: PopulationMember, with member: PopulationMember, _ among: ComparisonPlan.Among,
        _ across: [Subject: [FigureValue]]
    ) -> Bool {
        guard other.figures["excluded"] == nil else { return false }
        switch among {
        case .everyone: return true
        case .unit: return other.unit == member.unit
        case .sharing(let slot):
            let name = storage.names.all[slot]
            let own = other.figures[name] ?? across[other.subject]?.first { $0.name == name }?.text
            return own == member.figures[name]
        }
    }

    /// The figures of the second phase with what they were made of, for a member whose figures include them.
    public func acrossNodes(_ period: Period, of member: PopulationMember) -> [TraceNode] {
        guard let plan = storage.plans[PlanKey(subject: subjectKind, period: period.kind)], !plan.across.isEmpty else {
            return []
        }
        var evaluator = Evaluator(storage, SubjectInputs(subject: member.subject, period: period), tracing: true)
        for slot in storage.publishedSlots + plan.across {
            let figure = storage.figure(slot)
            if let text = member.figures[figure.name] {
                evaluator.frame[slot] = storage.value(of: slot, published: text)
            }
        }
        return plan.across.map { evaluator.node(storage.figure($0)) }
    }

    /// With whom and with what a number was compared.
    private static func comparison(_ own: Decimal128?, among numbers: [Decimal128]) -> String {
        guard let own, let highest = numbers.max(), let lowest = numbers.min() else { return "" }
        let total = numbers.reduce(.zero, +)
        return "\(own.text), \(numbers.count): \(lowest.text) … \(highest.text), Σ \(total.text)"
    }

    /// The types of facts whose amounts are shared out to the persons that they name.
    public var liabilityFactTypes: Set<String> { Set(storage.liabilities.keys) }

    /// Whether the comparison of subjects adds figures or grades at this kind of close; bulletins only tell.
    public func comparesFigures(at kind: Period.Kind) -> Bool {
        storage.plans[PlanKey(subject: subjectKind, period: kind)]?.across.isEmpty == false
            || storage.gradings.contains { !$0.quotas.isEmpty && $0.every.contains(kind) }
    }
}

extension MeasurePlan {
    /// A balance is everything that was ever moved.
    fileprivate var startsFromTheBeginning: Bool {
        switch take {
        case .balance, .averageDaily, .highest: true
        default: false
        }
    }
}
