/// Markup that can be made only from escaped text and named elements, so that no value becomes a tag.
public struct HTML: Hashable, Sendable {
    /// The finished markup.
    public let markup: String

    private init(markup: String) {
        self.markup = markup
    }

    /// Text as it is meant to be read.
    public static func text(_ text: String) -> HTML {
        HTML(markup: escaped(text))
    }

    /// An element with attributes and content.
    public static func element(
        _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:], _ content: HTML...
    ) -> HTML {
        element(name, attributes, content)
    }

    /// An element with attributes and a list as content.
    public static func element(
        _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:], _ content: [HTML]
    ) -> HTML {
        let written = attributes.map { " \($0.key)=\"\(escaped($0.value))\"" }.joined()
        return HTML(markup: "<\(name)\(written)>" + content.map(\.markup).joined() + "</\(name)>")
    }

    /// An element that holds only text.
    public static func element(
        _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:], text: String
    ) -> HTML {
        element(name, attributes, [.text(text)])
    }

    /// An element that holds nothing and has no end tag, such as `input`.
    public static func void(_ name: StaticString, _ attributes: KeyValuePairs<StaticString, String>) -> HTML {
        HTML(markup: "<\(name)" + attributes.map { " \($0.key)=\"\(escaped($0.value))\"" }.joined() + ">")
    }

    /// Nothing.
    public static let empty = HTML(markup: "")

    /// One after the other.
    public static func + (lhs: HTML, rhs: HTML) -> HTML {
        HTML(markup: lhs.markup + rhs.markup)
    }

    /// A whole document in the house style, without scripts.
    public static func page(title: String, language: String, _ content: HTML...) -> String {
        let head = HTML.element(
            "head", [:], .void("meta", ["charset": "utf-8"]),
            .void("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
            .element("title", text: title), HTML(markup: "<style>\(Stylesheet.text)</style>"))
        let main = HTML.element("main", [:], content)
        let document = HTML.element("html", ["lang": language], head, .element("body", [:], main))
        return "<!doctype html>\n" + document.markup + "\n"
    }

    /// Escapes the five characters that mean something in markup and drops control characters.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\n", "\t": escaped.unicodeScalars.append(scalar)
            default:
                if scalar.value >= 0x20, scalar.value != 0x7F { escaped.unicodeScalars.append(scalar) }
            }
        }
        return escaped
    }
}
