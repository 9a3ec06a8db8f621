public import Domain
import Messaging
public import PayrollCore
public import Postgres
public import SchemeLibrary
import Schemes

/// Takes runs through their states, each step with its event in one transaction.
///
/// Every step throws ``RunRefusal`` when it is not allowed, and a `PostgresError` or `TransactionError` when the store
/// fails; nothing has changed then.
public struct RunDesk: Sendable {
    private let library: SchemeLibrary

    /// A desk that prices with the schemes of a library.
    public init(library: SchemeLibrary) {
        self.library = library
    }

    /// What became of an open run.
    public enum Calculation: Hashable, Sendable {
        /// `incomplete` counts the statements with an item that could not be worked out.
        case calculated(RunTotals, incomplete: Int)
        /// The run stays open, for the reason given.
        case waiting(String)
    }

    /// Opens the run of a month; opening it again gives the same run.
    public func open(
        institution: String, month text: String, currency: Currency, by actor: String, now: Timestamp,
        on connection: Connection
    ) throws -> (run: StoredRun, isNew: Bool) {
        let months = try RunStore.months(of: institution, on: connection)
        let id = Period(text).map { PayRun.id(institution: institution, month: $0) }
        let existing = try id.flatMap { id in try RunStore.run(id, on: connection) }
        let (run, isNew) = try RunStep.open(
            institution: institution, month: text, currency: currency, by: actor, existing: existing?.run,
            latest: months?.latest)
        if let existing, !isNew { return (existing, false) }
        try transact(on: connection) { transaction in
            guard try RunStore.insert(run, in: transaction) else { return }
            try PayEventRow.outbox.append([try PayEventRow.row(run, by: actor, at: now)], in: transaction)
        }
        guard let stored = try RunStore.run(run.id, on: connection) else { throw RunRefusal.unknownRun }
        return (stored, isNew)
    }

    /// Approves a calculated run; whoever opened it may not.
    public func approve(
        _ id: UUID128, by actor: String, now: Timestamp, on connection: Connection
    ) throws -> StoredRun {
        try step(id, by: actor, now, on: connection) { run throws(RunRefusal) in try RunStep.approve(run, by: actor) }
    }

    /// Releases an approved run: its lines and statements are published with it. Repeating it changes nothing.
    public func release(
        _ id: UUID128, by actor: String, now: Timestamp, on connection: Connection
    ) throws -> StoredRun {
        try step(id, by: actor, now, on: connection) { run throws(RunRefusal) in try RunStep.release(run, by: actor) }
    }

    private func step(
        _ id: UUID128, by actor: String, _ now: Timestamp, on connection: Connection,
        _ decide: (PayRun) throws(RunRefusal) -> PayRun
    ) throws -> StoredRun {
        try transact(on: connection) { transaction in
            guard let stored = try RunStore.run(id, locked: true, on: transaction.connection) else {
                throw RunRefusal.unknownRun
            }
            let next = try decide(stored.run)
            guard next != stored.run else { return }
            try RunStore.update(next, in: transaction)
            if next.state == .released { try publishStatements(next, now, in: transaction) }
            try PayEventRow.outbox.append([try PayEventRow.row(next, by: actor, at: now)], in: transaction)
        }
        guard let stored = try RunStore.run(id, on: connection) else { throw RunRefusal.unknownRun }
        return stored
    }

    private func publishStatements(_ run: PayRun, _ now: Timestamp, in transaction: borrowing Transaction) throws {
        var last = ""
        while true {
            let page = try StatementStore.statements(
                of: run.id, after: last, limit: Self.page, on: transaction.connection)
            try PayEventRow.outbox.append(
                try page.flatMap { try PayEventRow.rows(run, $0, at: now) }, in: transaction)
            guard let final = page.last, page.count == Self.page else { return }
            last = final.subject.description
        }
    }

    private static let page: Int32 = 1000

    /// A transaction whose body's own error comes out as it is.
    private func transact<Value>(
        on connection: Connection, _ body: (borrowing Transaction) throws -> Value
    ) throws -> Value {
        do {
            return try connection.transaction { transaction throws(any Error) in try body(transaction) }
        } catch TransactionError<any Error>.rolledBack(let error) {
            throw error
        }
    }
}

extension RunDesk {
    /// Calculates an open run if its month is closed and everything announced has arrived.
    public func calculate(_ id: UUID128, now: Timestamp, on connection: Connection) throws -> Calculation {
        let result = try transact(on: connection) { transaction -> Calculation in
            guard let stored = try RunStore.run(id, locked: true, on: transaction.connection) else {
                throw RunRefusal.unknownRun
            }
            guard stored.run.state == .open else { return .calculated(stored.run.totals, incomplete: 0) }
            if let reason = try obstacle(stored.run, on: transaction.connection) { return .waiting(reason) }
            return try book(stored.run, now, in: transaction)
        }
        if case .waiting(let reason) = result { try RunStore.note(id, waiting: reason, on: connection) }
        return result
    }

