import Contracts
import Domain
import Postgres
import SchemeLibrary
import ScoringCore
import ScoringStores

/// What a worker knows about a partition that it owns, so that a batch need not ask the store again.
///
/// It follows from the store alone: after a roll-back it is thrown away and read anew.
final class PartitionState {
    let partition: Int32
    let epoch: Int64
    var subjects: ReferenceTable
    var hasEarlyReversals: Bool
    private(set) var active: PlanStore.Active
    /// The last day of the latest period that a marker of this partition has ended, by institution.
    private(set) var closedThrough: [String: CalendarDate]
    private(set) var latestClosedDay: CalendarDate?

    init(partition: Int32, epoch: Int64, _ connection: Connection, _ library: SchemeLibrary) throws {
        let store = FactStore(connection)
        self.partition = partition
        self.epoch = epoch
        subjects = try store.subjects(ofPartition: partition)
        hasEarlyReversals = try store.hasEarlyReversals(partition)
        active = try PlanStore(connection, library).active(inPartition: partition)
        closedThrough = try PeriodStore(connection).closedThrough(partition)
            .merging(try MarkerStore(connection).waitingThrough(partition)) { max($0, $1) }
        latestClosedDay = closedThrough.values.max()
    }

    /// Reads again which schemes are active.
    func reload(_ connection: Connection, _ library: SchemeLibrary) throws {
        active = try PlanStore(connection, library).active(inPartition: partition)
    }

    /// Takes note that a period has ended in this partition.
    func close(_ institution: String, through day: CalendarDate) {
        closedThrough[institution] = max(closedThrough[institution] ?? day, day)
        latestClosedDay = closedThrough.values.max()
    }
}
