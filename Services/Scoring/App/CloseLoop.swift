import Contracts
import Domain
import Foundation
import Logging
import Messaging
import Postgres
import ScoringCore
import ScoringStores
import ServiceKit

/// Finishes closes as soon as all partitions have reported. Every worker runs one; a row lock lets one of them work.
struct CloseLoop: Sendable {
    private let database: ConnectionSettings
    private let library: SchemeLibrary
    private let options: FactOptions
    private let logger: Logger

    init(database: ConnectionSettings, library: SchemeLibrary, options: FactOptions, logger: Logger) {
        self.options = options
        self.database = database
        self.library = library
        self.logger = logger
    }

    func run(until stop: StopSignal) throws {
        var connection: Connection?
        while !stop.isStopping {
            do {
                let session = try connection ?? Connection(database)
                if session.isBroken { try session.reconnect() }
                connection = session
                if try Self.advance(session, library, options) { continue }
            } catch {
                // The close stays open and is tried again; its partitions have reported and lose nothing.
                logger.error("a close cannot be finished now", metadata: ["reason": "\(error)"])
                if stop.wait(for: .seconds(2)) { return }
            }
            if stop.wait(for: .milliseconds(200)) { return }
        }
    }

    /// Takes the next step there is: a close that is complete, or a marker that waited for one.
    static func advance(_ connection: Connection, _ library: SchemeLibrary, _ options: FactOptions) throws -> Bool {
        if try finishNext(connection, library) { return true }
        return try connection.transaction(.readCommitted) { transaction in
            guard let due = try MarkerStore(transaction.connection).takeDue() else { return false }
            var work = try MarkerWork(
                due, transaction.connection, library, storesTraces: options.storesTraces, isBelated: true)
            try work.run()
            return true
        }
    }

    /// Finishes one close in one transaction; `false` when none is complete.
    private static func finishNext(_ connection: Connection, _ library: SchemeLibrary) throws -> Bool {
        try connection.transaction(.readCommitted) { transaction in
            var work = CloseWork(transaction.connection, library)
            return try work.finishNext(in: transaction)
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
