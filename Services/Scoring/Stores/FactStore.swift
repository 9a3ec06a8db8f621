public import Contracts
public import Domain
public import Postgres
public import ScoringCore

/// Reads and writes facts and what is counted from them. It belongs to one connection, inside one transaction.
public struct FactStore {
    let connection: Connection

    public init(_ connection: Connection) {
        self.connection = connection
    }

    /// A subject's key on the topic, in parts.
    public struct SubjectKey: Hashable, Sendable {
        public let institution: String
        public let kind: SubjectKind
        public let id: String

        public init(institution: String, kind: SubjectKind, id: String) {
            self.institution = institution
            self.kind = kind
            self.id = id
        }

        /// The key.
        public var text: String { "\(institution)/\(kind.rawValue)/\(id)" }
    }

    /// The numbers of all subjects of a partition, by key text.
    public func subjects(ofPartition partition: Int32) throws(PostgresError) -> ReferenceTable {
        var table = ReferenceTable()
        let sql = """
            SELECT no, institution || '/' || kind || '/' || id FROM scoring.subject WHERE partition = \(partition)
            """
        try connection.copyOut(sql) { row throws(PostgresError) in
            table.insert(try row.text(1), number: try row.int4(0))
        }
        return table
    }

    /// Gives numbers to subjects that have none yet.
    public func number(_ keys: [SubjectKey], partition: Int32) throws(PostgresError) -> [SubjectKey: Int32] {
        let rows = try connection.query(
            """
            WITH given AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS g (institution, kind, id)),
            made AS (
                INSERT INTO scoring.subject (institution, kind, id, partition)
                SELECT institution, kind, id, $4 FROM given ON CONFLICT DO NOTHING
                RETURNING no, institution, kind, id)
            SELECT no, institution, kind, id FROM made
            UNION ALL
            SELECT s.no, s.institution, s.kind, s.id FROM scoring.subject s JOIN given USING (institution, kind, id)
            """,
            [
                .texts(keys.map(\.institution)), .texts(keys.map(\.kind.rawValue)), .texts(keys.map(\.id)),
                .int2(Int16(partition)),
            ])
        var numbers: [SubjectKey: Int32] = [:]
        for row in rows {
            guard let kind = SubjectKind(rawValue: try row.text(2)) else { continue }
            numbers[SubjectKey(institution: try row.text(1), kind: kind, id: try row.text(3))] = try row.int4(0)
        }
        return numbers
    }

    /// All fact types with their numbers, and whether they need no scheme.
    public func types() throws(PostgresError) -> [(number: Int16, name: String, canonical: Bool)] {
        var types: [(Int16, String, Bool)] = []
        for row in try connection.query("SELECT no, name, canonical FROM scoring.fact_type ORDER BY no") {
            types.append((try row.int2(0), try row.text(1), try row.bool(2)))
        }
        return types
    }

    /// Makes sure that types have numbers.
    public func addTypes(_ names: [String]) throws(PostgresError) {
        try connection.execute(
            "INSERT INTO scoring.fact_type (name) SELECT unnest($1::text[]) ORDER BY 1 ON CONFLICT DO NOTHING",
            [.texts(names)])
    }

    /// The numbers of series, made when they are new.
    public func series(_ keys: [String]) throws(PostgresError) -> [String: Int32] {
        try connection.execute(
            """
            INSERT INTO scoring.series (key)
            SELECT k FROM unnest($1::text[]) AS k
            WHERE NOT EXISTS (SELECT FROM scoring.series s WHERE s.key = k) ORDER BY k ON CONFLICT DO NOTHING
            """, [.texts(keys)])
        return try knownSeries(keys)
    }

    /// The numbers of those series that exist; for readers that must not write.
    public func knownSeries(_ keys: [String]) throws(PostgresError) -> [String: Int32] {
        var numbers: [String: Int32] = [:]
        for row in try connection.query("SELECT no, key FROM scoring.series WHERE key = ANY($1)", [.texts(keys)]) {
            numbers[try row.text(1)] = try row.int4(0)
        }
        return numbers
    }

    /// The payloads of the facts that are already stored, by their place in `subjects` and `ids`.
    public func stored(
        count: Int, subject: (Int) -> Int32, id: (Int) -> UUID128
    ) throws(PostgresError) -> [(place: Int, payload: [UInt8])] {
        let rows = try connection.query(
            """
            SELECT k.place, f.payload
            FROM unnest($1::int4[], $2::uuid[]) WITH ORDINALITY AS k (subject, id, place)
            JOIN scoring.fact f ON f.subject = k.subject AND f.id = k.id
            """, [.int4s(count: count) { subject($0) }, .uuids(count: count) { id($0) }])
        var found: [(Int, [UInt8])] = []
        for row in rows { found.append((Int(try row.int8(0)) - 1, try row.bytes(1))) }
        return found
    }

    /// A fact as it is written.
    public struct NewFact {
        public let fact: BatchFact
        /// The message's value.
        public let value: Range<Int>
        public let offset: Int64
        public let kept: Bool

        public init(fact: BatchFact, value: Range<Int>, offset: Int64, kept: Bool) {
            self.fact = fact
            self.value = value
            self.offset = offset
            self.kept = kept
        }
    }

    /// Writes facts in bulk; they must be in the order of subject and id, and new.
    public func insert(
        count: Int, partition: Int32, bytes: [UInt8], _ fact: (Int) -> NewFact
    ) throws(PostgresError) {
        let columns = [
            "occurred_at", "amount", "offset", "subject", "business_date", "type", "sign", "partition", "kept", "id",
            "reverses", "customer", "assignment", "payload",
        ]
        try connection.copyIn(table: "scoring.fact", columns: columns) { writer throws(PostgresError) in
            let span = bytes.span
            for index in 0..<count {
                let new = fact(index)
                let view = new.fact.view
                writer.beginRow()
                writer.int8(view.occurredAt.microseconds)
                if let amount = view.amount { writer.int8(amount.tenThousandths) } else { writer.null() }
                writer.int8(new.offset)
                writer.int4(new.fact.subject)
                writer.date(view.businessDate)
                writer.int2(new.fact.type)
                writer.int2(Int16(view.sign))
                writer.int2(Int16(partition))
                writer.bool(new.kept)
                writer.uuid(view.id)
                if let reverses = view.reverses { writer.uuid(reverses) } else { writer.null() }
                let value = span.extracting(new.value)
                Self.write(view.customer, of: value, &writer)
                Self.write(view.assignment, of: value, &writer)
                writer.bytes(value.bytes)
            }
        }
    }

    private static func write(_ range: ByteRange, of value: Span<UInt8>, _ writer: inout CopyWriter) {
        if range.isEmpty { writer.null() } else { writer.bytes(value.extracting(range.range).bytes) }
    }
}

extension FactStore.SubjectKey {
    /// The subject of a scanned fact.
    public init(_ view: FactView, in value: Span<UInt8>) {
        self.init(
            institution: FactCodec.text(view.institution, in: value), kind: view.kind,
            id: FactCodec.text(view.subject, in: value))
    }
}
