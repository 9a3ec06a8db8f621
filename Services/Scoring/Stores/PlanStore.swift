public import Postgres
public import ScoringCore

/// Reads which series a partition keeps.
public struct PlanStore {
    let connection: Connection

    public init(_ connection: Connection) {
        self.connection = connection
    }

    /// The plans of a partition: the canonical types, and what its active schemes add.
    public func plans(ofPartition partition: Int32) throws -> InstitutionPlans {
        let store = FactStore(connection)
        let known = try store.types()
        let base = try store.series(known.map { BaseSeries.key(type: $0.name) })
        return InstitutionPlans(
            known.compactMap { type in
                base[BaseSeries.key(type: type.name)].map {
                    (TypePlan(number: type.number, name: type.name, baseSeries: $0), type.canonical)
                }
            })
    }
}
