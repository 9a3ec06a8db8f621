import Domain

extension Builtins {
    static let patterns: [Builtin] = [
        Builtin("matches", [Form("input", "pattern", "flags", required: 2)]) { arguments, frame in
            guard let work = PatternWork("matches", arguments, flags: 2, &frame) else { return .null }
            return work.run(&frame) { (steps) throws(Pattern.TooLong) in
                .boolean(try work.pattern.firstMatch(in: work.text, from: 0, steps: &steps) != nil)
            }
        },
        Builtin("split", [Form("string", "delimiter")]) { arguments, frame in
            guard let work = PatternWork("split", arguments, flags: nil, &frame) else { return .null }
            return work.run(&frame) { (steps) throws(Pattern.TooLong) in try work.split(&steps) }
        },
        Builtin("replace", [Form("input", "pattern", "replacement", "flags", required: 3)]) { arguments, frame in
            guard let work = PatternWork("replace", arguments, flags: 3, &frame) else { return .null }
            guard let replacement = string(arguments, 2), let parts = work.replacement(replacement) else {
                return frame.fail("“replace” cannot read the replacement")
            }
            return work.run(&frame) { (steps) throws(Pattern.TooLong) in try work.replace(parts, &steps) }
        },
    ]
}

/// A text and the pattern to apply to it.
private struct PatternWork {
    let name: String
    let text: [Unicode.Scalar]
    let pattern: Pattern
    private static let stepLimit = 2_000_000

    /// Reads the arguments; nil, with the reason noted, when they do not fit.
    init?(_ name: String, _ arguments: [Value], flags index: Int?, _ frame: inout Evaluation) {
        guard let text = Builtins.string(arguments, 0), let pattern = Builtins.string(arguments, 1) else {
            _ = Builtins.wrong(name, arguments, &frame)
            return nil
        }
        var letters = ""
        if let index, index < arguments.count, !arguments[index].isNull {
            guard let given = Builtins.string(arguments, index) else {
                _ = Builtins.wrong(name, arguments, &frame)
                return nil
            }
            letters = given
        }
        guard let flags = Pattern.Flags(letters), let compiled = Pattern(pattern, flags: flags) else {
            frame.fail("“\(name)” cannot read the pattern or its flags")
            return nil
        }
        self.name = name
        self.text = Array(text.unicodeScalars)
        self.pattern = compiled
    }

    /// Does the work within the bound of steps.
    func run(_ frame: inout Evaluation, _ body: (inout Int) throws(Pattern.TooLong) -> Value?) -> Value {
        var steps = Self.stepLimit
        defer { _ = frame.spend((Self.stepLimit - max(steps, 0)) / 16) }
        do {
            return try body(&steps) ?? frame.fail("“\(name)” needs a pattern that does not match the empty text")
        } catch {
            return frame.fail("“\(name)” takes too long with this pattern and was stopped")
        }
    }

    /// All matches in order; nil when one of them is empty.
    private func matches(_ steps: inout Int) throws(Pattern.TooLong) -> [Pattern.Match]? {
        if try pattern.firstMatch(in: [], from: 0, steps: &steps) != nil { return nil }
        var found: [Pattern.Match] = []
        var place = 0
        while let match = try pattern.firstMatch(in: text, from: place, steps: &steps) {
            // An empty match in the middle, such as that of an anchor, moves on by one.
            place = match.end > match.start ? match.end : match.end + 1
            if match.end > match.start { found.append(match) }
        }
        return found
    }

    func split(_ steps: inout Int) throws(Pattern.TooLong) -> Value? {
        guard let matches = try matches(&steps) else { return nil }
        var parts: [Value] = []
        var place = 0
        for match in matches {
            parts.append(.string(Builtins.makeString(text[place..<match.start])))
            place = match.end
        }
        parts.append(.string(Builtins.makeString(text[place...])))
        return .list(parts)
    }

    enum Part {
        case text([Unicode.Scalar])
        case group(Int)
    }

    /// The parts of a replacement: text, and `$1` for the first group; nil when it is not well formed.
    func replacement(_ text: String) -> [Part]? {
        let scalars = Array(text.unicodeScalars)
        if pattern.flags.literal { return [.text(scalars)] }
        var parts: [Part] = []
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            if scalar == "\\" {
                guard index < scalars.count, scalars[index] == "\\" || scalars[index] == "$" else { return nil }
                parts.append(.text([scalars[index]]))
                index += 1
            } else if scalar == "$" {
                guard index < scalars.count, scalars[index].isDigit else { return nil }
                var number = Int(scalars[index].value - 48)
                index += 1
                while index < scalars.count, scalars[index].isDigit {
                    let longer = number * 10 + Int(scalars[index].value - 48)
                    if longer > pattern.groups { break }
                    number = longer
                    index += 1
                }
                parts.append(.group(number))
            } else {
                parts.append(.text([scalar]))
            }
        }
        return parts
    }

    func replace(_ parts: [Part], _ steps: inout Int) throws(Pattern.TooLong) -> Value? {
        guard let matches = try matches(&steps) else { return nil }
        var result = String.UnicodeScalarView()
        var place = 0
        for match in matches {
            result.append(contentsOf: text[place..<match.start])
            for part in parts {
                switch part {
                case .text(let scalars): result.append(contentsOf: scalars)
                case .group(let number):
                    if let range = match.range(number) { result.append(contentsOf: text[range]) }
                }
            }
            place = match.end
            steps -= parts.count
            if result.count > 5_000_000 { throw Pattern.TooLong() }
        }
        result.append(contentsOf: text[place...])
        return .string(String(result))
    }
}
