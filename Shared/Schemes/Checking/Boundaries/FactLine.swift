import Domain
import FEEL

/// A fact of a boundary test, as a line of the test file.
struct FactLine: Hashable {
    var type: String
    var date: CalendarDate
    /// The time of day at which it happened; 08:00 when absent.
    var time: String?
    var amount: String?
    var customer: String?
    var attributes: [String: String] = [:]

    /// The fact as the reader of test files makes it.
    func fact(_ number: Int, of subject: Subject) -> Fact {
        let seconds = TimeOfDay(time ?? "08:00")?.seconds ?? 0
        return Fact(
            id: DeterministicID.make("test-fact", subject.id, type, date.description, "\(number).0"), subject: subject,
            type: type, businessDate: date, occurredAt: Timestamp(startOf: date).adding(seconds: seconds),
            amount: amount.flatMap { Quantity($0) }, customer: customer, source: "test", sourceID: "\(number).0",
            attributes: attributes.mapValues { text in
                switch text {
                case "true": .flag(true)
                case "false": .flag(false)
                default: .text(text)
                }
            })
    }

    /// The line in a test file.
    var yaml: String {
        var pairs = [("type", type), ("date", date.description)]
        if let time { pairs.append(("at", time)) }
        if let amount { pairs.append(("amount", amount)) }
        if let customer { pairs.append(("customer", customer)) }
        let own = pairs.map { "\($0.0): \(YAMLText.scalar($0.1))" }
        let more = attributes.sorted { $0.key < $1.key }.map {
            "\(YAMLText.scalar($0.key)): \(YAMLText.scalar($0.value))"
        }
        // Inside `attributes` no name can be mistaken for a key of the line itself.
        return "{ "
            + (own + (more.isEmpty ? [] : ["attributes: { \(more.joined(separator: ", ")) }"])).joined(separator: ", ")
            + " }"
    }

    /// Takes a value that a formula reads under a name.
    mutating func take(_ value: Value, as name: String) {
        switch name {
        case "type": if let text = value.asString { type = text }
        case "amount": amount = value.asNumber?.text
        case "customer": customer = value.asString
        case "business date", "occurred date": if let day = value.asDate?.calendarDate { date = day }
        case "occurred time": time = value.clockText
        default: if let text = value.attributeText { attributes[name] = text }
        }
    }
}

extension Value {
    /// As an attribute of a fact; `nil` for what is absent.
    var attributeText: String? {
        switch self {
        case .null, .function, .list, .context, .range: nil
        default: text
        }
    }

    /// `07:59:59`
    fileprivate var clockText: String? {
        guard case .time(let time) = self else { return nil }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(time.hour)):\(two(time.minute)):\(two(time.second))"
    }
}

/// Texts as YAML reads them back.
enum YAMLText {
    static func scalar(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.properties.isAlphabetic || (48...57).contains(scalar.value)
                    || "-_.".unicodeScalars.contains(scalar)
            } && text.first != "-"
        return isPlain ? text : quoted(text)
    }

    static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
    }
}
