import Contracts
import Domain
import Messaging
import Postgres
import SchemeLibrary
import ScoringCore
import ScoringStores
import ServiceKit

extension FactHandler {
    /// Reads one marker; one that cannot be read or names an unknown scheme is put aside.
    mutating func read(
        marker index: Int, of batch: MessageBatch, _ state: PartitionState, _ connection: Connection,
        _ outcome: inout BatchOutcome
    ) throws {
        guard let range = batch.valueRange(index) else { return }
        let value = batch.bytes.span.extracting(range)
        let offset = batch.offset(index)
        do {
            if case .periodMarker = FactMessage(value) {
                let marker = try PeriodMarker(value)
                try close(marker, offset, batch.timestampMilliseconds(index), state, connection)
            } else {
                try publish(try SchemeMarker(value), offset, state, connection)
            }
            outcome.applied += 1
        } catch let rejection as FactRejection {
            outcome.reject(index, rejection)
        } catch let fault as ScoringFault where !fault.needsMending {
            outcome.reject(index, fault)
        }
    }

    private mutating func close(
        _ marker: PeriodMarker, _ offset: Int64, _ timestamp: Int64, _ state: PartitionState, _ connection: Connection
    ) throws {
        let closes = CloseStore(connection)
        for reference in marker.schemes {
            _ = try library.required(reference.scheme, version: reference.version, on: connection)
        }
        try closes.register(marker, partitions: options.partitions)
        guard let attempt = try closes.attempt(marker.close), attempt.attempt == marker.attempt,
            attempt.state == .open, attempt.missing.contains(state.partition)
        else { return }
        let place = MarkerStore.Waiting(
            marker: marker, partition: state.partition, offset: offset, timestamp: timestamp)
        let markers = MarkerStore(connection)
        state.close(marker.institution, through: marker.period.last)
        guard
            try !markers.mustWait(
                marker.institution, partition: state.partition, offset: offset, close: marker.close)
        else { return try markers.wait(place) }
        let start = SystemTime.monotonicNanoseconds()
        var work = try MarkerWork(
            place, connection, library, storesTraces: options.storesTraces, isBelated: false)
        do {
            try work.run()
        } catch {
            guard let obstacle = CloseStore.Obstacle(error, at: place) else { throw error }
            self.obstacle = obstacle
            throw ScoringFault.stuckMarker(
                period: marker.period.description, offset: offset, reason: obstacle.reason)
        }
        tally.results += work.report.results
        tally.revisions += work.report.revisions
        tally.evaluationNanoseconds += SystemTime.monotonicNanoseconds() - start
    }

    private func publish(
        _ marker: SchemeMarker, _ offset: Int64, _ state: PartitionState, _ connection: Connection
    ) throws {
        let before = state.active
        let store = PlanStore(connection, library)
        guard try store.activate(marker, partition: state.partition, offset: offset) else { return }
        try state.reload(connection, library)
        try Backfill(connection, state).run(marker.institution, before)
    }
}
