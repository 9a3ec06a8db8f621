/// The variables an expression may use, each with the slot its value stands in.
///
/// Names may contain spaces, characters of any script and the signs `. / - ' + *`; the reader of an expression always
/// takes the longest name that fits.
public struct Names: Sendable, ExpressibleByArrayLiteral {
    /// The names in slot order.
    public private(set) var all: [String] = []
    private var slots: [String: Int] = [:]
    /// Names of entries that may stand after a point or inside a filter, known from the types of the variables.
    public private(set) var members: [String] = []

    /// Names in slot order; a name given twice keeps its first slot. Runs of spaces count as one.
    ///
    /// - Parameter members: names of entries of contexts that contain signs such as `-`, so that `loan.pre-tax rate`
    ///   is read as a path and not as a subtraction.
    public init(_ names: [String], members: [String] = []) {
        for name in names {
            let normal = Self.normalised(name)
            if slots[normal] == nil {
                slots[normal] = all.count
                all.append(normal)
            }
        }
        self.members = members.map(Self.normalised)
    }

    /// Names in slot order.
    public init(arrayLiteral elements: String...) {
        self.init(elements)
    }

    /// These names with one more slot at the end; an earlier slot of the same name can no longer be reached by it.
    public func adding(_ name: String) -> Names {
        var copy = self
        let normal = Self.normalised(name)
        copy.slots[normal] = copy.all.count
        copy.all.append(normal)
        return copy
    }

    /// The slot of a name; nil when it is not in scope.
    public func slot(of name: String) -> Int? { slots[name] }

    /// How many slots there are.
    public var count: Int { all.count }

    /// Values in slot order for named values; a name without a value is null, a value without a name is dropped.
    public func values(from named: [String: Value]) -> [Value] {
        var values = [Value](repeating: .null, count: all.count)
        for (name, value) in named {
            if let slot = slots[Self.normalised(name)] { values[slot] = value }
        }
        return values
    }

    /// The name with leading and trailing spaces removed and runs of spaces made one.
    public static func normalised(_ name: String) -> String {
        var result = ""
        var pendingSpace = false
        for scalar in name.unicodeScalars {
            if scalar.isSpace {
                pendingSpace = !result.isEmpty
            } else {
                if pendingSpace { result += " " }
                pendingSpace = false
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Whether a name can be written without quotes as the key of a context.
    static func isPlain(_ name: String) -> Bool {
        var previousSpace = true
        for scalar in name.unicodeScalars {
            if scalar == " " {
                if previousSpace { return false }
                previousSpace = true
            } else if previousSpace && !scalar.startsName && !scalar.continuesName {
                return false
            } else if !scalar.continuesName {
                return false
            } else {
                previousSpace = false
            }
        }
        guard let first = name.unicodeScalars.first else { return false }
        return first.startsName && !previousSpace
    }
}

extension Unicode.Scalar {
    var isSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x180E, 0x2000...0x200B, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
            0xFEFF:
            true
        default: false
        }
    }

    var isDigit: Bool { value >= 48 && value <= 57 }

    /// Whether a name may begin with this character.
    var startsName: Bool {
        switch value {
        case 0x41...0x5A, 0x5F, 0x61...0x7A: true
        case ..<0xC0: false
        case 0xD7, 0xF7: false
        case 0xC0...0x2FF, 0x370...0x37D, 0x37F...0x1FFF, 0x200C...0x200D, 0x2070...0x218F: !isSpace
        case 0x2C00...0x2FEF, 0x3001...0xD7FF, 0xF900...0xFDCF, 0xFDF0...0xFFFD, 0x10000...0xEFFFF: !isSpace
        default: false
        }
    }

    /// Whether a name may continue with this character.
    var continuesName: Bool {
        switch value {
        case 0x30...0x39, 0xB7, 0x300...0x36F, 0x203F...0x2040: true
        default: startsName
        }
    }

    /// Whether a declared name may contain this sign between its words.
    var isNameSign: Bool {
        switch self {
        case ".", "/", "-", "\u{2019}", "'", "+", "*": true
        default: false
        }
    }
}

/// Names by their first character, for the longest match.
struct NameTable: Sendable {
    private var byFirst: [Unicode.Scalar: [[Unicode.Scalar]]] = [:]

    init(_ names: [String]) {
        for name in names { insert(name) }
    }

    mutating func insert(_ name: String) {
        let scalars = Array(name.unicodeScalars)
        guard let first = scalars.first else { return }
        byFirst[first, default: []].append(scalars)
    }

    /// Where the longest name that stands at a position ends, and that name.
    func longestMatch(in text: [Unicode.Scalar], at start: Int) -> (end: Int, name: String)? {
        guard start < text.count, let candidates = byFirst[text[start]] else { return nil }
        var best: (end: Int, name: [Unicode.Scalar])?
        for candidate in candidates {
            guard let end = Self.end(of: candidate, in: text, at: start), end > (best?.end ?? start) else { continue }
            best = (end, candidate)
        }
        return best.map { found in
            var name = ""
            name.unicodeScalars.append(contentsOf: found.name)
            return (found.end, name)
        }
    }

    private static func end(of name: [Unicode.Scalar], in text: [Unicode.Scalar], at start: Int) -> Int? {
        var position = start
        for scalar in name {
            guard position < text.count else { return nil }
            if scalar == " " {
                guard text[position].isSpace else { return nil }
                while position < text.count, text[position].isSpace { position += 1 }
            } else {
                guard text[position] == scalar else { return nil }
                position += 1
            }
        }
        if let last = name.last, last.continuesName, position < text.count, text[position].continuesName { return nil }
        return position
    }
}
