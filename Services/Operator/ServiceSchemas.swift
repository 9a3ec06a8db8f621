import Postgres

/// The schemas that hold the exactly-once tables, in the order in which events pass them.
enum ServiceSchema: String, CaseIterable {
    case intake, scoring, payroll, notices

    /// Those that exist: a store may be migrated only in part.
    static func present(on connection: Connection) throws -> [ServiceSchema] {
        try allCases.filter { schema in
            try connection.query("SELECT to_regclass($1) IS NOT NULL", [.text("\(schema.rawValue).stream_offset")])[0]
                .bool(0)
        }
    }
}
