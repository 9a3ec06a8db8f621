import Contracts
import Kafka
import Messaging
import Postgres
import SchemeLibrary
import ScoringCore
import ScoringStores

/// Applies a partition's facts and markers, batch by batch, each in the transaction that moves the offset past it.
struct FactHandler: BatchHandler {
    let options: FactOptions
    let library: SchemeLibrary
    private let counters: ScoringCounters
    private let scanner = FactScanner()
    private var states: [Int32: PartitionState] = [:]
    private var work = FactWork()
    private var connection: Connection?
    /// What kept the last batch's marker from being evaluated, to be written down once the batch is rolled back.
    var obstacle: CloseStore.Obstacle?
    var tally = BatchTally()

    init(options: FactOptions, library: SchemeLibrary, counters: ScoringCounters) {
        self.options = options
        self.library = library
        self.counters = counters
    }

    /// Lookups go through arrays of keys, whose length the planner cannot know: only the index is ever right.
    static let sessionScript = """
        SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off;
        SET max_parallel_workers_per_gather = 0
        """

    mutating func prepare(_ connection: Connection) throws {
        states.removeAll()
        self.connection = connection
        try connection.run(script: Self.sessionScript)
    }

    mutating func process(
        _ batch: MessageBatch, in transaction: borrowing Transaction, _ context: BatchContext
    ) throws -> BatchOutcome {
        tally = BatchTally()
        let state = try state(of: context, transaction.connection)
        var outcome = BatchOutcome()
        var start = batch.indices.lowerBound
        for index in batch.indices where isMarker(batch, index) {
            try apply(batch, start..<index, state, transaction.connection, &outcome)
            try read(marker: index, of: batch, state, transaction.connection, &outcome)
            start = index + 1
        }
        try apply(batch, start..<batch.indices.upperBound, state, transaction.connection, &outcome)
        tally.applied = outcome.applied
        tally.duplicates = outcome.duplicates
        return outcome
    }

    mutating func didCommit() { counters.add(tally) }

    mutating func didRollBack() {
        states.removeAll()
        guard let obstacle, let connection, !connection.isBroken else { return }
        self.obstacle = nil
        counters.noteObstacle()
        // Without the note the partition still says in its status and its metric that it is stopped, and why.
        try? CloseStore(connection).note(obstacle)
    }

    private mutating func state(of context: BatchContext, _ connection: Connection) throws -> PartitionState {
        let partition = context.partition.partition
        if let known = states[partition], known.epoch == context.epoch { return known }
        let state = try PartitionState(partition: partition, epoch: context.epoch, connection, library)
        states[partition] = state
        return state
    }

    private func isMarker(_ batch: MessageBatch, _ index: Int) -> Bool {
        guard let range = batch.valueRange(index) else { return false }
        switch FactMessage(batch.bytes.span.extracting(range)) {
        case .fact: return false
        case .periodMarker, .schemePublished: return true
        }
    }

    private mutating func apply(
        _ batch: MessageBatch, _ range: Range<Int>, _ state: PartitionState, _ connection: Connection,
        _ outcome: inout BatchOutcome
    ) throws {
        guard !range.isEmpty else { return }
        try work.apply(batch, range, state, connection, library, scanner, &outcome)
        tally.conflicts += work.conflicts
        tally.late += work.late.count
    }
}
