/// Reads the text of a pattern by the grammar of XPath.
struct PatternReader {
    private let text: [Unicode.Scalar]
    private var position = 0
    private let flags: Pattern.Flags
    private(set) var groups = 0
    private var closed: Set<Int> = []
    private var depth = 0
    private static let depthLimit = 100
    private static let repetitionLimit = 1_000

    init(_ text: [Unicode.Scalar], flags: Pattern.Flags) {
        self.text = text
        self.flags = flags
    }

    /// The text itself, letter by letter.
    func literal() -> PatternTree {
        .sequence(text.map { .set(.single($0)) })
    }

    mutating func pattern() -> PatternTree? {
        guard let tree = choice(), position == text.count else { return nil }
        return tree
    }

    private var current: Unicode.Scalar? { position < text.count ? text[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        position += 1
        return true
    }

    private mutating func choice() -> PatternTree? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { return nil }
        var branches: [PatternTree] = []
        repeat {
            guard let branch = sequence() else { return nil }
            branches.append(branch)
        } while take("|")
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() -> PatternTree? {
        var parts: [PatternTree] = []
        while let scalar = current, scalar != "|", scalar != ")" {
            guard let atom = atom(), let part = quantified(atom) else { return nil }
            parts.append(part)
        }
        return parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func quantified(_ atom: PatternTree) -> PatternTree? {
        let bounds: (min: Int, max: Int?)
        switch current {
        case "?": bounds = (0, 1)
        case "*": bounds = (0, nil)
        case "+": bounds = (1, nil)
        case "{":
            guard let counted = counts() else { return nil }
            bounds = counted
        default: return atom
        }
        position += 1
        let lazy = take("?")
        // A quantifier after a quantifier is a mistake.
        if let next = current, next == "*" || next == "+" || next == "?" || next == "{" { return nil }
        return .repeated(atom, min: bounds.min, max: bounds.max, lazy: lazy)
    }

    /// `{2}`, `{2,}`, `{2,5}`; stands on the closing brace afterwards.
    private mutating func counts() -> (min: Int, max: Int?)? {
        position += 1
        guard let min = count() else { return nil }
        var max: Int? = min
        if take(",") {
            max = nil
            if current != "}" {
                guard let bound = count(), bound >= min else { return nil }
                max = bound
            }
        }
        return current == "}" ? (min, max) : nil
    }

    private mutating func count() -> Int? {
        var value: Int?
        while let scalar = current, scalar.isDigit {
            value = (value ?? 0) * 10 + Int(scalar.value - 48)
            position += 1
            if (value ?? 0) > Self.repetitionLimit { return nil }
        }
        return value
    }

    private mutating func atom() -> PatternTree? {
        guard let scalar = current else { return nil }
        position += 1
        switch scalar {
        case "(": return group()
        case "[": return characterClass().map(PatternTree.set)
        case ".": return .set(flags.dotMatchesAll ? .all : .notLineEnd)
        case "^": return .start
        case "$": return .end
        case "\\": return escape()
        case "*", "+", "?", "{", "}", "]": return nil
        default: return .set(.single(scalar))
        }
    }

    private mutating func group() -> PatternTree? {
        if take("?") {
            guard take(":"), let inner = choice(), take(")") else { return nil }
            return inner
        }
        groups += 1
        let number = groups
        guard let inner = choice(), take(")") else { return nil }
        closed.insert(number)
        return .group(inner, number)
    }

    private mutating func escape() -> PatternTree? {
        guard let scalar = current else { return nil }
        guard scalar.isDigit, scalar != "0" else { return escapedSet().map(PatternTree.set) }
        var number = Int(scalar.value - 48)
        position += 1
        while let digit = current, digit.isDigit, closed.contains(number * 10 + Int(digit.value - 48)) {
            number = number * 10 + Int(digit.value - 48)
            position += 1
        }
        return closed.contains(number) ? .reference(number) : nil
    }

    /// What follows a backslash, inside and outside classes.
    private mutating func escapedSet() -> CharacterSet? {
        guard let scalar = current else { return nil }
        position += 1
        switch scalar {
        case "n": return .single("\n")
        case "r": return .single("\r")
        case "t": return .single("\t")
        case "\\", "|", ".", "?", "*", "+", "(", ")", "{", "}", "-", "[", "]", "^", "$": return .single(scalar)
        case "s": return .space
        case "S": return .not(.space)
        case "d": return .digit
        case "D": return .not(.digit)
        case "w": return .word
        case "W": return .not(.word)
        case "i": return .nameStart
        case "I": return .not(.nameStart)
        case "c": return .namePart
        case "C": return .not(.namePart)
        case "p": return property()
        case "P": return property().map { .not($0) }
        default: return nil
        }
    }

    private mutating func property() -> CharacterSet? {
        guard take("{") else { return nil }
        var name = ""
        while let scalar = current, scalar != "}" {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard take("}") else { return nil }
        if flags.ignoresSpace { name.removeAll { $0 == " " } }
        return CharacterSet.named(name)
    }

    /// `[a-z]`, `[^abc]`, `[A-Z-[OI]]`; stands after the opening bracket.
    private mutating func characterClass() -> CharacterSet? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { return nil }
        let negated = take("^")
        var sets: [CharacterSet] = []
        var subtracted: CharacterSet?
        while !take("]") {
            if current == "-", position + 1 < text.count, text[position + 1] == "[", !sets.isEmpty {
                position += 2
                guard let inner = characterClass(), take("]") else { return nil }
                subtracted = inner
                break
            }
            guard let set = classItem(isFirst: sets.isEmpty) else { return nil }
            sets.append(set)
        }
        guard !sets.isEmpty else { return nil }
        var result = CharacterSet.union(sets)
        if negated { result = .not(result) }
        return subtracted.map { .difference(result, $0) } ?? result
    }

    private mutating func classItem(isFirst: Bool) -> CharacterSet? {
        guard let scalar = current, scalar != "[" else { return nil }
        position += 1
        var low = scalar
        if scalar == "\\" {
            guard let set = escapedSet() else { return nil }
            guard case .single(let character) = set else { return set }
            low = character
        } else if scalar == "-", !isFirst, current != "]" {
            // A hyphen stands for itself only at either end.
            return nil
        }
        guard current == "-", position + 1 < text.count, text[position + 1] != "]", text[position + 1] != "[" else {
            return .single(low)
        }
        position += 1
        guard var high = current, high != "[" else { return nil }
        position += 1
        if high == "\\" {
            guard case .single(let character)? = escapedSet() else { return nil }
            high = character
        }
        return low.value <= high.value ? .range(low.value...high.value) : nil
    }
}
