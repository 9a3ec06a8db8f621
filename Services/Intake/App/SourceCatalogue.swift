import IntakeCore
import Postgres

/// The configured sources with the numbers that they have in the store.
struct SourceCatalogue: Sendable {
    let document: SourceDocument
    let compiled: [CompiledSource]
    let numbers: [Int16]

    init(_ document: SourceDocument, on connection: Connection) throws {
        self.document = document
        compiled = document.sources.map { CompiledSource($0, of: document) }
        numbers = try SourceStore().numbers(of: document.sources.map(\.id), on: connection)
    }

    func id(_ source: Int) -> String { document.sources[source].id }

    /// The topics to read, with their sources.
    var topics: [String: Int] {
        var topics: [String: Int] = [:]
        for (index, source) in document.sources.enumerated() {
            if case .kafka(let topic, _) = source.inlet { topics[topic] = index }
        }
        return topics
    }

    /// The sources that accept HTTP, by id; the first is the default.
    var httpSources: [(id: String, source: Int)] {
        document.sources.enumerated().compactMap { $0.element.inlet == .http ? ($0.element.id, $0.offset) : nil }
    }

    var folders: [(source: Int, folder: FolderInlet)] {
        document.sources.enumerated().compactMap { index, source in
            if case .folder(let folder) = source.inlet { (index, folder) } else { nil }
        }
    }
}

/// `intake.source`.
struct SourceStore {
    func numbers(of ids: [String], on connection: Connection) throws(PostgresError) -> [Int16] {
        try connection.execute(
            "INSERT INTO intake.source (id) SELECT unnest($1::text[]) ON CONFLICT (id) DO NOTHING", [.texts(ids)])
        var numbers: [String: Int16] = [:]
        for row in try connection.query("SELECT id, no FROM intake.source WHERE id = ANY($1)", [.texts(ids)]) {
            numbers[try row.text(0)] = try row.int2(1)
        }
        return ids.compactMap { numbers[$0] }
    }
}
