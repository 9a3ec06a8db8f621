import Domain
import Logging
import Messaging
import Metrics
import PayrollCore
import PayrollStores
import Postgres
import SchemeLibrary
import ServiceKit

/// The parts of the service, made once from its settings and wired to its probes.
struct PayrollParts: Sendable {
    let pool: Pool
    let desk: RunDesk
    let consumer: ConsumerLoop
    let relay: OutboxRelay
    let calculation: CalculationLoop
    let institution: String?
    let payer: PayingParty
    let payDay: Int

    init(_ settings: PayrollSettings, _ host: ServiceHost) throws {
        let database = try settings.databaseSettings()
        pool = Pool(database, connections: settings.connections)
        desk = RunDesk(library: SchemeLibrary())
        consumer = ConsumerLoop(try settings.consumer(), logger: host.logger) { _ in ScoreHandler() }
        relay = OutboxRelay(try settings.relay(), logger: host.logger)
        let heartbeat = Heartbeat("calculation", limit: .seconds(120) + settings.interval)
        calculation = CalculationLoop(
            database: database, desk: desk, interval: settings.interval, heartbeat: heartbeat, logger: host.logger)
        institution = settings.institution
        payer = settings.payer
        payDay = settings.payDay
        probe(host, heartbeat)
    }

    private func probe(_ host: ServiceHost, _ heartbeat: Heartbeat) {
        let (pool, consumer) = (pool, consumer)
        host.probes.watch(heartbeat)
        host.probes.require("kafka group") {
            guard consumer.status.isJoined else { throw NotReady.notJoined }
        }
        host.probes.require("database") { try await pool.ping() }
        host.probes.require("schema") {
            let current = try await pool.withConnection { connection throws(PostgresError) in
                try connection.query("SELECT to_regclass('payroll.published_line') IS NOT NULL")[0].bool(0)
            }
            guard current else { throw NotReady.noSchema }
        }
        host.metrics.describe("gradus_payroll_runs_calculated_total", "Runs calculated since the start.")
        host.metrics.describe("gradus_payroll_lines_total", "Lines booked since the start.")
        host.metrics.describe(
            "gradus_payroll_incomplete_statements", "Statements of the run calculated last that lack an item.")
        host.metrics.describe(
            "gradus_payroll_audit_differences", "Contradictions between the figures of the run calculated last.")
    }

    /// Runs blocking work on a connection of the pool; the work's own errors come out as they are.
    func onStore<Value: Sendable>(_ work: @Sendable (Connection) throws -> Value) async throws -> Value {
        try await pool.withConnection { connection throws(PostgresError) in
            Result { try work(connection) }
        }.get()
    }
}

/// Why the service cannot serve yet.
enum NotReady: CodedError, CustomStringConvertible {
    case notJoined
    case noSchema

    var code: String {
        switch self {
        case .notJoined: "GR-PAY-501"
        case .noSchema: "GR-PAY-502"
        }
    }

    var description: String {
        switch self {
        case .notJoined: "the consumer group is not joined yet"
        case .noSchema: "the schema payroll is missing or old; run gradus migrate"
        }
    }
}
