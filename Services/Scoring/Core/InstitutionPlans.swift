public import Domain

/// What is done with facts, by institution and type: the base series of every known type, and the active schemes' own.
public struct InstitutionPlans: Sendable {
    private var types = ReferenceTable()
    private var institutions = ReferenceTable()
    /// By place of the institution, then of the type; the first stands for institutions without schemes.
    private var plans: [TypePlan]
    private var isKnown: [Bool]
    private let typeCount: Int
    private var places: [Int16: Int] = [:]
    private var dailySeries: Set<Int32> = []

    /// - Parameter known: each type and whether it needs no scheme.
    public init(_ known: [(plan: TypePlan, isCanonical: Bool)]) {
        for (place, type) in known.enumerated() {
            types.insert(type.plan.name, number: Int32(place))
            places[type.plan.number] = place
        }
        typeCount = known.count
        plans = known.map(\.plan)
        isKnown = known.map(\.isCanonical)
    }

    /// Gives an institution plans of its own for some types, which makes these types known there.
    public mutating func set(_ own: [TypePlan], for institution: String) {
        let place: Int
        if let known = institutions.number(of: institution.utf8Span.span) {
            place = Int(known)
        } else {
            place = plans.count / max(typeCount, 1)
            institutions.insert(institution, number: Int32(place))
            plans += plans[..<typeCount]
            isKnown += isKnown[..<typeCount]
        }
        for plan in own {
            guard let type = places[plan.number] else { continue }
            plans[place * typeCount + type] = plan
            isKnown[place * typeCount + type] = true
            for series in plan.series where series.bucket == .day { dailySeries.insert(series.number) }
        }
    }

    /// The place of the plan for a type in an institution; `nil` when neither the canon nor a scheme there knows it.
    public func place(institution: Span<UInt8>, type: Span<UInt8>) -> Int? {
        guard let type = types.number(of: type) else { return nil }
        let place = institutions.count == 0 ? 0 : institutions.number(of: institution) ?? 0
        let index = Int(place) * typeCount + Int(type)
        return isKnown[index] ? index : nil
    }

    /// The plan at a place that ``place(institution:type:)`` gave.
    public subscript(place: Int) -> TypePlan { plans[place] }

    // Single fields of the plan at a place, for the hot path: no plan is copied.
    public func number(at place: Int) -> Int16 { plans[place].number }
    public func baseSeries(at place: Int) -> Int32 { plans[place].baseSeries }
    public func isKept(at place: Int) -> Bool { plans[place].isKept }
    public func needsWholeFact(at place: Int) -> Bool { plans[place].needsWholeFact }

    /// The plan of a type's number in an institution.
    public func plan(institution: String, type: Int16) -> TypePlan? {
        guard let type = places[type] else { return nil }
        let index = Int(institutions.number(of: institution.utf8Span.span) ?? 0) * typeCount + type
        return isKnown[index] ? plans[index] : nil
    }

    /// Whether a series' buckets are days; all others are months.
    public func isDaily(_ series: Int32) -> Bool { dailySeries.contains(series) }

    /// A stored fact's parts in the aggregates.
    public func contributions(
        _ parts: FactParts, type: Int16, institution: String, groups: inout AggregateTable, whole: () -> Fact?
    ) -> [Contribution] {
        guard let plan = plan(institution: institution, type: type) else { return [] }
        var found = [parts.base(plan)]
        if !plan.series.isEmpty, let fact = whole() {
            for series in plan.series {
                if let part = parts.part(of: series, fact, in: &groups) { found.append(part) }
            }
        }
        return found
    }
}
