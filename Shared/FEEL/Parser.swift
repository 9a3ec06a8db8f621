import Domain

/// Reads an expression into its syntax, one character at a time: names may contain spaces and signs, so what a
/// word is depends on the names in scope and no separate list of tokens is made.
struct Parser {
    let text: [Unicode.Scalar]
    var position = 0
    private var nesting = 0
    private let limits: Limits
    private let names: NameTable
    private var members: NameTable
    private var scopes: [NameTable] = []
    var questionMarkUsed = false
    /// How many ranges are waiting for their closing bracket, which may be `[`.
    var openRanges = 0

    static let keywords: Set<String> = [
        "if", "then", "else", "for", "in", "return", "some", "every", "satisfies", "between", "and", "or", "true",
        "false", "null", "function", "external",
    ]

    init(_ text: String, names: Names, library: NameTable, limits: Limits) throws(FEELError) {
        self.text = Array(text.unicodeScalars)
        self.limits = limits
        var table = library
        for name in names.all { table.insert(name) }
        self.names = table
        members = NameTable(names.members + ["time offset", "start included", "end included"])
        if self.text.count > limits.textLength {
            throw FEELError(
                kind: .tooLarge, message: "the expression is longer than \(limits.textLength) characters; split it",
                line: 1, column: 1)
        }
    }

    // MARK: characters

    var current: Unicode.Scalar? { position < text.count ? text[position] : nil }

    func peek(_ distance: Int) -> Unicode.Scalar? {
        position + distance < text.count ? text[position + distance] : nil
    }

    mutating func skipSpace() {
        while let scalar = current {
            if scalar.isSpace {
                position += 1
            } else if scalar == "/", peek(1) == "/" {
                while let next = current, next != "\n" { position += 1 }
            } else if scalar == "/", peek(1) == "*" {
                position += 2
                while position < text.count, !(text[position] == "*" && peek(1) == "/") { position += 1 }
                position = min(position + 2, text.count)
            } else {
                return
            }
        }
    }

    /// Takes a sign such as `<=` if it stands here.
    mutating func take(_ sign: String) -> Bool {
        skipSpace()
        var end = position
        for scalar in sign.unicodeScalars {
            guard end < text.count, text[end] == scalar else { return false }
            end += 1
        }
        position = end
        return true
    }

    mutating func expect(_ sign: String, _ purpose: String) throws(FEELError) {
        guard take(sign) else { throw failure("expected “\(sign)” \(purpose)") }
    }

    /// Whether a keyword stands here as a whole word.
    func isAt(word: String, from start: Int) -> Int? {
        var end = start
        for scalar in word.unicodeScalars {
            guard end < text.count, text[end] == scalar else { return nil }
            end += 1
        }
        if end < text.count, text[end].continuesName { return nil }
        return end
    }

    mutating func take(word: String) -> Bool {
        skipSpace()
        guard let end = isAt(word: word, from: position), longerName(than: end) == nil else { return false }
        position = end
        return true
    }

    mutating func expect(word: String, _ purpose: String) throws(FEELError) {
        guard take(word: word) else { throw failure("expected “\(word)” \(purpose)") }
    }

    /// A known name that stands here and is longer than the word that ends at a position.
    private func longerName(than end: Int) -> (end: Int, name: String)? {
        guard let match = knownName(), match.end > end else { return nil }
        return match
    }

    // MARK: names

    /// The longest known name that stands here, whatever its scope.
    func knownName() -> (end: Int, name: String)? {
        var best = names.longestMatch(in: text, at: position)
        for table in scopes {
            if let match = table.longestMatch(in: text, at: position), match.end > (best?.end ?? 0) { best = match }
        }
        if let match = members.longestMatch(in: text, at: position), match.end > (best?.end ?? 0) {
            best = match
        }
        return best
    }

    /// A name used: the longest known one, else the words up to the next keyword or sign.
    mutating func readName() -> String? {
        skipSpace()
        let start = position
        if let match = knownName() {
            position = match.end
            if wordFollows() == nil { return match.name }
            position = start
        }
        return readWords()
    }

    /// A name after a point: a known entry name, else words.
    mutating func readMember() -> String? {
        skipSpace()
        let start = position
        if let match = members.longestMatch(in: text, at: position) {
            position = match.end
            if wordFollows() == nil { return match.name }
            position = start
        }
        return readWords()
    }

