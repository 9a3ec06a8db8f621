import Domain

extension Builtins {
    static let strings: [Builtin] = [
        Builtin("substring", [Form("string", "start position", "length", required: 2)], substring),
        text("string length", ["string"]) { .number($0[0].unicodeScalars.count) },
        text("upper case", ["string"]) { .string($0[0].uppercased()) },
        text("lower case", ["string"]) { .string($0[0].lowercased()) },
        text("substring before", ["string", "match"]) { texts in
            let characters = Array(texts[0].unicodeScalars)
            let found = position(of: Array(texts[1].unicodeScalars), in: characters)
            return .string(found.map { makeString(characters[..<$0]) } ?? "")
        },
        text("substring after", ["string", "match"]) { texts in
            let characters = Array(texts[0].unicodeScalars)
            let match = Array(texts[1].unicodeScalars)
            let found = position(of: match, in: characters)
            return .string(found.map { makeString(characters[($0 + match.count)...]) } ?? "")
        },
        text("contains", ["string", "match"]) { texts in
            .boolean(position(of: Array(texts[1].unicodeScalars), in: Array(texts[0].unicodeScalars)) != nil)
        },
        text("starts with", ["string", "match"]) { .boolean($0[0].unicodeScalars.starts(with: $0[1].unicodeScalars)) },
        text("ends with", ["string", "match"]) { texts in
            .boolean(texts[0].unicodeScalars.reversed().starts(with: texts[1].unicodeScalars.reversed()))
        },
        Builtin("string join", [Form("list", "delimiter", required: 1)], join),
    ]

    private static func text(
        _ name: String, _ parameters: [String], _ body: @escaping @Sendable ([String]) -> Value
    ) -> Builtin {
        let form = parameters.count == 1 ? Form(parameters[0]) : Form(parameters[0], parameters[1])
        return Builtin(name, [form]) { arguments, frame in
            var texts: [String] = []
            for index in arguments.indices {
                guard let text = string(arguments, index) else { return wrong(name, arguments, &frame) }
                texts.append(text)
            }
            guard frame.spend(texts[0].utf8.count / 64) else { return .null }
            return body(texts)
        }
    }

    static func makeString(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var result = ""
        result.unicodeScalars.append(contentsOf: scalars)
        return result
    }

    /// Where a text first stands in another, in characters; texts are compared character by character.
    static func position(of match: [Unicode.Scalar], in text: [Unicode.Scalar]) -> Int? {
        guard match.count <= text.count else { return nil }
        guard let first = match.first else { return 0 }
        for start in 0...(text.count - match.count) where text[start] == first {
            if text[start..<start + match.count].elementsEqual(match) { return start }
        }
        return nil
    }

    private static func substring(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        guard let text = string(arguments, 0), let start = integer(arguments, 1) else {
            return wrong("substring", arguments, &frame)
        }
        let characters = Array(text.unicodeScalars)
        guard start != 0, start.magnitude <= characters.count else {
            return frame.fail("“substring” has no position \(start) in a text of \(characters.count) characters")
        }
        let from = start > 0 ? start - 1 : characters.count + start
        var to = characters.count
        if arguments.count == 3, !arguments[2].isNull {
            guard let length = integer(arguments, 2) else { return wrong("substring", arguments, &frame) }
            guard length > 0 else { return frame.fail("“substring” needs a length of one or more") }
            to = min(to, from + min(length, characters.count))
        }
        return .string(makeString(characters[from..<to]))
    }

    private static func join(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        guard let values = list(arguments[0]) else { return wrong("string join", arguments, &frame) }
        var delimiter = ""
        if arguments.count == 2, !arguments[1].isNull {
            guard let given = string(arguments, 1) else { return wrong("string join", arguments, &frame) }
            delimiter = given
        }
        var texts: [String] = []
        for value in values where !value.isNull {
            guard let text = value.asString else { return wrong("string join", arguments, &frame) }
            guard frame.spend(1 + (text.utf8.count + delimiter.utf8.count) / 64) else { return .null }
            texts.append(text)
        }
        return .string(texts.joined(separator: delimiter))
    }
}
