import Yams

/// A scalar with the place it was written at.
struct Located: Hashable, Sendable {
    let text: String
    let place: Place
}

/// A mapping of a scheme file while it is read; it knows which keys were asked for, so that a misspelt key is a fault.
final class Fields {
    let place: Place
    let faults: FaultLog
    private let file: String
    private let pairs: [(key: String, place: Place, node: Node)]
    private var asked: Set<String> = []

    init?(_ node: Node, file: String, faults: FaultLog) {
        let place = Self.place(of: node, in: file)
        guard let mapping = node.mapping else {
            faults.report(.wrongForm, at: place, "expected keys with values", "write `key: value` lines")
            return nil
        }
        self.place = place
        self.faults = faults
        self.file = file
        self.pairs = mapping.map { key, value in
            (key.scalar?.string ?? "", Self.place(of: key, in: file), value)
        }
    }

    static func place(of node: Node, in file: String) -> Place {
        Place(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    var keys: [Located] { pairs.map { Located(text: $0.key, place: $0.place) } }

    func node(_ key: String) -> Node? {
        asked.insert(key)
        return pairs.first { $0.key == key }?.node
    }

    /// Whether the value of a key has keys of its own.
    func isMapping(_ key: String) -> Bool { node(key)?.mapping != nil }

    func has(_ key: String) -> Bool { pairs.contains { $0.key == key } }

    func place(of key: String) -> Place {
        pairs.first { $0.key == key }.map { Self.place(of: $0.node, in: file) } ?? place
    }

    /// Where the value of each key stands.
    var places: [String: Place] {
        Dictionary(pairs.map { ($0.key, Self.place(of: $0.node, in: file)) }) { first, _ in first }
    }

    func text(_ key: String) -> Located? {
        node(key).flatMap { scalar($0, what: "`\(key)`") }
    }

    func required(_ key: String) -> Located? {
        guard has(key) else {
            faults.report(.missing, at: place, "`\(key)` is missing", "add a line `\(key): …`")
            return nil
        }
        return text(key)
    }

    /// One text or a list of texts.
    func texts(_ key: String) -> [Located] {
        guard let node = node(key) else { return [] }
        guard let sequence = node.sequence else { return scalar(node, what: "`\(key)`").map { [$0] } ?? [] }
        return sequence.compactMap { scalar($0, what: "an entry of `\(key)`") }
    }

    func fields(_ key: String) -> Fields? {
        node(key).flatMap { Fields($0, file: file, faults: faults) }
    }

    func list(_ key: String) -> [Fields] {
        guard let node = node(key) else { return [] }
        guard let sequence = node.sequence else {
            faults.report(
                .wrongForm, at: Self.place(of: node, in: file), "`\(key)` is not a list", "write `- …` lines under it")
            return []
        }
        return sequence.compactMap { Fields($0, file: file, faults: faults) }
    }

    /// A list of lists of texts: the rows of a table.
    func rows(_ key: String) -> [[Located]] {
        guard let node = node(key), let sequence = node.sequence else { return [] }
        return sequence.map { row in
            (row.sequence.map(Array.init) ?? [row]).compactMap { scalar($0, what: "a cell of `\(key)`") }
        }
    }

    func bilingual(_ key: String) -> BilingualText? {
        guard let inner = fields(key) else { return nil }
        let zh = inner.text("zh")?.text
        let en = inner.text("en")?.text
        inner.finish()
        guard let first = zh ?? en else { return nil }
        return BilingualText(zh: zh ?? first, en: en ?? first)
    }

    /// A word out of a closed list.
    func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, _ type: Choice.Type) -> Choice?
    where Choice.RawValue == String {
        guard let found = text(key) else { return nil }
        if let choice = Choice(rawValue: found.text) { return choice }
        let words = Choice.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
        faults.report(.unknownChoice, at: found.place, "`\(key)` cannot be `\(found.text)`", "use one of \(words)")
        return nil
    }

    /// Reports every key that nobody asked for.
    func finish() {
        for pair in pairs where !asked.contains(pair.key) {
            let known = asked.sorted().map { "`\($0)`" }.joined(separator: ", ")
            faults.report(.unknownKey, at: pair.place, "`\(pair.key)` means nothing here", "use one of \(known)")
        }
    }

    private func scalar(_ node: Node, what: String) -> Located? {
        let place = Self.place(of: node, in: file)
        guard let scalar = node.scalar else {
            faults.report(.wrongForm, at: place, "\(what) is not a single text", "write it on one line")
            return nil
        }
        return Located(text: scalar.string, place: place)
    }

    /// Each key with its value as one canonical text, for comparing versions.
    var canonical: [String: String] {
        var texts: [String: String] = [:]
        for pair in pairs { texts[pair.key] = Self.canonical(pair.node) }
        return texts
    }

    private static func canonical(_ node: Node) -> String {
        if let scalar = node.scalar {
            return scalar.string.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
        if let sequence = node.sequence { return "[" + sequence.map(canonical).joined(separator: ", ") + "]" }
        let pairs = (node.mapping ?? [:]).map { "\(canonical($0.key)): \(canonical($0.value))" }
        return "{ " + pairs.joined(separator: ", ") + " }"
    }

    /// The root mapping of a file.
    static func root(of source: SchemeSource, faults: FaultLog) -> Fields? {
        do {
            guard let node = try Yams.compose(yaml: source.text) else {
                faults.report(
                    .notYAML, at: Place(file: source.file, line: 1, column: 1), "the file is empty", "write the scheme")
                return nil
            }
            return Fields(node, file: source.file, faults: faults)
        } catch {
            let (line, column, what) = describe(error)
            faults.report(
                .notYAML, at: Place(file: source.file, line: line, column: column), "not YAML: \(what)",
                "check indentation, colons and quotes around this line")
            return nil
        }
    }

    private static func describe(_ error: any Error) -> (Int, Int, String) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            (mark.line, mark.column, problem)
        case .duplicatedKeysInMapping(let duplicates, let context):
            (
                context.mark.line, context.mark.column,
                "the key `\(duplicates.sorted().first ?? "")` stands twice"
            )
        default: (1, 1, "unreadable")
        }
    }
}
