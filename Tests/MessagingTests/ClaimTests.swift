import Domain
import Kafka
import Ledger
import Postgres
import TestServers
import Testing

@testable import Messaging

@Suite(.enabled(if: PostgresServer.isAvailable)) struct ClaimTests {
    private let partition = TopicPartition("t", 0)

    private func withStores(_ body: (Connection, StreamOffsetStore, StreamOffsetStore) throws -> Void) async throws {
        try await withTestDatabase { url in
            let connection = try Connection(ConnectionSettings(url))
            try connection.run(script: "SET client_min_messages = warning; " + LedgerHandler.schema())
            let stores = ["first", "second"].map {
                StreamOffsetStore(schema: "svc", consumer: "c", clusterID: "k", owner: $0)
            }
            try body(connection, stores[0], stores[1])
        }
    }

    private func claim(
        _ store: StreamOffsetStore, _ connection: Connection, generation: Int32? = nil, stale: Int32 = 30
    ) throws -> Claim? {
        try store.claim([(partition, 7)], generation: generation, staleSeconds: stale, on: connection).first
    }

    private func advance(
        _ store: StreamOffsetStore, _ claim: Claim, from old: Int64, to new: Int64, _ connection: Connection
    ) throws -> Bool {
        try connection.transaction { transaction throws(PostgresError) in
            try store.advance(partition, epoch: claim.epoch, from: old, to: new, in: transaction)
        }
    }

    @Test func aFirstStartBeginsWhereItIsToldAndLaterClaimsGoOn() async throws {
        try await withStores { connection, first, second in
            let claimed = try #require(try claim(first, connection))
            #expect(claimed.nextOffset == 7 && claimed.epoch == 1)
            #expect(try advance(first, claimed, from: 7, to: 9, connection))
            let again = try #require(try claim(second, connection))
            #expect(again.nextOffset == 9 && again.epoch == 2)
        }
    }

    @Test func aFormerOwnerCannotMoveThePosition() async throws {
        try await withStores { connection, first, second in
            let former = try #require(try claim(first, connection))
            let present = try #require(try claim(second, connection))
            #expect(try !advance(first, former, from: 7, to: 9, connection))
            #expect(try advance(second, present, from: 7, to: 9, connection))
        }
    }

    /// The owner itself, with a batch that was applied before or that leaves a hole.
    @Test(arguments: [6, 8] as [Int64])
    func aBatchFromAnotherPositionIsRefused(start: Int64) async throws {
        try await withStores { connection, first, _ in
            let claimed = try #require(try claim(first, connection))
            #expect(try !advance(first, claimed, from: start, to: 20, connection))
            #expect(try advance(first, claimed, from: 7, to: 20, connection))
        }
    }

    @Test func aMemberOfAnOlderGenerationCannotTakeThePartitionBackWhileItIsInUse() async throws {
        try await withStores { (connection, first, second) throws in
            #expect(try claim(first, connection, generation: 5) != nil)
            #expect(try claim(second, connection, generation: 4) == nil)
            #expect(try claim(second, connection, generation: 5) != nil)
            // A group that was made again counts from one, so an unused row does not keep it out for ever.
            #expect(try claim(first, connection, generation: 1, stale: -1) != nil)
        }
    }

    @Test func aCommitWithoutAnAnswerIsLookedUp() async throws {
        try await withStores { connection, first, second in
            let claimed = try #require(try claim(first, connection))
            #expect(try first.finding(partition, epoch: claimed.epoch, expecting: 9, on: connection) == .notCommitted)
            #expect(try advance(first, claimed, from: 7, to: 9, connection))
            #expect(try first.finding(partition, epoch: claimed.epoch, expecting: 9, on: connection) == .committed)
            _ = try claim(second, connection)
            #expect(try first.finding(partition, epoch: claimed.epoch, expecting: 9, on: connection) == .fenced)
        }
    }

    /// Deaths are counted where the first batch after a claim began; one-by-one work moves the count along.
    @Test func countsDeathsAtOneOffset() async throws {
        try await withStores { connection, first, _ in
            let claimed = try #require(try claim(first, connection))
            let epoch = claimed.epoch
            #expect(try first.noteAttempt(partition, epoch: epoch, on: connection) == 1)
            #expect(try first.noteAttempt(partition, epoch: epoch, on: connection) == 2)
            try connection.transaction { transaction throws(PostgresError) in
                _ = try first.advance(partition, epoch: epoch, from: 7, to: 8, in: transaction)
                try first.count(partition, BatchOutcome(applied: 1), isUnderSuspicion: true, in: transaction)
            }
            #expect(try first.noteAttempt(partition, epoch: epoch, on: connection) == 2)
            #expect(try first.noteAttempt(partition, epoch: epoch, on: connection) == 3)
            try first.forgetAttempt(partition, epoch: epoch, on: connection)
            #expect(try first.noteAttempt(partition, epoch: epoch, on: connection) == 3)
            try connection.transaction { transaction throws(PostgresError) in
                _ = try first.advance(partition, epoch: epoch, from: 8, to: 9, in: transaction)
                try first.count(partition, BatchOutcome(applied: 1), isUnderSuspicion: false, in: transaction)
            }
            #expect(try first.noteAttempt(partition, epoch: epoch, on: connection) == 1)
        }
    }

    /// A process that was frozen within a COPY: no limit of the server ends its transaction.
    @Test func aFormerOwnerThatStandsStillWithinACopyHoldsUpNobodyElse() async throws {
        let other = TopicPartition("t", 1)
        try await withTestDatabase { url in
            let connection = try Connection(ConnectionSettings(url))
            try connection.run(script: "SET client_min_messages = warning; " + LedgerHandler.schema())
            let first = StreamOffsetStore(schema: "svc", consumer: "c", clusterID: "k", owner: "first")
            let second = StreamOffsetStore(schema: "svc", consumer: "c", clusterID: "k", owner: "second")
            let frozen = try Connection(ConnectionSettings(url))
            let claims = try first.claim([(partition, 7), (other, 7)], generation: 1, staleSeconds: 30, on: frozen)
            let held = try #require(claims.first { $0.partition == partition })
            let outcome = Result {
                try frozen.transaction { transaction throws(PostgresError) in
                    #expect(try first.advance(partition, epoch: held.epoch, from: 7, to: 9, in: transaction))
                    _ = try transaction.copyIn(table: "svc.stream_offset", columns: ["consumer"]) { _ in
                        do { try takeOver(second, connection) } catch { Issue.record(error) }
                    }
                }
            }
            #expect(throws: (any Error).self) { try outcome.get() }
            let row = try connection.query("SELECT next_offset, owner FROM svc.stream_offset WHERE partition = 0")[0]
            #expect(try (row.int8(0), row.text(1)) == (7, "second"))
        }
    }

    private func takeOver(_ store: StreamOffsetStore, _ connection: Connection) throws {
        let other = TopicPartition("t", 1)
        func claimed(_ wanted: [TopicPartition]) throws -> [TopicPartition] {
            try store.claim(wanted.map { ($0, 7) }, generation: 2, staleSeconds: 30, on: connection).map(\.partition)
        }
        #expect(try claimed([partition, other]) == [other])
        #expect(try store.endStandstill(of: [partition], milliseconds: 60_000, on: connection) == 0)
        #expect(try store.endStandstill(of: [other], milliseconds: 0, on: connection) == 0)
        #expect(try store.endStandstill(of: [partition], milliseconds: 0, on: connection) == 1)
        for _ in 0..<100 where try claimed([partition]).isEmpty {
            try connection.execute("SELECT pg_sleep(0.05)")
        }
    }
}
