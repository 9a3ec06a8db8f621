import Domain
import Foundation
import Hummingbird
import IntakeCore
import NIOCore
import Postgres
import ServiceKit

/// `POST /v1/credit-checks`: compares every credit of a period with the assignments known now, before the period is
/// closed.
struct CreditCheckRoute: Sendable {
    let lane: Lane<Reconciler>
    let stop: StopSignal

    func add(to host: ServiceHost) {
        host.router.group("v1/credit-checks").add(middleware: host.requires(.operatorRole)).post { request, context in
            try await check(request, context)
        }
    }

    struct Order: Decodable {
        let institution: String
        let period: Period
    }

    private func check(_ request: Request, _ context: RequestScope) async throws -> CreditCheck {
        let body = try await request.body.collect(upTo: context.maxUploadSize)
        let order = try JSONDecoder().decode(Order.self, from: Data(body.readableBytesView))
        let patience = request.uri.queryParameters["wait"].flatMap { Int($0) } ?? 30
        let caller = context.caller?.name
        do {
            return try await lane.perform { [stop] reconciler in
                try reconciler.check(
                    order.institution, order.period, patience: .seconds(min(max(patience, 0), 300)), by: caller
                ) { stop.isStopping }
            }
        } catch let fault as IntakeFault {
            throw ServiceKit.Problem(.serviceUnavailable, code: fault.code, message: "\(fault)")
        }
    }
}

/// What a credit check found and did.
struct CreditCheck: Encodable, ResponseEncodable, Sendable {
    var institution: String
    var period: String
    /// The highest number of `reference.assignment` that the check knew.
    var assignmentVersion: Int64
    var customersChecked: Int
    var factsChecked: Int64
    var reversed: Int
    var credited: Int
    var released: Int
    /// Records still in suspense.
    var suspended: Int64
    /// Customers whose shares make more than one whole on some day.
    var overAssigned: Int64
    /// Changes that arrived during the check.
    var pending: Int64
    /// Everything that was written stands on the facts topic.
    var drained: Bool
}

extension Reconciler {
    /// Runs a check; a second run finds nothing to do.
    func check(
        _ institution: String, _ period: Period, patience: Duration, by caller: String?, _ stop: () -> Bool
    ) throws -> CreditCheck {
        if connection.isBroken { try connection.reconnect() }
        guard try position.hasStore(on: connection) else { throw IntakeFault.noStore }
        let store = CreditCheckStore()
        let deadline = ContinuousClock.now + patience
        let version = try store.version(on: connection)
        try barrier()
        guard try catchUp(patience, stop) else { throw IntakeFault.notCaughtUp }
        let facts = try store.markStale(institution, period, on: connection)
        var work = Work()
        while !stop() {
            let step = try clear(institution)
            work = work + step.work
            if !step.isMore { break }
        }
        let isDrained = try drain(until: max(deadline, .now + .seconds(1)), stop)
        let check = CreditCheck(
            institution: institution, period: period.description, assignmentVersion: version,
            customersChecked: work.customers, factsChecked: facts, reversed: work.reversed, credited: work.credited,
            released: work.released, suspended: try SuspenseStore().openCount(institution: institution, on: connection),
            overAssigned: try store.overAssigned(institution, on: connection),
            pending: try store.pendingCount(institution, on: connection), drained: isDrained)
        try store.record(check, by: caller, on: connection)
        return check
    }
}

/// The check's own statements.
struct CreditCheckStore {
    func version(on connection: Connection) throws(PostgresError) -> Int64 {
        try connection.query("SELECT coalesce(max(no), 0) FROM reference.assignment")[0].int8(0)
    }

    /// Marks every customer of whom a credit of the period does not match the assignments, and counts the credits.
    func markStale(_ institution: String, _ period: Period, on connection: Connection) throws(PostgresError) -> Int64 {
        try connection.query(
            """
            WITH credit AS (
                SELECT f.customer, a.no IS NULL AS stale FROM scoring.published_fact f
                LEFT JOIN reference.assignment a ON a.institution = f.institution AND a.id = f.assignment
                  AND a.superseded_by IS NULL AND a.customer = f.customer AND a.manager = f.subject
                  AND coalesce(f.share::numeric, 1) = a.share
                  AND (f.type LIKE '%.transferred' OR f.type LIKE 'portfolio.%'
                       OR (a.valid_from <= f.business_date AND (a.valid_to IS NULL OR f.business_date < a.valid_to)))
                WHERE f.institution = $1 AND f.kind = 'manager' AND f.business_date BETWEEN $2 AND $3
                  AND f.assignment IS NOT NULL AND f.customer IS NOT NULL
            ), marked AS (
                INSERT INTO intake.pending (institution, kind, id)
                SELECT DISTINCT $1, 'customer', customer FROM credit WHERE stale ORDER BY customer
                ON CONFLICT (institution, kind, id) DO NOTHING
            )
            SELECT count(*) FROM credit
            """, [.text(institution), .date(period.first), .date(period.last)])[0].int8(0)
    }

    func overAssigned(_ institution: String, on connection: Connection) throws(PostgresError) -> Int64 {
        try connection.query(
            """
            SELECT count(DISTINCT customer) FROM (
                SELECT a.customer FROM reference.assignment a
                JOIN reference.assignment b ON b.institution = a.institution AND b.customer = a.customer
                  AND b.superseded_by IS NULL AND b.valid_from <= a.valid_from
                  AND (b.valid_to IS NULL OR a.valid_from < b.valid_to)
                WHERE a.institution = $1 AND a.superseded_by IS NULL
                  AND (a.valid_to IS NULL OR a.valid_from < a.valid_to)
                GROUP BY a.no, a.customer HAVING sum(b.share) > 1) o
            """, [.text(institution)])[0].int8(0)
    }

    func pendingCount(_ institution: String, on connection: Connection) throws(PostgresError) -> Int64 {
        try connection.query("SELECT count(*) FROM intake.pending WHERE institution = $1", [.text(institution)])[0]
            .int8(0)
    }

    func record(_ check: CreditCheck, by caller: String?, on connection: Connection) throws(PostgresError) {
        try connection.execute(
            """
            INSERT INTO intake.credit_check
              (institution, period, assignment_version, customers, facts, reversed, credited, released, requested_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            [
                .text(check.institution), .text(check.period), .int8(check.assignmentVersion),
                .int4(Int32(clamping: check.customersChecked)), .int8(check.factsChecked),
                .int4(Int32(clamping: check.reversed)), .int4(Int32(clamping: check.credited)),
                .int4(Int32(clamping: check.released)), .text(caller),
            ])
    }
}
