/// What changes from one version of a scheme to another, for whoever approves the new one.
public struct SchemeDifference: Hashable, Sendable {
    public enum Change: String, Sendable { case added, removed, changed }

    public let change: Change
    /// The kind of element: `parameter`, `finding` …
    public let kind: String
    public let element: String
    public let rule: String
    /// The key that changed; empty for an element added or removed.
    public let key: String
    public let before: String
    public let after: String

    /// All differences, in the order of the old document and then of what is new.
    public static func between(_ old: Scheme, _ new: Scheme) -> [SchemeDifference] {
        var differences: [SchemeDifference] = []
        let newElements = new.storage.elements
        for element in old.storage.elements {
            guard let match = newElements.first(where: { $0.kind == element.kind && $0.name == element.name }) else {
                differences.append(whole(.removed, element))
                continue
            }
            differences += changes(element, match)
        }
        for element in newElements
        where !old.storage.elements.contains(where: { $0.kind == element.kind && $0.name == element.name }) {
            differences.append(whole(.added, element))
        }
        return differences
    }

    private static func whole(_ change: Change, _ element: WrittenElement) -> SchemeDifference {
        SchemeDifference(
            change: change, kind: element.kind, element: element.name, rule: element.clause.rule, key: "", before: "",
            after: "")
    }

    private static func changes(_ old: WrittenElement, _ new: WrittenElement) -> [SchemeDifference] {
        Set(old.values.keys).union(new.values.keys).sorted().compactMap { key in
            let before = old.values[key] ?? ""
            let after = new.values[key] ?? ""
            guard before != after else { return nil }
            return SchemeDifference(
                change: .changed, kind: new.kind, element: new.name, rule: new.clause.rule, key: key, before: before,
                after: after)
        }
    }
}

extension SchemeDifference: CustomStringConvertible {
    public var description: String {
        switch change {
        case .added: "+ \(kind) `\(element)` (\(rule))"
        case .removed: "- \(kind) `\(element)` (\(rule))"
        case .changed: "~ \(kind) `\(element)` (\(rule)) \(key): \(before) → \(after)"
        }
    }
}
