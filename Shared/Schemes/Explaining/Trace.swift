import Domain
import Foundation

/// Where every figure of a result comes from.
public struct Trace: Hashable, Sendable, Codable {
    public var scheme: String
    public var version: Int
    public var subject: String
    public var period: String
    /// The record-time cut the inputs were read at.
    public var cut: String
    public var nodes: [TraceNode]

    /// Canonical JSON: sorted keys, no white space.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Reads what ``json`` wrote.
    public init(json: String) throws {
        self = try JSONDecoder().decode(Trace.self, from: Data(json.utf8))
    }

    init(scheme: String, version: Int, subject: String, period: String, cut: String, nodes: [TraceNode]) {
        self.scheme = scheme
        self.version = version
        self.subject = subject
        self.period = period
        self.cut = cut
        self.nodes = nodes
    }
}

/// One figure: its formula, the numbers put in, and the rule it follows.
public struct TraceNode: Hashable, Sendable, Codable {
    public var figure: String
    public var title: BilingualText
    /// The kind of element: `measure`, `figure`, `table`, `pay` …
    public var kind: String
    public var formula: String
    /// The formula with numbers in the place of names.
    public var filled: String
    public var value: String
    public var unit: String
    public var rule: String
    public var clause: String
    public var inputs: [TraceInput]
    public var sources: [TraceSource]
}

/// A figure that went into another.
public struct TraceInput: Hashable, Sendable, Codable {
    public var name: String
    public var value: String
}

/// Facts that a measure counted: the series, its window, and how many.
public struct TraceSource: Hashable, Sendable, Codable {
    public var series: String
    public var window: String
    public var facts: Int64
}

extension Trace {
    /// The trace as a text that a manager can read, one figure after the other.
    public func render(_ language: Language) -> String {
        let head =
            switch language {
            case .zh: "\(scheme) 第\(version)版，\(subject)，\(period)"
            case .en: "\(scheme) version \(version), \(subject), \(period)"
            }
        return ([head] + nodes.map { $0.render(language) }).joined(separator: "\n")
    }
}

extension Trace {
    /// One figure, then what went into it, each further in than what it explains.
    public func explain(_ figure: String, _ language: Language) -> String {
        var lines: [String] = []
        var shown: Set<String> = []
        func add(_ name: String, depth: Int) {
            guard let node = nodes.first(where: { $0.figure == name }), shown.insert(name).inserted else { return }
            let indent = String(repeating: "  ", count: depth)
            lines += node.render(language).split(separator: "\n").map { indent + $0 }
            for input in node.inputs { add(input.name, depth: depth + 1) }
        }
        add(figure, depth: 0)
        return lines.joined(separator: "\n")
    }
}

extension TraceNode {
    /// The figure, its value and how it came about.
    public func render(_ language: Language) -> String {
        let shown = value.isEmpty ? (language == .zh ? "无" : "none") : value
        var lines = ["\(title.in(language)) = \(shown)\(unit.isEmpty || unit == "text" ? "" : " \(unit)")"]
        if !filled.isEmpty, filled != value { lines.append("    = \(filled)") }
        if !formula.isEmpty, formula != filled { lines.append("    = \(formula)") }
        for source in sources {
            let label = language == .zh ? "事实" : "facts"
            lines.append("    \(label): \(source.series), \(source.window), \(source.facts)")
        }
        if !clause.isEmpty { lines.append("    \(language == .zh ? "依据" : "rule"): \(clause)") }
        return lines.joined(separator: "\n")
    }
}
