import CLibPQ

/// What a statement answered: its rows, and how many rows it touched.
///
/// The rows stand in libpq's memory and are decoded when read.
public final class Rows: RandomAccessCollection {
    private let result: OpaquePointer
    /// The number of rows.
    public let count: Int
    /// The number of columns; 0 for statements without a result.
    public let columnCount: Int
    private let types: [ColumnType]

    /// Takes over the result, which is released with this object.
    init(owning result: OpaquePointer) {
        self.result = result
        self.count = Int(PQntuples(result))
        self.columnCount = Int(PQnfields(result))
        self.types = (0..<PQnfields(result)).map { ColumnType(rawValue: PQftype(result, $0)) }
    }

    deinit {
        PQclear(result)
    }

    /// Always 0.
    public var startIndex: Int { 0 }
    /// The number of rows.
    public var endIndex: Int { count }

    /// The row at a position counted from 0.
    public subscript(position: Int) -> Row {
        precondition(position >= 0 && position < count, "row \(position) of \(count)")
        return Row(rows: self, position: Int32(truncatingIfNeeded: position))
    }

    /// How many rows an INSERT, UPDATE, DELETE, SELECT or COPY touched; 0 for other statements.
    public var affectedRows: Int {
        PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    }

    /// The command's tag, such as `COMMIT` or `INSERT 0 3`.
    var commandTag: String {
        PQcmdStatus(result).map { String(cString: $0) } ?? ""
    }

    func name(ofColumn column: Int) -> String {
        PQfname(result, Int32(truncatingIfNeeded: column)).map { String(cString: $0) } ?? "\(column)"
    }

    func field(_ column: Int, row: Int32) -> Field {
        precondition(column >= 0 && column < columnCount, "column \(column) of \(columnCount)")
        let number = Int32(truncatingIfNeeded: column)
        let type = types[column]
        guard PQgetisnull(result, row, number) == 0, let value = PQgetvalue(result, row, number) else {
            return Field(base: nil, length: 0, type: type)
        }
        return Field(base: UnsafeRawPointer(value), length: Int(PQgetlength(result, row, number)), type: type)
    }
}

@available(*, unavailable)
extension Rows: Sendable {}

/// One row of ``Rows``.
public struct Row: ReadableRow {
    let rows: Rows
    let position: Int32

    /// The number of columns.
    public var columnCount: Int { rows.columnCount }
    /// The column's name in the result.
    public func name(ofColumn column: Int) -> String { rows.name(ofColumn: column) }
    /// The value as sent.
    public func field(_ column: Int) -> Field { rows.field(column, row: position) }
}
