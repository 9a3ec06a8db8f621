import Domain
import FEEL

/// Why two versions come to different outcomes for a subject: the first figures whose values differ, and the elements
/// that were changed.
public struct OutcomeCause: Hashable, Sendable, Codable {
    /// The element or figure.
    public let element: String
    /// `parameter`, `table`, `measure` … ; of a figure, the kind of its element.
    public let kind: String
    public let rule: String
    public let clause: String
    /// The values for this subject; empty when the element has none of its own.
    public let before: String
    public let after: String
    /// How the element was changed, such as `value: 95 → 90`; empty when only its inputs differ.
    public let edit: String

    /// The causes of a difference, in the order in which figures are computed.
    ///
    /// - Parameters:
    ///   - old: the version before with its outcome and its trace: own figures, comparison with others and pay.
    ///   - new: the same for the version after.
    public static func causes(
        _ old: (scheme: Scheme, outcome: SubjectOutcome, nodes: [TraceNode]),
        _ new: (scheme: Scheme, outcome: SubjectOutcome, nodes: [TraceNode]), edits: [SchemeDifference]
    ) -> [OutcomeCause] {
        CauseSearch(old: old, new: new, edits: edits).run()
    }
}

private struct CauseSearch {
    typealias Side = (scheme: Scheme, outcome: SubjectOutcome, nodes: [TraceNode])

    let old: Side
    let new: Side
    let edits: [String: [SchemeDifference]]
    private let before: [String: TraceNode]
    private let after: [String: TraceNode]
    private let values: (old: [String: String], new: [String: String])

    init(old: Side, new: Side, edits: [SchemeDifference]) {
        self.old = old
        self.new = new
        self.edits = Dictionary(grouping: edits, by: \.element)
        before = Dictionary(old.nodes.map { ($0.figure, $0) }) { first, _ in first }
        after = Dictionary(new.nodes.map { ($0.figure, $0) }) { first, _ in first }
        values = (Self.values(old.nodes), Self.values(new.nodes))
    }

    /// Values by name; a figure computed for many customers has them one after the other. What only goes in counts, too.
    private static func values(_ nodes: [TraceNode]) -> [String: String] {
        var values: [String: String] = [:]
        for node in nodes { values[node.figure] = values[node.figure].map { $0 + "; " + node.value } ?? node.value }
        for input in nodes.flatMap(\.inputs) where values[input.name] == nil { values[input.name] = input.value }
        return values
    }

    func run() -> [OutcomeCause] {
        let relevant = closure(of: starts())
        let names = order().filter { relevant.contains($0) }
        let figures = names.filter { differs($0) && (isRoot($0) || !changes(of: $0).isEmpty) }
        var causes = figures.map(cause)
        let named = Set(figures.map(element))
        for name in edits.keys.sorted() where relevant.contains(name) && !named.contains(name) {
            causes.append(cause(name))
        }
        return causes
    }

    /// What acts differently, and everything that is named where it is written.
    private func starts() -> Set<String> {
        var names = old.outcome.changedElements(new.outcome)
        for element in names { names.formUnion(mentions(element)) }
        if old.outcome.score != new.outcome.score {
            names.formUnion((old.nodes + new.nodes).filter { $0.kind == "scorecard" }.map(\.figure))
        }
        if old.outcome.grade != new.outcome.grade {
            names.formUnion((old.nodes + new.nodes).filter { $0.kind == "ladder" }.map(\.figure))
        }
        return names
    }

    private func mentions(_ name: String) -> Set<String> {
        var found: Set<String> = []
        for scheme in [old.scheme, new.scheme] {
            for element in scheme.storage.elements where element.name == name {
                let text = element.values.filter { $0.key != "clause" && $0.key != "title" }.values.joined(
                    separator: " ")
                for other in scheme.storage.names.all where text.contains(other) { found.insert(other) }
            }
        }
        return found
    }

    private func closure(of starts: Set<String>) -> Set<String> {
        var found: Set<String> = []
        var open = Array(starts)
        while let name = open.popLast() {
            guard found.insert(name).inserted else { continue }
            found.insert(element(name))
            open += inputs(of: name)
        }
        return found
    }

    private func order() -> [String] {
        var seen: Set<String> = []
        return (new.nodes + old.nodes).flatMap { $0.inputs.map(\.name) + [$0.figure] }.filter {
            seen.insert($0).inserted
        }
    }

    private func inputs(of name: String) -> [String] {
        (before[name]?.inputs ?? []).map(\.name) + (after[name]?.inputs ?? []).map(\.name)
    }

    private func differs(_ name: String) -> Bool { values.old[name] ?? "" != values.new[name] ?? "" }

    private func isRoot(_ name: String) -> Bool { !inputs(of: name).contains(where: differs) }

    private func changes(of name: String) -> [SchemeDifference] { edits[element(name)] ?? [] }

    /// The element that a figure belongs to: a column of a table is named in the table's formula.
    private func element(_ figure: String) -> String {
        guard let node = after[figure] ?? before[figure], node.kind == "table",
            let end = node.formula.firstIndex(of: "(")
        else { return figure }
        return String(node.formula[..<end])
    }

    private func cause(_ name: String) -> OutcomeCause {
        let node = after[name] ?? before[name]
        let changes = changes(of: name)
        let written =
            new.scheme.storage.elements.first { $0.name == name }
            ?? old.scheme.storage.elements.first { $0.name == name }
        return OutcomeCause(
            element: name, kind: node?.kind ?? written?.kind ?? "", rule: node?.rule ?? written?.clause.rule ?? "",
            clause: node?.clause ?? written?.clause.text ?? "", before: values.old[name] ?? "",
            after: values.new[name] ?? "", edit: changes.map(\.edit).joined(separator: ", "))
    }
}

extension SchemeDifference {
    fileprivate var edit: String {
        switch change {
        case .added: "added"
        case .removed: "removed"
        case .changed: "\(key): \(before) → \(after)"
        }
    }
}
