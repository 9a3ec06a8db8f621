/// The types of settings services use; leaving out `default:` makes a setting required.
extension SettingsReader {
    /// Reads a text that is not empty.
    public func string(_ key: String, default fallback: String? = nil, _ meaning: String) -> String {
        value(key, type: "text", default: fallback, placeholder: "", meaning) { text throws(SettingsRefusal) in
            guard !text.isEmpty else { throw SettingsRefusal("is empty") }
            return text
        }
    }

    /// Reads a text that may be absent.
    public func optionalString(_ key: String, _ meaning: String) -> String? {
        optionalText(key, type: "text", meaning)
    }

    /// Reads a whole number within bounds.
    public func integer(
        _ key: String, default fallback: Int? = nil, in bounds: ClosedRange<Int>, _ meaning: String
    ) -> Int {
        let type = "whole number, \(bounds.lowerBound) to \(bounds.upperBound)"
        let number = value(key, type: type, default: fallback, placeholder: bounds.lowerBound, meaning) {
            text throws(SettingsRefusal) in
            guard let number = Int(text) else { throw SettingsRefusal("is not a whole number") }
            return number
        }
        guard bounds.contains(number) else {
            outOfBounds(key, "is \(number), but must be from \(bounds.lowerBound) to \(bounds.upperBound)")
            return bounds.lowerBound
        }
        return number
    }

    /// Reads a time in whole seconds; the key should end in `.seconds`.
    public func seconds(
        _ key: String, default fallback: Int? = nil, in bounds: ClosedRange<Int>, _ meaning: String
    ) -> Duration {
        .seconds(integer(key, default: fallback, in: bounds, meaning))
    }

    /// Reads a time in whole milliseconds; the key should end in `.milliseconds`.
    public func milliseconds(
        _ key: String, default fallback: Int? = nil, in bounds: ClosedRange<Int>, _ meaning: String
    ) -> Duration {
        .milliseconds(integer(key, default: fallback, in: bounds, meaning))
    }

    /// Reads `true` or `false` (also yes/no, on/off, 1/0).
    public func boolean(_ key: String, default fallback: Bool? = nil, _ meaning: String) -> Bool {
        value(key, type: "true or false", default: fallback, placeholder: false, meaning) {
            text throws(SettingsRefusal) in
            switch text.lowercased() {
            case "true", "yes", "on", "1": return true
            case "false", "no", "off", "0": return false
            default: throw SettingsRefusal("is neither true nor false")
            }
        }
    }

    /// Reads one of the words of an enumeration.
    public func choice<Word: RawRepresentable<String> & CaseIterable>(
        _ key: String, default fallback: Word, _ meaning: String
    ) -> Word {
        let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
        return value(
            key, type: "one of \(words)", default: fallback, shownDefault: fallback.rawValue, placeholder: fallback,
            meaning
        ) { text throws(SettingsRefusal) in
            guard let word = Word(rawValue: text) else { throw SettingsRefusal("is not one of \(words)") }
            return word
        }
    }

    /// Reads texts parted by commas; a file may also give a list.
    public func list(_ key: String, default fallback: [String]? = nil, _ meaning: String) -> [String] {
        let shown = fallback.map { $0.isEmpty ? "none" : $0.joined(separator: ",") }
        return value(
            key, type: "texts parted by commas", default: fallback, shownDefault: shown, placeholder: [], meaning
        ) { text throws(SettingsRefusal) in
            let items = text.split(separator: ",").map { item in
                String(item.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
            guard !items.isEmpty, items.allSatisfy({ !$0.isEmpty }) else { throw SettingsRefusal("is not a list") }
            return items
        }
    }
}
