import Domain

/// One record as a bank's system would send it.
struct SourceRecord {
    /// Where it goes: a source topic, the HTTP door, or a file of the watched folder.
    enum Door: Hashable {
        case topic(String)
        case http
        case file(String)
    }

    let door: Door
    let key: String
    let value: [UInt8]

    init(_ door: Door, key: String, _ value: [UInt8]) {
        self.door = door
        self.key = key
        self.value = value
    }

    init(_ topic: String, key: String, _ fields: [Field]) {
        self.init(.topic(topic), key: key, Array(Field.object(fields).utf8))
    }
}

/// A member of a JSON object in the order in which it is written.
struct Field {
    let name: String
    let json: String

    static func text(_ name: String, _ value: String) -> Field { Field(name: name, json: quoted(value)) }
    static func flag(_ name: String, _ value: Bool) -> Field { Field(name: name, json: value ? "true" : "false") }
    static func number(_ name: String, _ value: Int) -> Field { Field(name: name, json: "\(value)") }
    static func null(_ name: String) -> Field { Field(name: name, json: "null") }
    static func object(_ name: String, _ fields: [Field]) -> Field { Field(name: name, json: object(fields)) }
    /// An amount given in hundredths.
    static func amount(_ minorUnits: Int) -> Field {
        .text("amount", Money(minorUnits: Int64(minorUnits), .cny).amountText)
    }

    static func object(_ fields: [Field]) -> String {
        "{" + fields.map { "\(quoted($0.name)):\($0.json)" }.joined(separator: ",") + "}"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension CalendarDate {
    /// A moment of this day in China, such as `at("08:31:00")`.
    func at(_ time: String) -> String { "\(self)T\(time)+08:00" }
}
