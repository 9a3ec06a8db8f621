import Contracts
import Domain
import Foundation
import Logging
import Messaging
import Postgres
import SchemeLibrary
import ScoringCore
import ScoringStores
import ServiceKit

/// Takes the steps of closes as soon as all partitions have reported. Every worker runs a few; row locks share the work.
struct CloseLoop: Sendable {
    private let database: ConnectionSettings
    private let library: SchemeLibrary
    private let options: FactOptions
    private let counters: ScoringCounters
    private let logger: Logger

    init(
        database: ConnectionSettings, library: SchemeLibrary, options: FactOptions, counters: ScoringCounters,
        logger: Logger
    ) {
        self.options = options
        self.database = database
        self.library = library
        self.counters = counters
        self.logger = logger
    }

    func run(until stop: StopSignal) throws {
        var connection: Connection?
        while !stop.isStopping {
            do {
                let session = try connection ?? Connection(database)
                if session.isBroken { try session.reconnect() }
                if connection == nil { try Self.prepare(session) }
                connection = session
                if try CloseStore(session).hasWork(), try Self.advance(session, library, options) { continue }
            } catch {
                // The close stays open and is tried again; what was recorded of it stands.
                counters.noteObstacle()
                logger.error("a close cannot go on now", metadata: ["reason": "\(error)"])
                if stop.wait(for: .seconds(2)) { return }
            }
            if stop.wait(for: .milliseconds(100)) { return }
        }
    }

    private static func prepare(_ connection: Connection) throws {
        try connection.run(script: FactHandler.sessionScript)
    }

    /// Takes the next step there is: of a close on which all partitions have reported, or a marker that waited for one.
    static func advance(_ connection: Connection, _ library: SchemeLibrary, _ options: FactOptions) throws -> Bool {
        if try finishNext(connection, library) { return true }
        var due: MarkerStore.Waiting?
        do {
            return try connection.transaction(.readCommitted) { transaction in
                due = try MarkerStore(transaction.connection).takeDue()
                guard let due else { return false }
                var work = try MarkerWork(
                    due, transaction.connection, library, storesTraces: options.storesTraces, isBelated: true)
                try work.run()
                return true
            }
        } catch {
            guard let due, let obstacle = CloseStore.Obstacle(error, at: due) else { throw error }
            try CloseStore(connection).note(obstacle)
            throw error
        }
    }

    /// One step of one close in one transaction; `false` when there is none.
    private static func finishNext(_ connection: Connection, _ library: SchemeLibrary) throws -> Bool {
        var work = CloseWork(connection, library)
        do {
            return try connection.transaction(.readCommitted) { transaction in try work.advance(in: transaction) }
        } catch {
            guard let step = work.step,
                let obstacle = CloseStore.Obstacle(error, in: step.close, partition: step.partition)
            else { throw error }
            try CloseStore(connection).note(obstacle)
            throw error
        }
    }
}

extension OutboxRow {
    /// An event for the scores topic.
    init(_ event: OutgoingEvent) {
        self.init(
            topic: event.type.topic.name, key: Array(event.key.utf8),
            event: EventHeaders(
                id: event.id.description, source: "/gradus/scoring", type: event.type.rawValue, subject: event.key,
                traceparent: event.traceparent),
            payload: event.payload)
    }
}
