public import Domain

/// A value for `$1`, `$2` … with its type, sent in binary.
///
/// Each maker takes an optional: nil is NULL of that type.
public struct Parameter: Sendable {
    enum Value: Sendable {
        case null
        case integer(Int64, width: Int)
        case uuid(UUID128)
        case text(String)
        /// As `text`, after jsonb's version byte.
        case jsonb(String)
        /// Read by the server with the type's own input function.
        case literal(String)
        case bytes([UInt8])
    }

    let type: ColumnType
    let value: Value

    init(_ type: ColumnType, _ value: Value?) {
        self.type = type
        self.value = value ?? .null
    }

    /// A `smallint`.
    public static func int2(_ value: Int16?) -> Parameter {
        Parameter(.int2, value.map { .integer(Int64($0), width: 2) })
    }

    /// An `integer`.
    public static func int4(_ value: Int32?) -> Parameter {
        Parameter(.int4, value.map { .integer(Int64($0), width: 4) })
    }

    /// A `bigint`.
    public static func int8(_ value: Int64?) -> Parameter {
        Parameter(.int8, value.map { .integer($0, width: 8) })
    }

    /// A `boolean`.
    public static func bool(_ value: Bool?) -> Parameter {
        Parameter(.bool, value.map { .integer($0 ? 1 : 0, width: 1) })
    }

    /// A `text`; fits `varchar` and enum columns with a cast in the statement.
    public static func text(_ value: String?) -> Parameter {
        Parameter(.text, value.map { .text($0) })
    }

    /// A `bytea`.
    public static func bytes(_ value: [UInt8]?) -> Parameter {
        Parameter(.bytes, value.map { .bytes($0) })
    }

    /// A `uuid`.
    public static func uuid(_ value: UUID128?) -> Parameter {
        Parameter(.uuid, value.map { .uuid($0) })
    }

    /// A `date`.
    public static func date(_ value: CalendarDate?) -> Parameter {
        date(daysSince1970: value?.dayNumber)
    }

    /// A `date`, as days since 1970-01-01.
    public static func date(daysSince1970 value: Int32?) -> Parameter {
        Parameter(.date, value.map { .integer(Int64($0 &- Epoch.days), width: 4) })
    }

    /// A `timestamptz`.
    public static func timestamp(_ value: Timestamp?) -> Parameter {
        timestamp(microsecondsSince1970: value?.microseconds)
    }

    /// A `timestamptz`, as microseconds since 1970-01-01T00:00:00Z.
    public static func timestamp(microsecondsSince1970 value: Int64?) -> Parameter {
        Parameter(.timestamptz, value.map { .integer($0 &- Epoch.microseconds, width: 8) })
    }

    /// A `json`, kept as it is written.
    public static func json(_ value: String?) -> Parameter {
        Parameter(.json, value.map { .text($0) })
    }

    /// A `jsonb`, parsed and normalised by the server.
    public static func jsonb(_ value: String?) -> Parameter {
        Parameter(.jsonb, value.map { .jsonb($0) })
    }

    /// A `numeric`, as decimal text such as `-12.50`.
    public static func numeric(_ value: String?) -> Parameter {
        Parameter(.numeric, value.map { .literal($0) })
    }

    /// A value whose type the server infers from the statement: enums, intervals and the like.
    public static func inferred(_ value: String?) -> Parameter {
        Parameter(.inferred, value.map { .literal($0) })
    }
}

/// One statement with its values, for ``Connection/pipeline(_:)``.
public struct Statement: Sendable {
    let sql: String
    let parameters: [Parameter]

    /// A statement and the values of its `$1`, `$2` …
    public init(_ sql: String, _ parameters: [Parameter] = []) {
        self.sql = sql
        self.parameters = parameters
    }
}
