internal import Yams

/// A fault of the source configuration, where it stands and what to write instead.
public struct ConfigurationFault: Error, Hashable, Sendable, Comparable, CustomStringConvertible {
    public var line: Int
    public var column: Int
    public var message: String

    public static func < (lhs: ConfigurationFault, rhs: ConfigurationFault) -> Bool {
        (lhs.line, lhs.column, lhs.message) < (rhs.line, rhs.column, rhs.message)
    }

    public var description: String { "\(line):\(column): \(message)" }
}

/// Every fault of a configuration at once.
public struct ConfigurationFaults: Error, Hashable, Sendable, CustomStringConvertible {
    public var faults: [ConfigurationFault]

    public var code: String { "GR-INTAKE-001" }
    public var description: String {
        "the source configuration has \(faults.count) fault(s): "
            + faults.map(\.description).joined(separator: "; ")
    }
}

extension SourceDocument {
    /// Reads `sources.yaml`.
    ///
    /// - Throws: every fault with its line and column; a key that is not known is a fault.
    public init(yaml: String) throws(ConfigurationFaults) {
        let root: Node?
        do {
            root = try compose(yaml: yaml)
        } catch {
            throw ConfigurationFaults(faults: [Self.fault(of: error)])
        }
        guard let root else {
            throw ConfigurationFaults(faults: [
                .init(line: 1, column: 1, message: "the file is empty; list at least one source")
            ])
        }
        var reader = SourceDocumentReader()
        let document = reader.document(root)
        guard reader.faults.isEmpty else { throw ConfigurationFaults(faults: reader.faults.sorted()) }
        self = document
    }

    private static func fault(of error: any Error) -> ConfigurationFault {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            ConfigurationFault(line: mark.line, column: mark.column, message: "not YAML: \(problem)")
        default: ConfigurationFault(line: 1, column: 1, message: "not YAML: \(error)")
        }
    }
}

/// Walks the YAML tree and notes everything that is wrong on the way.
struct SourceDocumentReader {
    var faults: [ConfigurationFault] = []
    var document = SourceDocument()

    mutating func fault(_ node: Node?, _ message: String) {
        faults.append(
            ConfigurationFault(line: node?.mark?.line ?? 1, column: node?.mark?.column ?? 1, message: message))
    }

    /// The members of a mapping; notes names that are not among `known`, and `required` ones that are missing.
    mutating func members(
        _ node: Node, _ what: String, required: [String], optional: [String] = []
    ) -> [String: Node] {
        guard let mapping = node.mapping else {
            fault(node, "\(what) must be a mapping")
            return [:]
        }
        var members: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.string, required.contains(name) || optional.contains(name) else {
                let known = (required + optional).sorted().joined(separator: ", ")
                fault(key, "\(what) has no '\(key.string ?? "?")'; it may have: \(known)")
                continue
            }
            members[name] = value
        }
        for name in required where members[name] == nil { fault(node, "\(what) needs '\(name)'") }
        return members
    }

    mutating func text(_ node: Node?, _ what: String) -> String? {
        guard let node else { return nil }
        guard let text = node.scalar?.string, !text.isEmpty else {
            fault(node, "\(what) must be text")
            return nil
        }
        return text
    }

    mutating func texts(_ node: Node?, _ what: String) -> [String] {
        guard let node else { return [] }
        guard let sequence = node.sequence else {
            fault(node, "\(what) must be a list")
            return []
        }
        return sequence.compactMap { text($0, "each of \(what)") }
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ node: Node?, _ what: String, _ fallback: Choice
    ) -> Choice where Choice.RawValue == String {
        guard let node, let text = text(node, what) else { return fallback }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            fault(node, "\(what) '\(text)' is not known; write one of: \(known)")
            return fallback
        }
        return choice
    }

    /// `+08:00` as minutes.
    mutating func zone(_ node: Node?, _ fallback: Int) -> Int {
        guard let node, let text = text(node, "zone") else { return fallback }
        let parts = text.dropFirst().split(separator: ":")
        guard text.utf8.count == 6, text.hasPrefix("+") || text.hasPrefix("-"), parts.count == 2,
            let hours = Int(parts[0]), let minutes = Int(parts[1]), (0...18).contains(hours), (0..<60).contains(minutes)
        else {
            fault(node, "zone must be an offset such as \"+08:00\"")
            return fallback
        }
        return (text.hasPrefix("-") ? -1 : 1) * (hours * 60 + minutes)
    }

    mutating func document(_ root: Node) -> SourceDocument {
        let members = members(
            root, "the document", required: ["version", "types", "sources"],
            optional: ["zone", "units", "stock", "unknownSubjects", "shared"])
        if let version = members["version"], version.int != 1 { fault(version, "version must be 1") }
        document.zoneMinutes = zone(members["zone"], 480)
        document.units = members["units"] == nil ? ["CNY"] : texts(members["units"], "units")
        document.types = texts(members["types"], "types")
        for node in members["types"]?.sequence.map(Array.init) ?? [] where !Self.isType(node.string ?? "") {
            fault(node, "a fact type is written like 'deposit.moved': lower-case words joined with dots")
        }
        let stock = texts(members["stock"], "stock")
        for type in stock where !document.types.contains(type) {
            fault(members["stock"], "stock type '\(type)' is not among 'types'")
        }
        document.stock = StockTypes(Set(stock))
        if let node = members["unknownSubjects"] {
            let choice = text(node, "unknownSubjects") ?? "hold"
            if !["hold", "refuse"].contains(choice) { fault(node, "unknownSubjects must be 'hold' or 'refuse'") }
            document.refusesUnknownSubjects = choice == "refuse"
        }
        readSources(members["sources"])
        return document
    }

    private mutating func readSources(_ node: Node?) {
        guard let node else { return }
        guard let sequence = node.sequence, !sequence.isEmpty else {
            return fault(node, "sources must be a list of at least one")
        }
        var ids: Set<String> = []
        var inlets: Set<String> = []
        for entry in sequence {
            guard let source = source(entry) else { continue }
            if !ids.insert(source.id).inserted { fault(entry, "source '\(source.id)' is defined twice") }
            switch source.inlet {
            case .kafka(let topic, _) where !inlets.insert("kafka:" + topic).inserted:
                fault(entry, "topic '\(topic)' is read by two sources")
            case .folder(let folder) where !inlets.insert("folder:" + folder.path).inserted:
                fault(entry, "folder '\(folder.path)' is read by two sources")
            default: break
            }
            document.sources.append(source)
        }
    }

    /// `[a-z]+(\.[a-z-]+)+`, at most 64 bytes.
    static func isType(_ text: String) -> Bool {
        let words = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 64 && words.count > 1
            && words.enumerated().allSatisfy { index, word in
                !word.isEmpty && word.utf8.allSatisfy { (0x61...0x7A).contains($0) || ($0 == 0x2D && index > 0) }
            }
    }

    /// What references are made of everywhere: see ``ProblemCode/badReference``.
    static func isReference(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x22 && $0 != 0x5C && $0 != 0x2F }
    }
}
