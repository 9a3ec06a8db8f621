import Mustache
import Synchronization

/// A mustache template for plain text, checked before it is used: a name without a value is a fault, never a gap.
public struct NoticeTemplate: Sendable {
    private let template: MustacheTemplate
    private let rule: String
    /// Names that open a section, and so may be absent.
    private let optional: Set<String>
    /// Every name that the template uses.
    public let names: Set<String>

    /// Parses a template.
    ///
    /// - Throws: ``NoticeFault/brokenTemplate(rule:reason:)`` for what is not mustache, and for tags beyond variables,
    ///   sections and comments.
    public init(_ text: String, rule: String) throws(NoticeFault) {
        let tags = try Self.tags(text, rule)
        self.rule = rule
        self.optional = Set(tags.filter { $0.kind == .section }.map(\.name))
        self.names = Set(tags.map(\.name))
        do {
            // Notices are plain text: what leads to a page is escaped there.
            self.template = try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}" + text)
        } catch {
            throw .brokenTemplate(rule: rule, reason: "the template is not mustache")
        }
    }

    /// The text with its values.
    ///
    /// - Throws: ``NoticeFault/missingValue(name:rule:)`` for the first name in alphabetical order without a value.
    public func render(_ values: [String: String], rows: [[String: String]]) throws(NoticeFault) -> String {
        var objects: [String: any Sendable] = values
        objects["rows"] = rows
        let root = Values(objects)
        let text = template.render(root)
        if let name = root.missing.subtracting(optional).min() {
            throw .missingValue(name: name, rule: rule)
        }
        return text
    }

    private struct Tag {
        enum Kind { case variable, section }
        var kind: Kind
        var name: String
    }

    /// The tags of a template that name something.
    private static func tags(_ text: String, _ rule: String) throws(NoticeFault) -> [Tag] {
        var tags: [Tag] = []
        var rest = text[...]
        while let open = rest.firstRange(of: "{{") {
            rest = rest[open.upperBound...]
            guard let close = rest.firstRange(of: "}}") else {
                throw .brokenTemplate(rule: rule, reason: "a tag is not closed")
            }
            var tag = rest[..<close.lowerBound]
            rest = rest[close.upperBound...]
            let kind = tag.first
            if let kind, "#^/!&{".contains(kind) { tag = tag.dropFirst() }
            let name = String(tag.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            switch kind {
            case "!", "/": continue
            case "#", "^": tags.append(Tag(kind: .section, name: name))
            case ">", "<", "$", "=", "%", "*":
                throw .brokenTemplate(rule: rule, reason: "the tag {{\(tag)}} is not one that notices have")
            default: if name != "." { tags.append(Tag(kind: .variable, name: name)) }
            }
        }
        return tags
    }
}

/// The outermost values of a template; remembers what was asked for in vain.
private final class Values: MustacheParent {
    private let objects: [String: any Sendable]
    private let asked = Mutex<Set<String>>([])

    init(_ objects: [String: any Sendable]) {
        self.objects = objects
    }

    var missing: Set<String> { asked.withLock { $0 } }

    func child(named name: String) -> Any? {
        if let object = objects[name] { return object }
        asked.withLock { _ = $0.insert(name) }
        return nil
    }
}
