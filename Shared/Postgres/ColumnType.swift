/// PostgreSQL's numbers for the types that are sent and read here.
struct ColumnType: Hashable, Sendable, RawRepresentable {
    let rawValue: UInt32

    static let inferred = ColumnType(rawValue: 0)
    static let bool = ColumnType(rawValue: 16)
    static let bytes = ColumnType(rawValue: 17)
    static let char = ColumnType(rawValue: 18)
    static let name = ColumnType(rawValue: 19)
    static let int8 = ColumnType(rawValue: 20)
    static let int2 = ColumnType(rawValue: 21)
    static let int4 = ColumnType(rawValue: 23)
    static let text = ColumnType(rawValue: 25)
    static let json = ColumnType(rawValue: 114)
    static let unknown = ColumnType(rawValue: 705)
    static let blankPadded = ColumnType(rawValue: 1042)
    static let varchar = ColumnType(rawValue: 1043)
    static let date = ColumnType(rawValue: 1082)
    static let timestamp = ColumnType(rawValue: 1114)
    static let timestamptz = ColumnType(rawValue: 1184)
    static let numeric = ColumnType(rawValue: 1700)
    static let uuid = ColumnType(rawValue: 2950)
    static let jsonb = ColumnType(rawValue: 3802)

    /// The first number of types that users create: enums and extensions' text types among them.
    static let firstOfUsers = ColumnType(rawValue: 16384)

    /// The type of an array of these.
    var array: ColumnType {
        let number: UInt32 =
            switch self {
            case .bool: 1000
            case .bytes: 1001
            case .int2: 1005
            case .int4: 1007
            case .text: 1009
            case .int8: 1016
            case .date: 1182
            case .timestamptz: 1185
            case .uuid: 2951
            default: 0
            }
        return ColumnType(rawValue: number)
    }

    /// True for types whose binary form is their text.
    var isText: Bool {
        switch self {
        case .text, .varchar, .blankPadded, .name, .char, .json, .unknown, .inferred: true
        default: rawValue >= Self.firstOfUsers.rawValue
        }
    }

    /// The name for error messages.
    var label: String {
        switch self {
        case .bool: "bool"
        case .bytes: "bytea"
        case .int2: "int2"
        case .int4: "int4"
        case .int8: "int8"
        case .text: "text"
        case .varchar: "varchar"
        case .json: "json"
        case .jsonb: "jsonb"
        case .date: "date"
        case .timestamp: "timestamp"
        case .timestamptz: "timestamptz"
        case .numeric: "numeric"
        case .uuid: "uuid"
        default: "type number \(rawValue)"
        }
    }
}

/// PostgreSQL counts days and microseconds from 2000-01-01, everything else here from 1970-01-01.
enum Epoch {
    static let days: Int32 = 10_957
    static let microseconds: Int64 = 946_684_800_000_000
}
