/// Brings one component's schema forward, step by step, and never back.
///
/// Several runners may start at once: each step is applied by one of them, under an advisory lock that ends with the
/// step's transaction (so it works behind a connection pooler too).
public struct Migrations: Sendable {
    /// Whose schema: `intake`, `scoring`, `payroll`, `notices`, `reference`.
    public let component: String
    private let steps: [Migration]

    private static let lock: Int64 = 0x4752_4144_5553_0001

    /// A component's steps, in any order.
    public init(component: String, _ steps: [Migration]) throws(MigrationError) {
        self.component = component
        self.steps = steps.sorted { $0.version < $1.version }
        for (lower, upper) in zip(self.steps, self.steps.dropFirst()) where lower.version == upper.version {
            throw .duplicate(component: component, version: upper.version)
        }
    }

    /// The newest version here; 0 when there are no steps.
    public var newestVersion: Int { steps.last?.version ?? 0 }

    /// Applies what is missing and gives the steps applied by this call, in order.
    ///
    /// Steps before a failing one stay; running again goes on after them.
    @discardableResult
    public func apply(on connection: Connection) throws(MigrationError) -> [Migration] {
        try createTable(on: connection)
        var applied: [Migration] = []
        while true {
            let step: Migration?
            do {
                step = try connection.transaction { transaction throws(MigrationError) in
                    try applyNext(in: transaction)
                }
            } catch {
                throw reason(error)
            }
            guard let step else { return applied }
            applied.append(step)
        }
    }

    /// Throws unless the component's schema is between the two versions; for services when they start.
    public static func requireVersion(
        of component: String, atLeast needed: Int, atMost known: Int, on connection: Connection
    ) throws(MigrationError) {
        let version = try version(of: component, on: connection)
        guard version <= known else { throw .newer(component: component, database: version, known: known) }
        guard version >= needed else { throw .older(component: component, database: version, needed: needed) }
    }

    /// The newest applied version of a component; 0 when nothing was ever applied.
    public static func version(of component: String, on connection: Connection) throws(MigrationError) -> Int {
        do {
            let known = try connection.query("SELECT to_regclass('public.gradus_migration') IS NOT NULL")
            guard try known[0].bool(0) else { return 0 }
            let rows = try connection.query(
                "SELECT coalesce(max(version), 0) FROM public.gradus_migration WHERE component = $1",
                [.text(component)])
            return Int(try rows[0].int4(0))
        } catch {
            throw .unavailable(error)
        }
    }

    private func createTable(on connection: Connection) throws(MigrationError) {
        do {
            try connection.transaction { transaction throws(PostgresError) in
                try Self.takeLock(in: transaction)
                try transaction.connection.run(
                    script: """
                        SET LOCAL client_min_messages = warning;
                        CREATE TABLE IF NOT EXISTS public.gradus_migration (
                            component text NOT NULL,
                            version int NOT NULL CHECK (version > 0),
                            name text NOT NULL,
                            checksum text NOT NULL,
                            applied_at timestamptz NOT NULL DEFAULT now(),
                            PRIMARY KEY (component, version)
                        );
                        GRANT SELECT ON public.gradus_migration TO PUBLIC
                        """)
            }
        } catch {
            throw .unavailable(error.postgresError ?? .misused(reason: "\(error)"))
        }
    }

    /// A migration may take long, and a second runner waits for it as long; only its table locks are bounded.
    private static func takeLock(in transaction: borrowing Transaction) throws(PostgresError) {
        let session = transaction.connection
        try session.run(script: "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        try session.run(script: "SELECT pg_advisory_xact_lock(\(lock)); SET LOCAL lock_timeout = '30s'")
    }

    /// Under the lock: compares what was applied, and runs the first step that is missing.
    private func applyNext(in transaction: borrowing Transaction) throws(MigrationError) -> Migration? {
        let applied: [Int: String]
        let checksums: [Int: String]
        do {
            try Self.takeLock(in: transaction)
            applied = try appliedChecksums(in: transaction)
            checksums = try ownChecksums(in: transaction)
        } catch {
            throw .unavailable(error)
        }
        guard let next = try firstMissing(applied, checksums) else { return nil }
        try run(next, checksum: checksums[next.version] ?? "", in: transaction)
        return next
    }

    private func firstMissing(
        _ applied: [Int: String], _ checksums: [Int: String]
    ) throws(MigrationError) -> Migration? {
        let newestApplied = applied.keys.max() ?? 0
        guard newestApplied <= newestVersion else {
            throw .newer(component: component, database: newestApplied, known: newestVersion)
        }
        if let lost = applied.keys.filter({ checksums[$0] == nil }).min() {
            throw .missing(component: component, version: lost)
        }
        for step in steps {
            if let checksum = applied[step.version] {
                guard checksum == checksums[step.version] else {
                    throw .changed(component: component, version: step.version, name: step.name)
                }
            } else {
                guard step.version > newestApplied else {
                    throw .late(component: component, version: step.version, applied: newestApplied)
                }
                return step
            }
        }
        return nil
    }

    private func run(
        _ step: Migration, checksum: String, in transaction: borrowing Transaction
    ) throws(MigrationError) {
        let session = transaction.connection
        do {
            try session.run(script: step.sql)
            guard session.isInTransaction else {
                throw MigrationError.transactionEnded(component: component, version: step.version)
            }
            // What the step set for itself must not reach the next one.
            try session.run(script: "RESET ALL")
            try transaction.execute(
                "INSERT INTO public.gradus_migration (component, version, name, checksum) VALUES ($1, $2, $3, $4)",
                [.text(component), .int4(Int32(clamping: step.version)), .text(step.name), .text(checksum)])
        } catch let error as MigrationError {
            throw error
        } catch let error as PostgresError {
            throw .failed(component: component, version: step.version, name: step.name, cause: error)
        } catch {
            throw .unavailable(.misused(reason: "\(error)"))
        }
    }

    private func appliedChecksums(in transaction: borrowing Transaction) throws(PostgresError) -> [Int: String] {
        let rows = try transaction.query(
            "SELECT version, checksum FROM public.gradus_migration WHERE component = $1", [.text(component)])
        var checksums: [Int: String] = [:]
        for row in rows { checksums[Int(try row.int4(0))] = try row.text(1) }
        return checksums
    }

    private func ownChecksums(in transaction: borrowing Transaction) throws(PostgresError) -> [Int: String] {
        let rows = try transaction.query(
            """
            SELECT encode(sha256(convert_to(sql, 'UTF8')), 'hex')
            FROM unnest($1::text[]) WITH ORDINALITY AS t(sql, n) ORDER BY n
            """,
            [.texts(steps.map(\.sql))])
        var checksums: [Int: String] = [:]
        for (step, row) in zip(steps, rows) { checksums[step.version] = try row.text(0) }
        return checksums
    }

    private func reason(_ error: TransactionError<MigrationError>) -> MigrationError {
        switch error {
        case .rolledBack(let reason): reason
        case .refused(let cause), .inDoubt(let cause): .unavailable(cause)
        case .spoiled: .unavailable(.misused(reason: "a migration hid a failed statement"))
        }
    }
}
