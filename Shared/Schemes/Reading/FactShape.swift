import Domain
import FEEL

/// What an attribute may hold.
enum AttributeForm: Hashable, Sendable {
    case text, number, flag, date, moment
    case choice([String])

    /// The attribute's value in the expression language; `null` when it is missing or of another form.
    func value(_ attribute: AttributeValue?) -> Value {
        switch (self, attribute) {
        case (.number, .number(let text)), (.number, .text(let text)): Decimal128(text).map(Value.number) ?? .null
        case (.flag, .flag(let flag)): .boolean(flag)
        case (.flag, .text(let text)):
            text == "yes" || text == "true" ? true : text == "no" || text == "false" ? false : .null
        case (.date, .text(let text)): CalendarDate(text).map(Value.init(day:)) ?? .null
        case (.moment, .text(let text)): Timestamp(text).map { Value(moment: $0, offsetMinutes: 480) } ?? .null
        case (.text, .text(let text)), (.choice, .text(let text)): .string(text)
        case (.text, .number(let text)), (.choice, .number(let text)): .string(text)
        case (.text, .flag(let flag)), (.choice, .flag(let flag)): .string(flag ? "yes" : "no")
        default: .null
        }
    }
}

/// A declared attribute of a fact or a profile.
struct AttributeShape: Hashable, Sendable {
    let name: String
    let form: AttributeForm

    static func read(_ fields: Fields?) -> [AttributeShape] {
        guard let fields else { return [] }
        return fields.keys.map { key in
            let words = fields.texts(key.text).map(\.text)
            let form: AttributeForm =
                switch (words.count, words.first) {
                case (1, "text"): .text
                case (1, "number"): .number
                case (1, "flag"): .flag
                case (1, "date"): .date
                case (1, "moment"): .moment
                default: .choice(words)
                }
            return AttributeShape(name: key.text, form: form)
        }
    }
}

/// A fact type that the scheme reads, with its attributes.
struct FactShape: Hashable, Sendable {
    let type: String
    let attributes: [AttributeShape]
}

extension Value {
    init(day date: CalendarDate) {
        self = FEELDate(daysSince1970: Int64(date.dayNumber)).map(Value.date) ?? .null
    }

    init(timeOfDay microseconds: Int64) {
        let seconds = Int(microseconds / 1_000_000)
        let time = FEELTime(
            hour: seconds / 3600, minute: seconds / 60 % 60, second: seconds % 60,
            nanosecond: Int(microseconds % 1_000_000) * 1000)
        self = time.map(Value.time) ?? .null
    }

    init(moment: Timestamp, offsetMinutes: Int) {
        guard case .date(let date) = Value(day: moment.date(offsetMinutes: offsetMinutes)),
            case .time(let time) = Value(timeOfDay: moment.timeOfDay(offsetMinutes: offsetMinutes))
        else {
            self = .null
            return
        }
        self = .dateTime(FEELDateTime(date: date, time: time))
    }

    /// Ten-thousandths as a number without trailing zeros.
    init(tenThousandths value: Int64) {
        self = .number(Decimal128(tenThousandths: value))
    }
}

extension Decimal128 {
    init(tenThousandths value: Int64) {
        if value % 10_000 == 0 {
            self.init(value / 10_000)
        } else if value % 100 == 0 {
            self.init(units: value / 100, scale: 2)
        } else {
            self.init(units: value, scale: 4)
        }
    }
}
