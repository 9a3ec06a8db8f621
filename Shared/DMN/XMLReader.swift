/// An element of an XML document with its namespace resolved.
struct XMLElement {
    /// The name without prefix.
    let name: String
    /// The namespace the prefix stands for; empty when there is none.
    let namespace: String
    /// The attributes by name; those with a prefix as `namespace|name`.
    let attributes: [String: String]
    var children: [XMLElement] = []
    /// The text directly inside the element.
    var text = ""

    /// The children of a name, whatever their namespace.
    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// The first child of a name.
    func first(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    /// The text without spaces around it; nil when there is none.
    var trimmedText: String? {
        let trimmed = XMLElement.trimmed(text)
        return trimmed.isEmpty ? nil : trimmed
    }

    static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let isSpace: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "\r" }
        guard let start = scalars.firstIndex(where: { !isSpace($0) }),
            let end = scalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(scalars[start...end])
    }
}

/// Reads XML strictly and safely: no document type, hence no entities of the document's own, and bounds on everything.
struct XMLReader {
    private let bytes: [UInt8]
    private var position = 0
    private var elements = 0

    static let sizeLimit = 16 << 20
    static let depthLimit = 100
    static let elementLimit = 500_000

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The root element of a document in UTF-8.
    static func document(_ bytes: [UInt8]) throws(DMNError) -> XMLElement {
        guard bytes.count <= sizeLimit else { throw .xml(line: 1, message: "the document is larger than 16 MiB") }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw .xml(line: 1, message: "the document is not UTF-8")
        }
        var reader = XMLReader(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes)
        try reader.skipProlog()
        guard reader.at("<") else { throw reader.failure("expected the root element") }
        let root = try reader.element(depth: 1, scope: ["xml": "http://www.w3.org/XML/1998/namespace"])
        try reader.skipProlog()
        guard reader.position == reader.bytes.count else { throw reader.failure("expected the end of the document") }
        return root
    }

    // MARK: characters

    private func at(_ text: StaticString) -> Bool {
        let wanted = text.description.utf8
        return position + wanted.count <= bytes.count && bytes[position..<position + wanted.count].elementsEqual(wanted)
    }

    private func failure(_ message: String) -> DMNError {
        let line = bytes[..<min(position, bytes.count)].count { $0 == 10 } + 1
        return .xml(line: line, message: message)
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 32 || (byte >= 9 && byte <= 13) { position += 1 }
    }

    private mutating func skip(past end: StaticString, _ what: String) throws(DMNError) {
        while position < bytes.count, !at(end) { position += 1 }
        guard position < bytes.count else { throw failure("\(what) is not closed") }
        position += end.description.utf8.count
    }

    /// Skips spaces, comments, processing instructions and the XML declaration; refuses a document type.
    private mutating func skipProlog() throws(DMNError) {
        while true {
            skipSpace()
            if at("<?") {
                try skip(past: "?>", "a processing instruction")
            } else if at("<!--") {
                try skip(past: "-->", "a comment")
            } else if at("<!") {
                throw failure("document types are not accepted")
            } else {
                return
            }
        }
    }

    private mutating func name() throws(DMNError) -> String {
        let start = position
        while let byte = current {
            let isName =
                (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || (byte >= 48 && byte <= 58) || byte == 95
                || byte == 45 || byte == 46 || byte >= 128
            if !isName { break }
            position += 1
        }
        guard position > start else { throw failure("expected a name") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    // MARK: elements

    private mutating func element(depth: Int, scope: [String: String]) throws(DMNError) -> XMLElement {
        elements += 1
        guard depth <= Self.depthLimit else { throw failure("elements are nested deeper than \(Self.depthLimit)") }
        guard elements <= Self.elementLimit else { throw failure("the document has too many elements") }
        position += 1
        let tag = try name()
        let raw = try attributes()
        var scope = scope
        for (name, value) in raw {
            if name == "xmlns" { scope[""] = value }
            if name.hasPrefix("xmlns:") { scope[String(name.dropFirst(6))] = value }
        }
        let (namespace, local) = try resolve(tag, scope, isElement: true)
        var resolved: [String: String] = [:]
        for (name, value) in raw where name != "xmlns" && !name.hasPrefix("xmlns:") {
            let (namespace, local) = try resolve(name, scope, isElement: false)
            resolved[namespace.isEmpty ? local : namespace + "|" + local] = value
        }
        var element = XMLElement(name: local, namespace: namespace, attributes: resolved)
        if at("/>") {
            position += 2
            return element
        }
        guard at(">") else { throw failure("expected “>” after the attributes of “\(tag)”") }
        position += 1
        try content(of: &element, tag: tag, depth: depth, scope: scope)
        return element
    }

    private func resolve(
        _ name: String, _ scope: [String: String], isElement: Bool
    ) throws(DMNError) -> (namespace: String, local: String) {
        guard let colon = name.firstIndex(of: ":") else { return (isElement ? scope[""] ?? "" : "", name) }
        guard let namespace = scope[String(name[..<colon])] else {
            throw failure("the prefix of “\(name)” is not declared")
        }
        return (namespace, String(name[name.index(after: colon)...]))
    }

    private mutating func attributes() throws(DMNError) -> [(name: String, value: String)] {
        var result: [(name: String, value: String)] = []
        while true {
            skipSpace()
            guard let byte = current, byte != UInt8(ascii: ">"), byte != UInt8(ascii: "/") else { return result }
            let name = try name()
            skipSpace()
            guard at("=") else { throw failure("expected “=” after “\(name)”") }
            position += 1
            skipSpace()
            guard let quote = current, quote == 34 || quote == 39 else { throw failure("expected a quoted value") }
            position += 1
            var value: [UInt8] = []
            while let byte = current, byte != quote {
                guard byte != UInt8(ascii: "<") else { throw failure("“<” stands inside a value") }
                try take(into: &value)
            }
            guard current == quote else { throw failure("a value is not closed") }
            position += 1
            guard !result.contains(where: { $0.name == name }) else { throw failure("“\(name)” is given twice") }
            result.append((name, String(decoding: value, as: UTF8.self)))
        }
    }

    /// Takes one character or reference into a text.
    private mutating func take(into text: inout [UInt8]) throws(DMNError) {
        guard let byte = current else { return }
        guard byte == UInt8(ascii: "&") else {
            // A line end is one character however it is written.
            if byte == 13 {
                if position + 1 >= bytes.count || bytes[position + 1] != 10 { text.append(10) }
            } else {
                text.append(byte)
            }
            position += 1
            return
        }
        let start = position + 1
        while let next = current, next != UInt8(ascii: ";"), position - start < 12 { position += 1 }
        guard current == UInt8(ascii: ";") else { throw failure("a reference is not closed") }
        let name = String(decoding: bytes[start..<position], as: UTF8.self)
        position += 1
        guard let scalar = Self.character(name) else { throw failure("there is no character “&\(name);”") }
        text.append(contentsOf: String(Character(scalar)).utf8)
    }

    private static func character(_ name: String) -> Unicode.Scalar? {
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard name.hasPrefix("#") else { return nil }
            let digits = name.dropFirst()
            let code = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            guard let code, code != 0 else { return nil }
            return Unicode.Scalar(code)
        }
    }

    private mutating func content(
        of element: inout XMLElement, tag: String, depth: Int, scope: [String: String]
    ) throws(DMNError) {
        var text: [UInt8] = []
        while position < bytes.count {
            if at("</") {
                position += 2
                guard try name() == tag else { throw failure("“\(tag)” is closed by another name") }
                skipSpace()
                guard at(">") else { throw failure("expected “>”") }
                position += 1
                element.text = String(decoding: text, as: UTF8.self)
                return
            }
            if at("<!--") {
                try skip(past: "-->", "a comment")
            } else if at("<![CDATA[") {
                let start = position + 9
                try skip(past: "]]>", "a CDATA section")
                text.append(contentsOf: bytes[start..<position - 3])
            } else if at("<?") {
                try skip(past: "?>", "a processing instruction")
            } else if at("<") {
                element.children.append(try self.element(depth: depth + 1, scope: scope))
            } else {
                try take(into: &text)
            }
        }
        throw failure("“\(tag)” is not closed")
    }
}
