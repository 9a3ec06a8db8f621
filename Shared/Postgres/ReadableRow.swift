public import Domain

/// A row whose columns are read by position, each as the type the caller expects.
///
/// Every accessor throws ``PostgresError/undecodable(column:expected:found:)`` naming the column when the value
/// has another type, or is NULL where the accessor does not begin with `optional`.
public protocol ReadableRow: ~Copyable {
    /// The number of columns.
    var columnCount: Int { get }
    /// The column's name, for error messages.
    func name(ofColumn column: Int) -> String
    /// The value as sent. It lives as long as the row.
    func field(_ column: Int) -> Field
}

extension ReadableRow where Self: ~Copyable {
    /// True for NULL.
    public func isNull(_ column: Int) -> Bool { field(column).isNull }

    /// A `smallint`.
    public func int2(_ column: Int) throws(PostgresError) -> Int16 {
        try required(column, "int2", field(column).integer.flatMap { Int16(exactly: $0) })
    }
    /// A `smallint` or NULL.
    public func optionalInt2(_ column: Int) throws(PostgresError) -> Int16? {
        isNull(column) ? nil : try int2(column)
    }
    /// An `integer`, or a narrower one.
    public func int4(_ column: Int) throws(PostgresError) -> Int32 {
        try required(column, "int4", field(column).integer.flatMap { Int32(exactly: $0) })
    }
    /// An `integer` or NULL.
    public func optionalInt4(_ column: Int) throws(PostgresError) -> Int32? {
        isNull(column) ? nil : try int4(column)
    }
    /// A `bigint`, or a narrower one.
    public func int8(_ column: Int) throws(PostgresError) -> Int64 {
        try required(column, "int8", field(column).integer)
    }
    /// A `bigint` or NULL.
    public func optionalInt8(_ column: Int) throws(PostgresError) -> Int64? {
        isNull(column) ? nil : try int8(column)
    }
    /// A `boolean`.
    public func bool(_ column: Int) throws(PostgresError) -> Bool {
        try required(column, "bool", field(column).bool)
    }
    /// A `boolean` or NULL.
    public func optionalBool(_ column: Int) throws(PostgresError) -> Bool? {
        isNull(column) ? nil : try bool(column)
    }
    /// A `text`, `varchar`, `json`, `jsonb` or enum.
    public func text(_ column: Int) throws(PostgresError) -> String {
        try required(column, "text", field(column).text)
    }
    /// A text or NULL.
    public func optionalText(_ column: Int) throws(PostgresError) -> String? {
        isNull(column) ? nil : try text(column)
    }
    /// A `uuid`.
    public func uuid(_ column: Int) throws(PostgresError) -> UUID128 {
        try required(column, "uuid", field(column).uuid)
    }
    /// A `uuid` or NULL.
    public func optionalUUID(_ column: Int) throws(PostgresError) -> UUID128? {
        isNull(column) ? nil : try uuid(column)
    }
    /// A `date`; the two infinities are refused.
    public func date(_ column: Int) throws(PostgresError) -> CalendarDate {
        CalendarDate(dayNumber: try days(column))
    }
    /// A `date` or NULL.
    public func optionalDate(_ column: Int) throws(PostgresError) -> CalendarDate? {
        isNull(column) ? nil : try date(column)
    }
    /// A `date` as days since 1970-01-01.
    public func days(_ column: Int) throws(PostgresError) -> Int32 {
        try required(column, "a finite date", field(column).date)
    }
    /// A `timestamptz`; the two infinities are refused.
    public func timestamp(_ column: Int) throws(PostgresError) -> Timestamp {
        Timestamp(microseconds: try microseconds(column))
    }
    /// A `timestamptz` or NULL.
    public func optionalTimestamp(_ column: Int) throws(PostgresError) -> Timestamp? {
        isNull(column) ? nil : try timestamp(column)
    }
    /// A `timestamptz` as microseconds since 1970-01-01T00:00:00Z.
    public func microseconds(_ column: Int) throws(PostgresError) -> Int64 {
        try required(column, "a finite timestamp", field(column).timestamp)
    }
    /// A `numeric` as decimal text with all its digits.
    public func numeric(_ column: Int) throws(PostgresError) -> String {
        try required(column, "numeric", field(column).numeric)
    }
    /// A `numeric` as decimal text, or NULL.
    public func optionalNumeric(_ column: Int) throws(PostgresError) -> String? {
        isNull(column) ? nil : try numeric(column)
    }
    /// A copy of the bytes of a `bytea` or text.
    public func bytes(_ column: Int) throws(PostgresError) -> [UInt8] {
        try withBytes(column) { [UInt8]($0) }
    }
    /// A copy of the bytes, or NULL.
    public func optionalBytes(_ column: Int) throws(PostgresError) -> [UInt8]? {
        isNull(column) ? nil : try bytes(column)
    }
    /// Lends the bytes of a `bytea` or text without copying; they must not be kept.
    public func withBytes<Value>(
        _ column: Int, _ body: (UnsafeRawBufferPointer) -> Value
    ) throws(PostgresError) -> Value {
        let field = field(column)
        guard !field.isNull, field.type == .bytes || field.type.isText || field.type == .jsonb else {
            throw mismatch(column, "bytes")
        }
        return body(field.type == .jsonb ? UnsafeRawBufferPointer(rebasing: field.bytes.dropFirst()) : field.bytes)
    }
    /// An `integer[]` without NULL elements.
    public func int4s(_ column: Int) throws(PostgresError) -> [Int32] {
        try elements(column, .int4) { $0.integer.flatMap { Int32(exactly: $0) } }
    }
    /// A `bigint[]` without NULL elements.
    public func int8s(_ column: Int) throws(PostgresError) -> [Int64] {
        try elements(column, .int8) { $0.integer }
    }
    /// A `text[]` without NULL elements.
    public func texts(_ column: Int) throws(PostgresError) -> [String] {
        try elements(column, .text) { $0.text }
    }
    /// A `uuid[]` without NULL elements.
    public func uuids(_ column: Int) throws(PostgresError) -> [UUID128] {
        try elements(column, .uuid) { $0.uuid }
    }

    private func elements<Element>(
        _ column: Int, _ type: ColumnType, _ read: (Field) -> Element?
    ) throws(PostgresError) -> [Element] {
        let expected = "an array of \(type.label) without NULL"
        let fields = try required(column, expected, field(column).array(of: type))
        let elements = fields.compactMap(read)
        guard elements.count == fields.count else { throw mismatch(column, expected) }
        return elements
    }

    // Inlined, because an accessor that looks its generic type up at run time costs more than the value.
    @inline(__always)
    private func required<Value>(
        _ column: Int, _ expected: String, _ value: Value?
    ) throws(PostgresError) -> Value {
        guard let value else { throw mismatch(column, expected) }
        return value
    }

    private func mismatch(_ column: Int, _ expected: String) -> PostgresError {
        .undecodable(column: name(ofColumn: column), expected: expected, found: field(column).label)
    }
}
