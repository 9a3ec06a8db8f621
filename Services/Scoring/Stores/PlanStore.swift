public import Contracts
public import Domain
public import Postgres
public import SchemeLibrary
public import Schemes
public import ScoringCore

/// Reads and changes which schemes are active in a partition, and so which series it keeps.
public struct PlanStore {
    let connection: Connection
    let library: SchemeLibrary

    public init(_ connection: Connection, _ library: SchemeLibrary) {
        self.connection = connection
        self.library = library
    }

    /// Types of which single facts are always kept at hand, whatever the schemes say.
    public static let alwaysKept: Set<String> = profileTypes.union(["manager.appointed", "decision.made"])

    /// The types of facts that say what rules may know of a subject.
    public static let profileTypes = Set(SubjectKind.allCases.map(\.profileType))

    /// What a partition does with its facts.
    public struct Active: Sendable {
        public var plans: InstitutionPlans
        /// The active versions, by institution.
        public var schemes: [String: [Scheme]]

        /// The active versions of an institution in force on a day: one of each scheme, the latest that has begun.
        public func schemes(of institution: String, on day: CalendarDate) -> [Scheme] {
            let inForce = (schemes[institution] ?? []).filter { $0.isInForce(on: day) }
            var latest: [String: Scheme] = [:]
            for scheme in inForce {
                guard let known = latest[scheme.id] else {
                    latest[scheme.id] = scheme
                    continue
                }
                if (known.effectiveFrom, known.version) < (scheme.effectiveFrom, scheme.version) {
                    latest[scheme.id] = scheme
                }
            }
            return latest.values.sorted { $0.id < $1.id }
        }
    }

    /// The canonical types of every institution, and what the schemes active in the partition add to their own.
    public func active(inPartition partition: Int32) throws -> Active {
        let store = FactStore(connection)
        var schemes: [String: [Scheme]] = [:]
        let rows = try connection.query(
            "SELECT institution, scheme, version FROM scoring.activation WHERE partition = $1 ORDER BY 1, 2, 3",
            [.int2(Int16(partition))])
        for row in rows {
            let scheme = try library.required(try row.text(1), version: Int(try row.int4(2)), on: connection)
            schemes[try row.text(0), default: []].append(scheme)
        }
        let known = try store.types()
        let base = try store.series(known.map { BaseSeries.key(type: $0.name) })
        let types = known.compactMap { type -> (plan: TypePlan, isCanonical: Bool)? in
            guard let series = base[BaseSeries.key(type: type.name)] else { return nil }
            var plan = TypePlan(number: type.number, name: type.name, baseSeries: series)
            plan.isKept = Self.alwaysKept.contains(type.name)
            plan.hasArrivals = type.name == "manager.appointed" || type.name == "decision.made"
            return (plan, type.canonical)
        }
        var plans = InstitutionPlans(types)
        for (institution, own) in schemes { plans.set(try typePlans(own, types.map(\.plan)), for: institution) }
        return Active(plans: plans, schemes: schemes)
    }

    private func typePlans(_ schemes: [Scheme], _ types: [TypePlan]) throws(PostgresError) -> [TypePlan] {
        let numbers = try FactStore(connection).series(Set(schemes.flatMap { $0.series.map(\.key) }).sorted())
        var byName = Dictionary(uniqueKeysWithValues: types.map { ($0.name, $0) })
        var touched: Set<String> = []
        var seen: Set<String> = []
        for scheme in schemes {
            for name in scheme.factTypes.union(scheme.keptFactTypes) {
                byName[name]?.hasArrivals = true
                touched.insert(name)
            }
            for name in scheme.keptFactTypes { byName[name]?.isKept = true }
            for series in scheme.series where seen.insert(series.key).inserted {
                guard let number = numbers[series.key] else { continue }
                let kept = KeptSeries(number: number, bucket: series.bucket == .day ? .day : .month) { fact in
                    series.contribution(of: fact).map { ($0.group, $0.amount) }
                }
                for name in series.factTypes {
                    byName[name]?.series.append(kept)
                    touched.insert(name)
                }
            }
        }
        return touched.sorted().compactMap { byName[$0] }
    }

    /// Takes note that a partition has read the publication of a scheme; `false` when it had before.
    public func activate(
        _ marker: SchemeMarker, partition: Int32, offset: Int64
    ) throws -> Bool {
        let scheme = try library.required(marker.scheme.scheme, version: marker.scheme.version, on: connection)
        let isNew =
            try connection.execute(
                """
                INSERT INTO scoring.activation (institution, scheme, version, partition, "offset")
                VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
                """,
                [
                    .text(scheme.institution), .text(scheme.id), .int4(Int32(clamping: scheme.version)),
                    .int2(Int16(partition)), .int8(offset),
                ]) > 0
        if isNew { try FactStore(connection).addTypes(scheme.factTypes.union(scheme.keptFactTypes).sorted()) }
        return isNew
    }

    /// Marks stored facts of types that a scheme has begun to read one by one.
    public static func keep(
        _ types: [Int16], institution: String, partition: Int32, _ connection: Connection
    ) throws(PostgresError) {
        try connection.execute(
            """
            UPDATE scoring.fact f SET kept = true FROM scoring.subject s
            WHERE s.no = f.subject AND s.partition = $1 AND s.institution = $2 AND f.type = ANY($3) AND NOT f.kept
            """, [.int2(Int16(partition)), .text(institution), .int2s(types)])
    }
}
