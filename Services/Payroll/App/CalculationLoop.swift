import Domain
import Logging
import Metrics
import PayrollCore
import PayrollStores
import Postgres
import ServiceKit

/// Calculates open runs as soon as their month is closed and complete.
struct CalculationLoop: Sendable {
    let database: ConnectionSettings
    let desk: RunDesk
    let interval: Duration
    let heartbeat: Heartbeat
    let logger: Logger

    /// Looks at the open runs at every interval until it is asked to stop; an outage only makes it wait.
    func run(until stop: StopSignal) {
        var connection: Connection?
        while !stop.isStopping {
            heartbeat.tick()
            do {
                let live = try connection ?? Connection(database)
                connection = live
                for id in try RunStore.openRuns(on: live) where !stop.isStopping {
                    heartbeat.tick()
                    try calculate(id, on: live)
                }
            } catch {
                logger.log(level: .warning, "the calculation waits for the store", error: error)
                connection?.close()
                connection = nil
            }
            _ = stop.wait(for: interval)
        }
        connection?.close()
    }

    private func calculate(_ id: UUID128, on connection: Connection) throws {
        do {
            let now = Timestamp(microseconds: SystemTime.now())
            let result = try desk.calculate(id, now: now, on: connection)
            guard case .calculated(let totals, let incomplete) = result else { return }
            Gauge(label: "gradus_payroll_incomplete_statements").record(incomplete)
            Counter(label: "gradus_payroll_runs_calculated_total").increment()
            Counter(label: "gradus_payroll_lines_total").increment(by: totals.lines)
            logger.info(
                "run calculated",
                metadata: [
                    "run": "\(id)", "statements": "\(totals.statements)", "lines": "\(totals.lines)",
                    "corrections": "\(totals.corrections)", "incomplete": "\(incomplete)",
                ])
            audit(id, on: connection)
        } catch let fault as PayFault {
            logger.log(level: .error, "a run cannot be calculated", error: fault)
            try RunStore.note(id, waiting: fault.description, on: connection)
        }
    }

    /// Compares the run's figures at once, so that a contradiction is seen before anybody approves.
    private func audit(_ id: UUID128, on connection: Connection) {
        do {
            let differences = try RunAuditor.audit(run: id, on: connection) ?? []
            Gauge(label: "gradus_payroll_audit_differences").record(differences.count)
            for difference in differences {
                logger.critical("\(difference.description)", metadata: ["code": "\(difference.code)"])
            }
        } catch {
            logger.log(level: .warning, "the audit of a run failed", error: error)
        }
    }
}
