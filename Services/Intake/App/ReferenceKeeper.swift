import Domain
import IntakeCore
import Postgres

/// Keeps one writer's copy of the assignments, managers and units up to date.
struct ReferenceKeeper {
    private(set) var book = AssignmentBook()
    private var managers: Int64 = 0
    private var units: Int64 = 0

    /// The lock that every batch shares while it credits, and that a credit check holds alone for a moment: after
    /// that moment every batch knows the assignments committed before it.
    static let creditLock: Int64 = 0x6772_6164_0001
    /// The lock under which reference data is changed, so that numbers become visible in their order.
    static let referenceLock: Int64 = 0x6772_6164_0002

    /// Takes the shared lock and applies what was committed since the last batch.
    mutating func refresh(in transaction: Transaction) throws(PostgresError) {
        let rows = try transaction.pipeline([
            Statement("SELECT pg_advisory_xact_lock_shared($1)", [.int8(Self.creditLock)]),
            Statement(
                """
                SELECT no, institution, id, customer, manager, (share * 1000000)::bigint, valid_from, valid_to
                FROM reference.assignment WHERE no > $1 ORDER BY no
                """, [.int8(book.version)]),
            Statement(
                "SELECT change, institution, id FROM reference.manager WHERE change > $1 ORDER BY change",
                [.int8(managers)]),
            Statement(
                "SELECT change, institution, id FROM reference.unit WHERE change > $1 ORDER BY change", [.int8(units)]),
        ])
        for row in rows[1] { book.apply(try Assignment(row: row)) }
        for row in rows[2] {
            book.know(Subject(institution: try row.text(1), kind: .manager, id: try row.text(2)))
            managers = try row.int8(0)
        }
        for row in rows[3] {
            book.know(Subject(institution: try row.text(1), kind: .unit, id: try row.text(2)))
            units = try row.int8(0)
        }
    }
}

extension Assignment {
    /// Columns: no, institution, id, customer, manager, share in millionths, valid_from, valid_to.
    init(row: borrowing Row) throws(PostgresError) {
        guard let share = Share(millionths: try row.int8(5)) else {
            throw .undecodable(column: "share", expected: "a part of one", found: "")
        }
        self.init(
            no: try row.int8(0), institution: try row.text(1), id: try row.text(2), customer: try row.text(3),
            manager: try row.text(4), share: share, validFrom: try row.date(6), validTo: try row.optionalDate(7))
    }
}
