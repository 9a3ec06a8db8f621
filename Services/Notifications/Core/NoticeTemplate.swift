import Mustache
import Synchronization

/// A mustache template for plain text, checked before it is used: a name without a value is a fault, never a gap.
///
/// Names are those of figures and facts, so they may hold spaces and any letters; the engine sees short names instead.
public struct NoticeTemplate: Sendable {
    private let template: MustacheTemplate
    private let rule: String
    private let names: TemplateNames

    /// Parses a template.
    ///
    /// - Throws: ``NoticeFault/brokenTemplate(rule:reason:)`` for what is not mustache, and for tags beyond variables,
    ///   sections and comments.
    public init(_ text: String, rule: String) throws(NoticeFault) {
        var names = TemplateNames()
        let rewritten = try Self.rewritten(text, rule, &names)
        self.rule = rule
        self.names = names
        do {
            // Notices are plain text: what leads to a page is escaped there.
            self.template = try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}" + rewritten)
        } catch {
            throw .brokenTemplate(rule: rule, reason: "the template is not mustache")
        }
    }

    /// The text with its values.
    ///
    /// - Throws: ``NoticeFault/missingValue(name:rule:)`` for the first name in alphabetical order without a value.
    public func render(_ values: [String: String], rows: [[String: String]]) throws(NoticeFault) -> String {
        var objects: [String: any Sendable] = names.shortened(values)
        if let short = names.short["rows"] { objects[short] = rows.map { names.shortened($0) } }
        let root = Values(objects)
        let text = template.render(root)
        let missing = root.missing.compactMap { names.long[$0] }
        if let name = Set(missing).subtracting(names.optional).min() {
            throw .missingValue(name: name, rule: rule)
        }
        return text
    }

    /// The template with short names in its tags; the names are noted on the way.
    private static func rewritten(
        _ text: String, _ rule: String, _ names: inout TemplateNames
    ) throws(NoticeFault) -> String {
        var rewritten = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "{{") {
            rewritten += rest[..<open.lowerBound]
            rest = rest[open.upperBound...]
            guard let close = rest.firstRange(of: "}}") else {
                throw .brokenTemplate(rule: rule, reason: "a tag is not closed")
            }
            let tag = rest[..<close.lowerBound]
            rest = rest[close.upperBound...]
            // Three braces and & differ from two only in escaping, which plain text does not have.
            if tag.first == "{", rest.first == "}" { rest = rest.dropFirst() }
            rewritten += try shortTag(tag, rule, &names)
        }
        return rewritten + rest
    }

    private static func shortTag(
        _ tag: Substring, _ rule: String, _ names: inout TemplateNames
    ) throws(NoticeFault) -> String {
        guard let sign = tag.first else { throw .brokenTemplate(rule: rule, reason: "a tag is empty") }
        switch sign {
        case "!": return ""
        case "#", "^", "/":
            let name = trimmed(tag.dropFirst())
            if sign != "/" { names.optional.insert(name) }
            return "{{\(sign)\(names.shorten(name))}}"
        case ">", "<", "$", "=", "%", "*":
            throw .brokenTemplate(rule: rule, reason: "the tag {{\(tag)}} is not one that notices have")
        default:
            let name = trimmed(sign == "{" || sign == "&" ? tag.dropFirst() : tag)
            return name == "." ? "{{.}}" : "{{\(names.shorten(name))}}"
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

/// The names of a template and the short ones that the engine sees.
private struct TemplateNames {
    private(set) var short: [String: String] = [:]
    private(set) var long: [String: String] = [:]
    /// Names that open a section, and so may be absent.
    var optional: Set<String> = []

    mutating func shorten(_ name: String) -> String {
        if let known = short[name] { return known }
        let made = "v\(short.count)"
        short[name] = made
        long[made] = name
        return made
    }

    func shortened(_ values: [String: String]) -> [String: String] {
        var shortened: [String: String] = [:]
        for (name, value) in values {
            if let short = short[name] { shortened[short] = value }
        }
        return shortened
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
