/// A set of characters in a pattern.
indirect enum CharacterSet {
    case all
    case notLineEnd
    case single(Unicode.Scalar)
    case range(ClosedRange<UInt32>)
    case category(String)
    case space
    case digit
    case word
    case nameStart
    case namePart
    case union([CharacterSet])
    case not(CharacterSet)
    case difference(CharacterSet, CharacterSet)

    func contains(_ scalar: Unicode.Scalar, ignoringCase: Bool) -> Bool {
        switch self {
        case .all: return true
        case .notLineEnd: return scalar != "\n" && scalar != "\r"
        case .single(let own):
            return own == scalar || (ignoringCase && Self.folded(own) == Self.folded(scalar))
        case .range(let range):
            if range.contains(scalar.value) { return true }
            return ignoringCase && Self.variants(scalar).contains { range.contains($0.value) }
        case .category(let name): return scalar.belongs(to: name)
        case .space: return scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r"
        case .digit: return scalar.properties.generalCategory == .decimalNumber
        case .word: return !["P", "Z", "C"].contains { scalar.belongs(to: $0) }
        case .nameStart: return scalar == ":" || scalar.startsName
        case .namePart: return scalar == ":" || scalar == "-" || scalar == "." || scalar.continuesName
        case .union(let sets): return sets.contains { $0.contains(scalar, ignoringCase: ignoringCase) }
        case .not(let set): return !set.contains(scalar, ignoringCase: ignoringCase)
        case .difference(let set, let less):
            return set.contains(scalar, ignoringCase: ignoringCase)
                && !less.contains(scalar, ignoringCase: ignoringCase)
        }
    }

    /// One character for all that differ in case only.
    static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        lower(upper(lower(scalar)))
    }

    private static func lower(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        let mapped = scalar.properties.lowercaseMapping.unicodeScalars
        return mapped.count == 1 ? mapped.first ?? scalar : scalar
    }

    private static func upper(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        let mapped = scalar.properties.uppercaseMapping.unicodeScalars
        return mapped.count == 1 ? mapped.first ?? scalar : scalar
    }

    private static func variants(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        let lowered = lower(scalar)
        return [lowered, upper(scalar), upper(lowered)]
    }

    /// The set of a category such as `Lu` or a block such as `IsBasicLatin`; nil when there is none.
    static func named(_ name: String) -> CharacterSet? {
        if name.hasPrefix("Is") { return blocks[String(name.dropFirst(2))].map(CharacterSet.range) }
        return categories.contains(name) ? .category(name) : nil
    }

    private static let categories: Set<String> = [
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe",
        "Pi", "Pf", "Po", "Z", "Zs", "Zl", "Zp", "S", "Sm", "Sc", "Sk", "So", "C", "Cc", "Cf", "Co", "Cn",
    ]

    private static let blocks: [String: ClosedRange<UInt32>] = [
        "BasicLatin": 0x0...0x7F, "Latin-1Supplement": 0x80...0xFF, "LatinExtended-A": 0x100...0x17F,
        "LatinExtended-B": 0x180...0x24F, "IPAExtensions": 0x250...0x2AF, "SpacingModifierLetters": 0x2B0...0x2FF,
        "CombiningDiacriticalMarks": 0x300...0x36F, "Greek": 0x370...0x3FF, "GreekandCoptic": 0x370...0x3FF,
        "Cyrillic": 0x400...0x4FF, "Armenian": 0x530...0x58F, "Hebrew": 0x590...0x5FF, "Arabic": 0x600...0x6FF,
        "Syriac": 0x700...0x74F, "Thaana": 0x780...0x7BF, "Devanagari": 0x900...0x97F, "Bengali": 0x980...0x9FF,
        "Gurmukhi": 0xA00...0xA7F, "Gujarati": 0xA80...0xAFF, "Tamil": 0xB80...0xBFF, "Telugu": 0xC00...0xC7F,
        "Thai": 0xE00...0xE7F, "Lao": 0xE80...0xEFF, "Tibetan": 0xF00...0xFFF, "Georgian": 0x10A0...0x10FF,
        "HangulJamo": 0x1100...0x11FF, "LatinExtendedAdditional": 0x1E00...0x1EFF, "GreekExtended": 0x1F00...0x1FFF,
        "GeneralPunctuation": 0x2000...0x206F, "SuperscriptsandSubscripts": 0x2070...0x209F,
        "CurrencySymbols": 0x20A0...0x20CF, "LetterlikeSymbols": 0x2100...0x214F, "NumberForms": 0x2150...0x218F,
        "Arrows": 0x2190...0x21FF, "MathematicalOperators": 0x2200...0x22FF, "BoxDrawing": 0x2500...0x257F,
        "GeometricShapes": 0x25A0...0x25FF, "MiscellaneousSymbols": 0x2600...0x26FF, "Dingbats": 0x2700...0x27BF,
        "CJKSymbolsandPunctuation": 0x3000...0x303F, "Hiragana": 0x3040...0x309F, "Katakana": 0x30A0...0x30FF,
        "Bopomofo": 0x3100...0x312F, "HangulCompatibilityJamo": 0x3130...0x318F,
        "EnclosedCJKLettersandMonths": 0x3200...0x32FF, "CJKCompatibility": 0x3300...0x33FF,
        "CJKUnifiedIdeographsExtensionA": 0x3400...0x4DB5, "CJKUnifiedIdeographs": 0x4E00...0x9FFF,
        "HangulSyllables": 0xAC00...0xD7A3, "PrivateUse": 0xE000...0xF8FF,
        "CJKCompatibilityIdeographs": 0xF900...0xFAFF, "AlphabeticPresentationForms": 0xFB00...0xFB4F,
        "HalfwidthandFullwidthForms": 0xFF00...0xFFEF,
    ]
}

extension Unicode.Scalar {
    /// Whether the character is of a category such as `L` or `Lu`.
    func belongs(to category: String) -> Bool {
        let own = properties.generalCategory.letters
        return category.utf8.count == 1 ? own.hasPrefix(category) : own == category
    }
}

extension Unicode.GeneralCategory {
    /// The two letters by which patterns name the category.
    fileprivate var letters: String {
        switch self {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: "Cn"
        }
    }
}
