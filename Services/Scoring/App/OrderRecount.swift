import Contracts
import Domain
import Postgres
import ScoringCore
import ScoringStores

/// Works out `last`, `min` and `max` again for the aggregates that a reversal touched, from the facts themselves.
struct OrderRecount {
    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// `table` holds what has just been added; `plans` say which series facts belong to.
    func run(_ table: AggregateTable, _ plans: InstitutionPlans) throws(PostgresError) {
        let touched = table.keys.indices.filter { table.values[$0].needsOrder }
        guard !touched.isEmpty else { return }
        var found: [AggregateKey: LiveAmounts] = [:]
        for position in touched { found[table.keys[position]] = LiveAmounts() }
        var groups = table
        let subjects = Set(touched.map { table.keys[$0].subject }).sorted()
        let days = table.days(of: touched, isDaily: plans.isDaily)
        try FactStore(connection).facts(of: subjects, from: days.lowerBound, to: days.upperBound) {
            (stored) throws(PostgresError) in
            let parts = plans.contributions(
                stored.parts, type: stored.type, institution: stored.institution, groups: &groups, whole: stored.whole)
            for part in parts where found[part.key] != nil {
                found[part.key]?.add(part)
            }
        }
        let rows = touched.map { position -> (key: AggregateKey, group: String, value: Aggregate) in
            let key = table.keys[position]
            return (key, table.groups[Int(key.group)], found[key]?.ordered ?? Aggregate())
        }
        try AggregateStore(connection).setOrder(rows)
    }
}