    private func obstacle(_ run: PayRun, on connection: Connection) throws(PostgresError) -> String? {
        for period in try periods(run, on: connection) {
            let control = try PayInputStore.control(institution: run.institution, period: period, on: connection)
            guard let control else {
                return period == run.month ? "the month is not closed yet" : "\(period) is not closed yet"
            }
            if let reason = control.reason { return reason }
        }
        return nil
    }

    /// The periods that have to be closed before the run of a month: whatever the schemes in force pay by that ends in
    /// it. A scheme that pays by the quarter has none in January; without any scheme it is the month itself.
    private func periods(_ run: PayRun, on connection: Connection) throws(PostgresError) -> [Period] {
        let schemes = try library.schemes(of: run.institution, on: run.month.last, connection: connection)
        guard !schemes.isEmpty else { return [run.month] }
        let kinds = Set(schemes.map(\.basePeriod))
        return [.month, .quarter, .year].filter { kinds.contains($0) }.compactMap { kind in
            let last = Period(kind, containing: run.month.last)
            let period = last.last > run.month.last ? Period(kind, containing: last.first.adding(days: -1)) : last
            return run.month.contains(period.last) ? period : nil
        }
    }

    private func book(_ run: PayRun, _ now: Timestamp, in transaction: borrowing Transaction) throws -> Calculation {
        let connection = transaction.connection
        let first = try RunStore.months(of: run.institution, on: connection)?.first ?? run.month
        var carries = try PayInputStore.carries(institution: run.institution, on: connection)
        var totals = RunTotals.none
        var incomplete = 0
        var last = ""
        while true {
            let page = try PayInputStore.takeDue(
                institution: run.institution, from: first.first, through: run.month.last, after: last,
                limit: Self.page, in: transaction)
            guard let end = page.last else { break }
            last = end.subject.description
            let statements = try self.statements(run, page, carries, on: connection)
            for subject in Set(page.map(\.subject)) { carries[subject] = nil }
            statements.forEach { totals.add($0) }
            incomplete += statements.count { !$0.gaps.isEmpty }
            try StatementStore.insert(statements, run: run, in: transaction)
        }
        // Who owes something and has nothing due keeps owing it, on a statement of his own.
        let calculation = PayCalculation(run: run.id, month: run.month) {
            (result, _, _) throws(PayFault) -> PricedPay in
            throw .unknownScheme(name: result.scheme, version: result.version)
        }
        let owing = try carries.sorted { $0.key < $1.key }.compactMap { subject, amount in
            try calculation.statement(of: subject, periods: [], carriedIn: amount)
        }
        owing.forEach { totals.add($0) }
        try StatementStore.insert(owing, run: run, in: transaction)
        var calculated = run
        calculated.state = .calculated
        calculated.totals = totals
        try RunStore.update(calculated, in: transaction)
        let event = try PayEventRow.row(calculated, by: Self.actor, at: now)
        try PayEventRow.outbox.append([event], in: transaction)
        return .calculated(totals, incomplete: incomplete)
    }

    private func statements(
        _ run: PayRun, _ page: [DuePeriod], _ carries: [Subject: Int64], on connection: Connection
    ) throws -> [PayStatement] {
        let results = try PayInputStore.results(page, on: connection)
        let findings = try PayInputStore.findings(page, currency: run.currency, on: connection)
        let booked = try PayInputStore.booked(page, on: connection)
        let pricing = try PayPricing(
            for: results.values.joined(), currency: run.currency, library: library, on: connection)
        var periods: [Subject: [EarnedPeriod]] = [:]
        var subjects: [Subject] = []
        for due in page {
            if subjects.last != due.subject { subjects.append(due.subject) }
            let key = DuePeriodKey(subject: due.subject.description, period: due.earned)
            periods[due.subject, default: []].append(
                EarnedPeriod(
                    period: due.earned, results: results[key] ?? [], findings: findings[key] ?? [],
                    booked: booked[key] ?? [], causes: due.causes))
        }
        return try subjects.compactMap { subject in
            try PayCalculation(run: run.id, month: run.month, price: pricing.pricing(of: subject))
                .statement(of: subject, periods: periods[subject] ?? [], carriedIn: carries[subject] ?? 0)
        }
    }

    /// Who calculates: the service itself.
    private static let actor = "payroll"
}
