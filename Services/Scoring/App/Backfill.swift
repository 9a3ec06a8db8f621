import Domain
import Postgres
import ScoringCore
import ScoringStores

/// Builds the series that a newly published scheme keeps from the facts that are stored already.
struct Backfill {
    private let connection: Connection
    private let state: PartitionState
    private static let chunk: Int32 = 200

    init(_ connection: Connection, _ state: PartitionState) {
        self.connection = connection
        self.state = state
    }

    /// `before` is what was active until now; only series that it did not keep are built.
    func run(_ institution: String, _ before: PlanStore.Active) throws {
        let types = try FactStore(connection).types()
        var newSeries: Set<Int32> = []
        var newlyKept: [Int16] = []
        for type in types {
            guard let plan = state.active.plans.plan(institution: institution, type: type.number) else { continue }
            let old = before.plans.plan(institution: institution, type: type.number)
            newSeries.formUnion(Set(plan.series.map(\.number)).subtracting(old?.series.map(\.number) ?? []))
            if plan.isKept, old?.isKept != true { newlyKept.append(type.number) }
        }
        if !newlyKept.isEmpty {
            try PlanStore.keep(newlyKept, institution: institution, partition: state.partition, connection)
        }
        guard !newSeries.isEmpty else { return }
        let store = EvaluationStore(connection)
        try store.eachPage(of: institution, partition: state.partition, size: Self.chunk) { page in
            try build(newSeries, page.map(\.number))
        }
    }

    private func build(_ series: Set<Int32>, _ subjects: [Int32]) throws {
        var table = AggregateTable()
        try FactStore(connection).facts(of: subjects, from: .earliest, to: .latest) { (stored) throws(PostgresError) in
            let parts = state.active.plans.contributions(
                stored.parts, type: stored.type, institution: stored.institution, groups: &table, whole: stored.whole)
            for part in parts where series.contains(part.key.series) { _ = table.add(part) }
        }
        try AggregateStore(connection).add(table)
        try OrderRecount(connection).run(table, state.active.plans)
    }
}