    mutating func readWords() -> String? {
        guard let first = current, first.startsName else { return nil }
        var words: [String] = []
        var end: Int? = wordEnd(from: position)
        var start = position
        while let wordEnd = end {
            words.append(string(start..<wordEnd))
            position = wordEnd
            guard let next = wordFollows() else { break }
            start = next
            end = self.wordEnd(from: next)
        }
        return words.joined(separator: " ")
    }

    private func wordEnd(from start: Int) -> Int {
        var end = start
        while end < text.count, text[end].continuesName { end += 1 }
        return end
    }

    /// Where another word of the same name begins: after spaces, and not a keyword.
    private func wordFollows() -> Int? {
        var start = position
        while start < text.count, text[start].isSpace { start += 1 }
        guard start > position, start < text.count, text[start].startsName else { return nil }
        let word = string(start..<wordEnd(from: start))
        if Self.keywords.contains(word) { return nil }
        if word == "instance", instanceOfFollows(at: start) { return nil }
        return start
    }

    func instanceOfFollows(at start: Int) -> Bool {
        guard var end = isAt(word: "instance", from: start) else { return false }
        while end < text.count, text[end].isSpace { end += 1 }
        return isAt(word: "of", from: end) != nil
    }

    func string(_ range: Range<Int>) -> String {
        var result = ""
        result.unicodeScalars.append(contentsOf: text[range])
        return result
    }

    /// A name being declared, with signs and spaces, up to a character that ends it.
    mutating func readDeclaredName(until ends: Set<Unicode.Scalar>) -> String? {
        skipSpace()
        let start = position
        while let scalar = current, !ends.contains(scalar) {
            guard scalar.continuesName || scalar.isNameSign || scalar.isSpace || scalar == "?" else { break }
            position += 1
        }
        let name = Names.normalised(string(start..<position))
        if name.isEmpty { position = start }
        return name.isEmpty ? nil : name
    }

    // MARK: scopes

    mutating func withScope<T>(
        _ declared: [String], _ body: (inout Parser) throws(FEELError) -> T
    ) throws(FEELError) -> T {
        scopes.append(NameTable(declared))
        let result = try body(&self)
        scopes.removeLast()
        return result
    }

    mutating func declare(_ name: String) {
        scopes[scopes.count - 1].insert(name)
    }

    mutating func declareMember(_ name: String) {
        members.insert(name)
    }

    // MARK: nodes and errors

    /// Makes a node, counting how deep its parts nest.
    func make(_ kind: Syntax.Kind, at offset: Int, _ parts: [Syntax] = []) throws(FEELError) -> Syntax {
        let depth = (parts.map(\.depth).max() ?? 0) + 1
        if depth > limits.nesting * 2 {
            throw failure("the expression is nested deeper than \(limits.nesting) levels; split it", .tooLarge)
        }
        return Syntax(kind: kind, offset: offset, depth: depth)
    }

    func checkCount(_ count: Int) throws(FEELError) {
        guard count > limits.elements else { return }
        throw failure("more than \(limits.elements) elements are written out; give them as a variable", .tooLarge)
    }

    mutating func nested<T>(_ body: (inout Parser) throws(FEELError) -> T) throws(FEELError) -> T {
        nesting += 1
        if nesting > limits.nesting {
            throw failure("the expression is nested deeper than \(limits.nesting) levels; split it", .tooLarge)
        }
        let result = try body(&self)
        nesting -= 1
        return result
    }

    func failure(_ message: String, _ kind: FEELError.Kind = .syntax, at offset: Int? = nil) -> FEELError {
        let place = min(offset ?? position, text.count)
        let (line, column) = self.place(place)
        var found = ""
        if kind == .syntax {
            found =
                place < text.count
                ? " but found “\(string(place..<min(place + 12, text.count)))”" : " but the text ends"
        }
        return FEELError(kind: kind, message: message + found, line: line, column: column)
    }

    /// The line and column of a character, both from 1.
    func place(_ offset: Int) -> (line: Int, column: Int) {
        var line = 1
        var column = 1
        for scalar in text[..<min(offset, text.count)] {
            column += 1
            if scalar == "\n" {
                line += 1
                column = 1
            }
        }
        return (line, column)
    }
}
